import { join } from 'node:path';
import { Running } from '../../support/running';
import type { Ended } from '../../support/running';

const SESSION = join(__dirname, 'session.js');

export interface Scripted extends Ended {
  /** What the script printed, line by line. */
  readonly printed: unknown[];
}

export interface ScriptOptions {
  /** What stands before node: setpriv, prlimit. */
  readonly prefix?: readonly string[];
  readonly nodeFlags?: readonly string[];
  /** process.argv[1], [2], ... of the script. */
  readonly args?: readonly (string | number)[];
}

/** The code of a worker or a process: the body with everything of session.js in scope. */
const wrap = (body: string): string => `'use strict';
const { addon, BATCH_BYTES, Capture, descriptors, outcome, print, residentKb, rest, sleep, threads, until } =
  require(${JSON.stringify(SESSION)});
const inWorker = (code, options) => new (require('node:worker_threads').Worker)(
  'const SESSION = ' + ${JSON.stringify(JSON.stringify(SESSION))} + ';' +
  'const { Capture, sleep, until } = require(SESSION);' +
  'const { workerData, parentPort } = require("node:worker_threads");' + code,
  { eval: true, ...options });
// The first worker makes Node open descriptors of its own, which it keeps.
const warmUp = () => new Promise((resolve) => inWorker('').once('exit', resolve));
const [target, ...args] = process.argv.slice(1);
(async () => { ${body} })().catch((error) => { console.error(error); process.exitCode = 70; });`;

export function startScript(body: string, options: ScriptOptions = {}): Running {
  return new Running([
    ...(options.prefix ?? []),
    process.execPath,
    ...(options.nodeFlags ?? []),
    ...['-e', wrap(body), '--'],
    ...(options.args ?? []).map(String),
  ]);
}

/** Runs a script to its end. A crash leaves `signal` or `status`, never a test runner that is gone. */
export async function script(body: string, options: ScriptOptions = {}): Promise<Scripted> {
  const ended = await startScript(body, options).ended;
  const lines = ended.stdout.split('\n').filter((line) => line !== '');
  return { ...ended, printed: lines.map((line) => JSON.parse(line) as unknown) };
}

/** The one thing that a script printed; fails when it crashed, complained or printed more. */
export async function answer<T>(body: string, options: ScriptOptions = {}): Promise<T> {
  const ended = await script(body, options);
  expect({ status: ended.status, signal: ended.signal, stderr: ended.stderr }).toEqual({
    status: 0,
    signal: null,
    stderr: '',
  });
  expect(ended.printed).toHaveLength(1);
  return ended.printed[0] as T;
}
