import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { attached, eventsOpened, Running } from '../test/support/running';
import { waiting } from '../test/support/analyzer';
import { ANALYZER, compiled, ROOT } from '../test/support/build';
import { buildSync } from 'esbuild';
import { removeScratch, scratchDirectory } from '../test/support/scratch';
import type { Asked, Section } from './bench';
import { inTurns } from './capture';
import { tableLines, tableOf } from './capture-page';
import { mebibytes, median, whole } from './figures';
import { sectionHead } from './section';
import { storm, type Target } from './targets';
import { type Attaching, ours, perfRecord, summary, type Tool } from './tools';
import { withTracefs } from './tracefs';

/** How long it took to be at a place, ms, and until all was counted there that comes before it. */
export interface Jump {
  readonly place: number;
  readonly shown: number;
  readonly counted: number;
}

/** So many times the faults that were asked for has the recording that is gone to and fro in. */
const LONGER = 10;

/** Keeps the sizes of what a tool has recorded. */
function sized(tool: Attaching, sizes: Map<string, number>): Attaching {
  return {
    ...tool,
    shown: (output, said) => {
      sizes.set(tool.title, statSync(output).size);
      return tool.shown(output, said);
    },
  };
}

function recording(id: string, options: readonly string[]): Attaching {
  return {
    ...ours(id, ['pagefault-analyzer -q --record FILE', ...options].join(' '), []),
    command: (pid, output) => [
      ...[ANALYZER, '--ready-fd', '3', '-q', '--record', output, ...options],
      ...['-p', String(pid)],
    ],
    shown: (_, said) => summary(said),
  };
}

/** Records a storm of so many faults. */
async function recorded(tool: Attaching, target: Target, file: string): Promise<void> {
  const running = await waiting(target.command(1));
  const tracer = new Running(tool.command(running.pid, file), { tellsReady: true });
  await (tool.id === 'record' ? attached(tracer) : eventsOpened(tracer));
  running.write('\n');
  await running.ended;
  await tracer.ended;
}

/** In a process of its own, from where it finds the programs that were built. */
function jumpsIn(file: string): Jump[] {
  const program = join(ROOT, 'build', 'apart', 'recording-jumps.js');
  buildSync({
    entryPoints: [join(ROOT, 'bench', 'recording-jumps.ts')],
    outfile: program,
    ...{ bundle: true, packages: 'external', platform: 'node' },
  });
  return JSON.parse(
    execFileSync(process.execPath, [program, file], { encoding: 'utf8' }),
  ) as Jump[];
}

interface Reading {
  readonly title: string;
  readonly seconds: number;
  readonly rss: number;
}

interface Way {
  /** A file for what each costs. */
  readonly cost: string;
  readonly turns: number;
}

/** What reading a file takes, by the clock, and in memory. */
function reading(title: string, command: readonly string[], { cost, turns }: Way): Reading {
  const measure = compiled('measure', [join(ROOT, 'bench', 'measure.c')]);
  const seconds: number[] = [];
  let rss = 0;
  for (let turn = 0; turn < turns; turn++) {
    const began = performance.now();
    spawnSync(measure, [cost, ...command], { stdio: 'ignore' });
    seconds.push((performance.now() - began) / 1e3);
    rss = Math.max(rss, (JSON.parse(readFileSync(cost, 'utf8')) as { rss: number }).rss);
  }
  return { title, seconds: median(seconds), rss };
}

function readingLines(files: ReadonlyMap<string, string>, way: Way): string[] {
  const rows = [...files].flatMap(([title, file]) => [
    reading(`\`perf script\`, ${title}`, ['perf', 'script', '-i', file], way),
    reading(`\`-q --report -i\`, ${title}`, [ANALYZER, '-q', '--report', '-i', file], way),
  ]);
  return [
    '| reading | s | memory of the largest process |',
    '| --- | ---: | ---: |',
    ...rows.map((row) => `| ${row.title} | ${row.seconds.toFixed(2)} | ${mebibytes(row.rss)} |`),
  ];
}

function jumpLines(jumps: readonly Jump[]): string[] {
  const seconds = (ms: number): string => (ms / 1e3).toFixed(2);
  return [
    '| to | there, s | all before it counted, s |',
    '| --- | ---: | ---: |',
    ...jumps.map(
      ({ place, shown, counted }) =>
        `| ${place * 100} % | ${seconds(shown)} | ${seconds(counted)} |`,
    ),
  ];
}

async function measured({ turns, faults, load }: Asked): Promise<Section> {
  const directory = scratchDirectory();
  const sizes = new Map<string, number>();
  const perf = [perfRecord('perf-record', []), perfRecord('perf-record-z', ['-z'])] as const;
  const own = [recording('record', []), recording('compress', ['--compress'])] as const;
  const tools: Tool[] = [
    { kind: 'none', id: 'none', title: 'untraced' },
    ours('quiet', 'pagefault-analyzer -q', []),
    ...[...own, ...perf].map((tool) => sized(tool, sizes)),
  ];
  try {
    const target = storm('storm, one thread per CPU', cpus().length, faults);
    const table = tableOf(target, tools, await inTurns(tools, target, turns, directory));
    const million = storm('storm', 1, faults);
    const files = new Map<string, string>();
    for (const tool of [perf[0], own[0]]) {
      const file = join(directory, `${tool.id}.data`);
      await recorded(tool, million, file);
      files.set(`what \`${tool.title}\` has recorded`, file);
    }
    const readings = readingLines(files, { cost: join(directory, 'cost.json'), turns });
    const long = join(directory, 'long.data');
    await recorded(own[0], storm('storm', cpus().length, LONGER * faults), long);
    const jumps = jumpsIn(long);
    return {
      name: 'recording',
      lines: [
        ...sectionHead('Recordings', `recording --turns ${turns} --faults ${faults}`, load),
        `In turns, medians of ${turns}. Slowdown is that of the target; the file lies on the disk of the others.`,
        '',
        ...tableLines(table),
        '',
        '| file of | bytes per fault |',
        '| --- | ---: |',
        ...[...sizes].map(([title, size]) => `| \`${title}\` | ${(size / faults).toFixed(1)} |`),
        '',
        `Reading ${whole(faults)} faults, with a report:`,
        '',
        ...readings,
        '',
        `Going to and fro in a recording of ${whole(LONGER * faults)} faults: until the dashboard shows the time, and until what`,
        'it counts begins at the start again.',
        '',
        ...jumpLines(jumps),
      ],
    };
  } finally {
    removeScratch(directory);
  }
}

/** What recording costs, how large it is, and how long it takes to read it and to find a time in it. */
export function recordings(asked: Asked): Promise<Section> {
  return withTracefs(() => measured(asked));
}
