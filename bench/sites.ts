import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startAnalyzer, waiting } from '../test/support/analyzer';
import { compiled, ROOT } from '../test/support/build';
import { childrenOf, cpuNs, minorFaults } from '../test/support/processes';
import { attached, sleep } from '../test/support/running';
import { removeScratch, scratchDirectory } from '../test/support/scratch';
import { type Asked, type Section, say } from './bench';
import { median, sum, whole } from './figures';
import { sectionHead } from './section';
import { watched } from './watching';
import { summary } from './tools';

const SITES = 5000;
/** Passes over the pages, one for each function: some seconds. */
const PASSES = 600;
const FIRST_MS = 1000;

/** A program with so many functions, each of which touches a page in each pass. */
function program(directory: string): string {
  const numbers = Array.from({ length: SITES }, (_, k) => k);
  const source = join(directory, 'sites.c');
  const lines = [
    '#include <stdio.h>',
    '#include <sys/mman.h>',
    '#include "common.h"',
    ...numbers.map((k) => `void site_${k}(volatile char* page) {\n  *page = ${k % 100};\n}`),
    'static void (*const all[])(volatile char*) = {',
    ...numbers.map((k) => `site_${k},`),
    '};',
    'int main(void) {',
    `  char* start = map_anon(${SITES});`,
    '  wait_for_go();',
    '  const double began = seconds_now();',
    `  for (int pass = 0; pass < ${PASSES}; pass++) {`,
    `    for (size_t k = 0; k < ${SITES}; k++) all[k](start + k * page_size());`,
    `    madvise(start, ${SITES} * page_size(), MADV_DONTNEED);`,
    '  }',
    `  printf("{\\"rate\\":%.0f}\\n", ${SITES * PASSES} / (seconds_now() - began));`,
    '  return 0;',
    '}',
  ];
  writeFileSync(source, lines.join('\n'));
  const workloads = join(ROOT, 'test', 'workloads');
  return compiled('sites', [source, join(workloads, 'common.c')], ['-g', `-I${workloads}`]);
}

/** ns of a process and of all that it has started. */
function cpuOfAll(pid: number): number {
  return cpuNs(pid) + sum(childrenOf(pid).map(cpuOfAll));
}

interface Run {
  readonly rate: number;
  /** us for each fault after the first second. */
  readonly cpu: number;
  readonly lost: number;
}

async function run(command: string, options: readonly string[]): Promise<Run> {
  const target = await waiting([command]);
  const tracer = startAnalyzer(['-q', '--report', ...options, '-p', String(target.pid)]);
  await attached(tracer);
  const look = (): { cpu: number; faults: number } => ({
    cpu: cpuOfAll(tracer.pid),
    faults: minorFaults(target.pid),
  });
  target.write('\n');
  await sleep(FIRST_MS);
  const first = look();
  let last = first;
  await watched(target, 50, () => {
    try {
      last = look();
    } catch {
      // One of them has just ended.
    }
  });
  const { stdout } = await target.ended;
  const { stdout: said } = await tracer.ended;
  const rate = Number(/"rate":(\d+)/.exec(stdout)![1]);
  const cpu = (last.cpu - first.cpu) / 1000 / (last.faults - first.faults);
  return { rate, cpu, lost: summary(said).lost ?? 0 };
}

/** What names cost where very many call sites fault. */
export async function sites({ turns, load }: Asked): Promise<Section> {
  const directory = scratchDirectory();
  try {
    const command = program(directory);
    const ways: readonly (readonly string[])[] = [['--no-symbols'], []];
    const runs = ways.map(() => [] as Run[]);
    for (let turn = 0; turn < turns; turn++) {
      for (const [k, options] of ways.entries()) {
        const one = await run(command, options);
        runs[k]!.push(one);
        say(`${options.join(' ')}: ${JSON.stringify(one)}`);
      }
    }
    const rows = ways.map((options, k) => {
      const of = runs[k]!;
      const [rate, cpu] = [median(of.map((one) => one.rate)), median(of.map((one) => one.cpu))];
      const lost = sum(of.map((one) => one.lost));
      return `| \`-q --report ${options.join(' ')}\` | ${whole(rate)} | ${cpu.toFixed(3)} | ${lost} |`;
    });
    return {
      name: 'sites',
      lines: [
        ...sectionHead('Names of many call sites', `sites --turns ${turns}`, load),
        `In turns, medians of ${turns}: ${whole(SITES)} functions that fault one after the other. CPU: of the analyzer and its`,
        'helpers, for each fault after the first second.',
        '',
        '| analyzer | faults/s | CPU, us per fault | lost |',
        '| --- | ---: | ---: | ---: |',
        ...rows,
      ],
    };
  } finally {
    removeScratch(directory);
  }
}
