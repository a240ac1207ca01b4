import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { readdirSync, readlinkSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';

export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface SpawnOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** What the program reads from its standard input, which then ends; left open when absent. */
  readonly input?: string;
  /** Descriptor 3 is a pipe: see Running.ready. */
  readonly tellsReady?: boolean;
}

/** A program that runs, with what it has written so far. */
export class Running {
  stdout = '';
  stderr = '';
  /** The program has ended and its output is closed, by its children too. */
  readonly ended: Promise<Ended>;
  /** The program has ended; children of it may still hold its output. */
  readonly exited: Promise<void>;
  /** A byte came on descriptor 3; an error where it is no pipe. */
  readonly ready: Promise<void>;
  /** A first byte came on standard output. */
  readonly spoke: Promise<void>;
  private readonly child: ChildProcessByStdio<Writable, Readable, Readable>;

  constructor(command: readonly string[], options: SpawnOptions = {}) {
    const [file, ...args] = command;
    const child = spawn(file!, args, {
      stdio: ['pipe', 'pipe', 'pipe', options.tellsReady === true ? 'pipe' : 'ignore'],
      env: { ...process.env, ...options.env },
      cwd: options.cwd,
    });
    // With a fourth descriptor the types of the first three are not told.
    this.child = child as ChildProcessByStdio<Writable, Readable, Readable>;
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.spoke = new Promise((resolve) => {
      this.child.stdout.once('data', () => {
        resolve();
      });
    });
    // The program may have ended before it was told anything.
    this.child.stdin.on('error', () => undefined);
    if (options.input !== undefined) this.child.stdin.end(options.input);
    const told = child.stdio[3] as Readable | null;
    this.ready = new Promise((resolve, reject) => {
      if (told === null) reject(new Error('started without tellsReady'));
      told?.once('data', () => {
        resolve();
      });
    });
    // Most programs are not asked.
    this.ready.catch(() => undefined);
    this.exited = new Promise((resolve) => {
      this.child.on('exit', () => {
        resolve();
      });
    });
    this.ended = new Promise((resolve, reject) => {
      this.child.on('error', reject);
      this.child.on('close', (status, signal) => {
        resolve({ status, signal, stdout: this.stdout, stderr: this.stderr });
      });
    });
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error('not started');
    return this.child.pid;
  }

  write(text: string): void {
    this.child.stdin.write(text);
  }

  closeInput(): void {
    this.child.stdin.end();
  }

  closeOutput(): void {
    this.child.stdout.destroy();
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }
}

export function run(command: readonly string[], options: SpawnOptions = {}): Promise<Ended> {
  return new Running(command, { input: '', ...options }).ended;
}

export const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

/** Polls until `look` gives something; fails with `what` after `timeoutMs`. `everyMs`: between two looks. */
export async function until<T>(
  what: string,
  look: () => T | undefined | false,
  timeoutMs = 60_000,
  everyMs = 10,
): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
    await sleep(everyMs);
  }
}

function perfDescriptors(pid: number): number {
  let count = 0;
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    try {
      if (readlinkSync(`/proc/${pid}/fd/${fd}`).includes('perf_event')) count += 1;
    } catch {
      // Closed since the directory was read.
    }
  }
  return count;
}

/**
 * Waits until perf has opened its events: their number is above 0 and has not changed for 150 ms. It says
 * nothing when it is ready. `pid` is perf's own, where another program has started it.
 */
export async function eventsOpened(perf: Running, pid = perf.pid): Promise<void> {
  let last = 0;
  let since = Date.now();
  await until(`events of ${pid} (stderr: ${perf.stderr})`, () => {
    const now = perfDescriptors(pid);
    if (now !== last) {
      last = now;
      since = Date.now();
    }
    return now > 0 && Date.now() - since > 150;
  });
}

/** Waits until an analyzer (startAnalyzer) says that capture is on. */
export async function attached(tracer: Running): Promise<void> {
  const ended = await Promise.race([tracer.ready, tracer.ended]);
  if (ended !== undefined) throw new Error(`not attached: ${ended.stdout}${ended.stderr}`);
}
