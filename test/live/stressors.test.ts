import { spawnSync } from 'node:child_process';
import type { Report } from '../support/formats';
import { startAnalyzer } from '../support/analyzer';
import { besidePerfStat } from '../support/perf';
import { removeScratch, scratchDirectory } from '../support/scratch';
import { asked, share } from '../support/share';

/**
 * stress-ng's memory stressors, each for a second under the analyzer and under `perf stat` in the same
 * run. All of them: `npm run trials -- stressors`; some, by name: TRIALS=brk,mmap; otherwise a share.
 */
const SHARE = 3;
/** Short to run everywhere, and each of another kind: heap, maps, children, shared memory, stacks. */
const QUICK = ['bigheap', 'brk', 'fork', 'malloc', 'memfd', 'mremap', 'shm-sysv', 'stack', 'vm'];
/**
 * Not what is looked for here: they end the machine's memory, need what the machine lacks, or run with no
 * end of their own.
 */
const LEFT_OUT = new Set(['oom-pipe', 'swap', 'physpage', 'numa', 'resources', 'watchdog']);

interface Row {
  readonly stressor: string;
  readonly captured: number;
  readonly lost: number;
  readonly perf: number;
  readonly unknown: number;
  readonly others: number;
  /** What the analyzer said besides. */
  readonly notes: string;
}

function classOf(name: string): string[] {
  const { stdout, stderr } = spawnSync('stress-ng', ['--class', `${name}?`], { encoding: 'utf8' });
  const line = /stressors: (.*)/.exec(`${stdout}${stderr}`);
  return line?.[1]?.trim().split(' ') ?? [];
}

function chosen(): string[] {
  if (asked() === '') return share('stressors', QUICK, SHARE);
  if (asked() !== 'all') return asked().split(',');
  return [...new Set([...classOf('memory'), ...classOf('vm'), 'fork', 'pthread'])]
    .filter((name) => !LEFT_OUT.has(name))
    .sort();
}

async function trial(stressor: string, cwd: string): Promise<Row> {
  const command = ['stress-ng', `--${stressor}`, '1', '--timeout', '1', '--temp-path', cwd];
  const { tracer, perf } = await besidePerfStat(
    [...command, '--no-rand-seed', '--oomable'],
    cwd,
    (pid) => startAnalyzer(['-q', '--report-format', 'json', '-p', String(pid)], { input: '' }),
  );
  const lines = tracer.stdout.trim().split('\n');
  if (tracer.status !== 0) throw new Error(`${stressor}: ${tracer.status} ${tracer.stderr}`);
  const report = JSON.parse(lines.at(-1)!) as Report;
  // An ERROR tells of an address that is in no mapping, or may not be touched: that is its region.
  const faultsOf = (label: string): number =>
    report.regions
      .filter((row) => row.region === label)
      .reduce((sum, row) => sum + Number(row.faults) - Number(row.error), 0);
  const { captured, lost } = report.completeness;
  return {
    stressor,
    captured,
    lost,
    perf: perf.minor + perf.major,
    unknown: faultsOf('[unknown]'),
    others: faultsOf('[others]'),
    notes: tracer.stderr
      .replace(/^Summary: .*$/m, '')
      .trim()
      .replaceAll('\n', ' | '),
  };
}

const rows: Row[] = [];
const table = (): string =>
  [
    ['stressor', 'captured', 'lost', 'perf', 'unknown', 'others', 'notes'],
    ...rows.map(Object.values),
  ]
    .map(
      (cells) =>
        `${cells
          .map((cell) => String(cell).padEnd(14))
          .join(' ')
          .trimEnd()}\n`,
    )
    .join('');
let scratch: string;
beforeAll(() => {
  scratch = scratchDirectory();
});
afterAll(() => {
  removeScratch(scratch);
  if (asked() !== '') process.stdout.write(table());
});

test.each(chosen())(
  '%s: as many faults as perf stat counts, each with a region',
  async (stressor) => {
    const row = await trial(stressor, scratch);
    rows.push(row);
    expect({ lost: row.lost, captured: row.captured }).toEqual({ lost: 0, captured: row.perf });
    expect(row).toMatchObject({ others: 0, unknown: 0 });
  },
  120_000,
);
