import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../test/support/build';
import { type Asked, Refusal, say, type Section } from './bench';
import { median, whole } from './figures';
import { removeScratch, scratchDirectory } from '../test/support/scratch';
import { type Machine, wakesOf } from './ring-wakes';
import { sectionHead } from './section';

const RINGS = [1, 4, 16, 64, 256] as const;
/** Records of a ring that come one after the other: each of another ring, and as of threads that take turns. */
const RUNS = [1, 32] as const;
const RELEASE = join(ROOT, 'build', 'Release');

/** The rooms that a record passes through are those of the build; the merger is compiled with it. */
function compileInto(directory: string): string {
  const built = join(directory, 'rings');
  const files = [
    join(ROOT, 'bench', 'rings.cc'),
    join(RELEASE, 'pagefault-rooms.a'),
    join(RELEASE, 'obj.target', 'pagefault', 'build', 'rooms', 'source.o'),
  ];
  const flags = ['-std=c++17', '-O2', '-pthread', '-Wno-missing-field-initializers'];
  const include = `-I${join(ROOT, 'addon')}`;
  execFileSync('g++', [...flags, include, ...files, '-lzstd', '-o', built], { stdio: 'pipe' });
  return built;
}

/** ns of CPU time for a record: the median of its rounds. */
function cost(program: string, what: 'merge' | 'whole', count: number, run: number): number {
  const said = execFileSync(program, [what, String(count), String(run)], { encoding: 'utf8' });
  const lines = said.trim().split('\n').map(Number);
  const lost = lines.pop();
  if (lost !== 0) throw new Refusal(`rings: ${lost} faults found no room`);
  return median(lines);
}

/** The machine of docs/scale.md, with so many of its faults captured. */
const MACHINES: readonly Omit<Machine, 'recordNs'>[] = [
  { cpus: 64, records: 1_000_000 },
  { cpus: 64, records: 2_500_000 },
  { cpus: 256, records: 800_000 },
  { cpus: 256, records: 2_500_000 },
  { cpus: 256, records: 50_000_000 },
];

/** What the path from the rings to the batches costs with very many CPUs. */
export function rings({ turns, load }: Asked): Section {
  const directory = scratchDirectory();
  try {
    const program = compileInto(directory);
    return page(
      RINGS.map((count) => ({ count, cells: costs(program, count, turns) })),
      turns,
      load,
    );
  } finally {
    removeScratch(directory);
  }
}

function costs(program: string, count: number, turns: number): number[] {
  return RUNS.flatMap((run) =>
    (['merge', 'whole'] as const).map((what) => {
      const ns = median(Array.from({ length: turns }, () => cost(program, what, count, run)));
      say(`${count} rings, runs of ${run}, ${what}: ${ns.toFixed(1)} ns`);
      return ns;
    }),
  );
}

function page(
  lines: readonly { readonly count: number; readonly cells: readonly number[] }[],
  turns: number,
  load: number,
): Section {
  const recordNs = (cpus: number): number => lines.find(({ count }) => count === cpus)!.cells[1]!;
  const wakes = MACHINES.map((machine) => {
    const { cpus, records } = machine;
    const seen = wakesOf({ ...machine, recordNs: recordNs(cpus) });
    const full = seen.fill > 1 ? 'overflow' : `${(100 * seen.fill).toFixed(0)} %`;
    const busy = `${(100 * seen.busy).toFixed(0)} %`;
    return `| ${cpus} | ${whole(records)} | ${whole(seen.ringBytes / 1024)} KiB | ${whole(seen.passes)} | ${busy} | ${full} |`;
  });
  return {
    name: 'rings',
    lines: [
      ...sectionHead('Very many rings', `rings --turns ${turns}`, load),
      `Records as the programs of \`--engine bpf\` write them, ${whole(1 << 18)} in a round, in rings of plain memory (bench/rings.cc).`,
      `ns of CPU time for each, medians of ${turns} runs of 15 rounds: merging alone, and all up to the batch. In turns: each record is`,
      'of another ring than the one before; runs: 32 of a ring come one after the other.',
      '',
      '| rings | merge, in turns | whole, in turns | merge, runs | whole, runs |',
      '| ---: | ---: | ---: | ---: | ---: |',
      ...lines.map(
        ({ count, cells }) => `| ${count} | ${cells.map((ns) => ns.toFixed(0)).join(' | ')} |`,
      ),
      '',
      'What follows from it, calculated (bench/ring-wakes.ts): how often the poller wakes, how busy it is, and how full a ring gets,',
      'with rates of the CPUs that differ by half, up and down.',
      '',
      '| CPUs | records/s | ring | wake-ups/s | poller busy | fullest ring |',
      '| ---: | ---: | ---: | ---: | ---: | ---: |',
      ...wakes,
    ],
  };
}
