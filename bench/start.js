'use strict';

/**
 * npm run bench -- start: how long after the command the first fault is printed. Writes its section of the
 * file it is given. Needs a build, root and gcc; best on a machine that does nothing else.
 */
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { mkdtempSync, rmSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { performance } = require('node:perf_hooks');
const { replaceSection, sectionHead } = require('./section');
const { compile } = require('./targets');
const { ANALYZER } = require('./tools');

const TURNS = 15;

/** ms from starting the analyzer to the first line of its stream. */
async function firstFault(args) {
  const began = performance.now();
  const tracer = spawn(ANALYZER, ['--stream', ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = once(tracer, 'exit');
  await once(tracer.stdout, 'data');
  const took = performance.now() - began;
  tracer.stdout.resume();
  tracer.kill('SIGINT');
  await ended;
  return took;
}

async function times(args) {
  const all = [];
  for (let turn = 0; turn < TURNS; turn++) all.push(await firstFault(args));
  return all.sort((a, b) => a - b);
}

/** The same for a process that runs: one of its threads faults, the others sleep. */
async function attached(program, sleepers) {
  const args = ['--rate', '2000', '--seconds', '3000', '--sleepers', String(sleepers)];
  const target = spawn(program, args, { stdio: 'ignore' });
  const ended = once(target, 'exit');
  try {
    return await times(['-p', String(target.pid)]);
  } finally {
    target.kill('SIGKILL');
    await ended;
  }
}

async function main() {
  const [load] = os.loadavg();
  const directory = mkdtempSync(path.join(os.tmpdir(), 'pfa-start-'));
  try {
    const { pace } = compile(directory);
    const measured = [
      ['a COMMAND', await times(['--', pace, '--rate', '2000', '--seconds', '3000'])],
      ['`-p` of a process of one thread', await attached(pace, 0)],
      ['`-p` of a process of 1,000 threads', await attached(pace, 999)],
    ];
    const rows = measured.map(
      ([title, sorted]) =>
        `| ${title} | ${sorted[TURNS >> 1].toFixed(0)} ms | ${sorted[TURNS - 1].toFixed(0)} ms |`,
    );
    const section = [
      ...sectionHead('The start', 'start', load),
      `From the command to the first printed fault, Node's own start (50 ms) in it; ${TURNS} runs.`,
      '',
      '| target | median | worst |',
      '| --- | ---: | ---: |',
      ...rows,
    ].join('\n');
    replaceSection(process.argv[2], 'start', section);
    console.log(section);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
