import { ASK } from '../../../src/tui/terminal/pace';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cause } from '../../../src/core/classify/classes';
import type { ProcessRow } from '../../../src/core/snapshot/snapshot';
import { DashboardApp } from '../../../src/tui/app';
import type { DashboardSource } from '../../../src/tui/state/source';
import { eightRuns, twoRuns } from '../../support/comparison-kit';
import { FakeSource, HEADER } from '../../support/fake-source';
import { FakeInput, FakeOutput } from '../../support/terminal';

/**
 * Frames as a terminal shows them, kept as files that a reader has looked at. UPDATE_GOLDEN=1 writes them
 * anew; the change is then read in the diff.
 */
const FRAMES: {
  name: string;
  columns: number;
  rows: number;
  env: Record<string, string>;
  keys: string;
  until: string;
  wide?: boolean;
  /** Of both sides of a comparison, in the place of one run. */
  runs?: 2 | 8;
}[] = [
  { name: 'regions-80x24', columns: 80, rows: 24, env: {}, keys: 'j', until: '>[heap]' },
  {
    name: 'regions-80x24-mono-ascii',
    columns: 80,
    rows: 24,
    env: { NO_COLOR: '1', LANG: 'C' },
    keys: 'j',
    until: '>[heap]',
  },
  { name: 'regions-200x50', columns: 200, rows: 50, env: {}, keys: 'j', until: '>[heap]' },
  { name: 'region-detail-120x40', columns: 120, rows: 40, env: {}, keys: '\r', until: 'where' },
  { name: 'causes-120x30', columns: 120, rows: 30, env: {}, keys: '4', until: '[4 Causes]' },
  { name: 'latency-120x40', columns: 120, rows: 40, env: {}, keys: '5', until: '[5 Latency]' },
  { name: 'latency-heat-120x40', columns: 120, rows: 40, env: {}, keys: '5ll', until: 'over time' },
  { name: 'events-100x24', columns: 100, rows: 24, env: {}, keys: '6', until: '[6 Events]' },
  { name: 'code-80x24', columns: 80, rows: 24, env: {}, keys: '8', until: '[8 Code]' },
  { name: 'code-160x40', columns: 160, rows: 40, env: {}, keys: '8', until: '[8 Code]' },
  { name: 'code-detail-120x40', columns: 120, rows: 40, env: {}, keys: '8\r', until: 'hits' },
  { name: 'findings-120x40', columns: 120, rows: 40, env: {}, keys: '9', until: '[9 Findings]' },
  // Of the whole machine: processes first, with what is read of those on the screen.
  {
    name: 'machine-80x24',
    columns: 80,
    rows: 24,
    env: {},
    keys: '',
    until: '[3 Processes]',
    wide: true,
  },
  {
    name: 'machine-200x40',
    columns: 200,
    rows: 40,
    env: {},
    keys: '',
    until: '[3 Processes]',
    wide: true,
  },
  {
    name: 'cgroups-160x30',
    columns: 160,
    rows: 30,
    env: {},
    keys: '0',
    until: '[0 Cgroups]',
    wide: true,
  },
  {
    name: 'cgroup-detail-120x40',
    columns: 120,
    rows: 40,
    env: {},
    keys: '0\r',
    until: 'cgroup /',
    wide: true,
  },
  { name: 'diff-80x24', columns: 80, rows: 24, env: {}, keys: 'j', until: '>[heap]', runs: 2 },
  { name: 'diff-200x50', columns: 200, rows: 50, env: {}, keys: 'j', until: '>[heap]', runs: 8 },
  {
    name: 'diff-row-100x24',
    columns: 100,
    rows: 24,
    env: {},
    keys: '\r',
    until: 'Esc back',
    runs: 2,
  },
  {
    name: 'diff-help-100x60',
    columns: 100,
    rows: 60,
    env: {},
    keys: '?',
    until: 'Filter',
    runs: 2,
  },
  { name: 'help-100x60', columns: 100, rows: 60, env: {}, keys: '?', until: 'Filter' },
];

/** A service at its limit, a job, and one that ended at once. */
function beMachine(source: FakeSource): void {
  const [first] = source.picture.processes;
  const row = (id: number, pid: number, comm: string, part: Partial<ProcessRow>): ProcessRow => ({
    ...first!,
    ...{ id, pid, ppid: 1, comm },
    ...part,
  });
  const service = { user: 'www', cgroup: '/system.slice/nginx.service' };
  const rate = (major: number, minor: number): number[] => [major, minor, 0, 0];
  source.picture = {
    ...source.picture,
    processes: [
      row(1, 4321, 'nginx', { owner: service, stalled: 0.4, classRate: rate(120, 30) }),
      row(2, 4400, 'nginx-helper', { owner: service, stalled: 0.1, classRate: rate(0, 900) }),
      row(3, 99, 'cc1', {
        owner: { user: 'build', cgroup: '/jobs/night' },
        classRate: rate(0, 42_000),
      }),
      row(4, 77, 'sh', { alive: false, stalled: 0, threads: 0 }),
    ],
  };
  source.info = { ...source.info, whole: 'all processes but the analyzer', targets: [] };
  source.shown.memories.set(4321, { rss: 512 << 20, swap: 3 << 20 });
  const facts = {
    memory: 1020 << 20,
    limit: 1 << 30,
    high: 0,
    max: 7000,
    oomKills: 1,
    pressure: 83.2,
  };
  source.shown.cgroups.set(service.cgroup, facts);
  const open = { memory: 40 << 20, limit: Infinity, high: 0, max: 0, oomKills: 0, pressure: 0 };
  source.shown.cgroups.set('/jobs/night', open);
}

interface Frame {
  readonly text: readonly string[];
  /** See FakeOutput.attributes. */
  readonly marks: readonly (readonly string[])[];
}

function sourceOf(spec: (typeof FRAMES)[number]): DashboardSource {
  if (spec.runs !== undefined) return spec.runs === 2 ? twoRuns() : eightRuns();
  const source = new FakeSource();
  source.info = {
    ...HEADER,
    inFlight: [{ tid: 4329, address: '0x7f3a113f2000', region: 'data.db', forNs: 812e6 }],
  };
  if (spec.wide === true) beMachine(source);
  source.faults([
    [192.031, 0, Cause.FILE_READ, 0, 0, 4329, 812.3e6],
    [192.118, 2, Cause.COW_ANON, 1, 1, 4330, 1900],
    [192.12, 1, Cause.PAGE_CACHE, 0, 1, 4330, -1],
    [192.2, 3, Cause.UNRESOLVED, 2, 1, 4330, -1],
  ]);
  source.events.flush();
  return source;
}

async function frame(spec: (typeof FRAMES)[number]): Promise<Frame> {
  const output = new FakeOutput(spec.columns, spec.rows);
  const input = new FakeInput();
  output.onWrite = (text) => {
    if (text.endsWith(ASK))
      setImmediate(() => {
        input.type('\x1b[0n');
      });
  };
  const env = { TERM: 'xterm-256color', LANG: 'C.UTF-8', ...spec.env };
  const app = new DashboardApp(sourceOf(spec), {
    screen: { input, output, env, ascii: false, stopProcess: () => undefined },
    // Pictures come when this test says so.
    intervalMs: 10_000,
    firstMs: 10_000,
    now: () => 0,
  });
  input.type(spec.keys);
  for (let k = 0; k < 100; k++) {
    if ((await output.screen()).join('\n').includes(spec.until)) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  // Leaving clears the screen: look first.
  const text = await output.screen();
  const marks = text.map((_, y) => output.attributes(y));
  app.quit();
  await app.done;
  return { text, marks };
}

describe('golden frames', () => {
  it.each(FRAMES)('$name', async (spec) => {
    const { text } = await frame(spec);
    const path = join(__dirname, '..', '..', 'golden', `tui-${spec.name}.txt`);
    const actual = `${text.map((line) => line.trimEnd()).join('\n')}\n`;
    if (process.env.UPDATE_GOLDEN === '1') writeFileSync(path, actual);
    expect(actual).toBe(readFileSync(path, 'utf8'));
  });

  it('colours mean something, and without colours nothing is lost', async () => {
    const colour = await frame(FRAMES[0]!);
    const mono = await frame(FRAMES[1]!);
    const major = colour.text.findIndex((line) => line.includes(' MAJOR '));
    const at = colour.text[major]!.indexOf('MAJOR');
    // 203 is a red of 256 colours, b bold.
    const red = Array<string>(5).fill('b203');
    expect(colour.marks[major]!.slice(at, at + 5)).toEqual(red);
    expect(mono.marks.flat().join('')).not.toMatch(/\d/);
    expect(mono.text.join('\n')).toMatch(/^[\x20-\x7e\n]*$/);
    // The selection is a mark and an inverse line.
    const selected = mono.text.findIndex((line) => line.startsWith('>[heap]'));
    expect(new Set(mono.marks[selected])).toEqual(new Set(['i']));
  });
});
