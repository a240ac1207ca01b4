import type { Fault } from '../support/formats';
import { analyze, captureCommand } from '../support/analyzer';
import type { Capture } from '../support/analyzer';
import { DEMO } from '../support/build';
import { run } from '../support/running';
import { removeScratch, scratchDirectory } from '../support/scratch';
import { compare, jsonLines, truthRows } from '../support/truth';

let scratch: string;
let capture: Capture;

beforeAll(async () => {
  scratch = scratchDirectory();
  capture = await captureCommand([DEMO, '--json', '--dir', scratch], scratch);
});
afterAll(() => {
  removeScratch(scratch);
});

test('the demo does what it says, by the count of getrusage', async () => {
  const { stdout } = await run([DEMO, '--json', '--dir', scratch, '--repeat', '3']);
  const rounds = jsonLines(stdout);
  expect(rounds).toHaveLength(3);
  for (const row of truthRows(stdout)) {
    const counted = jsonLines(stdout).flatMap((line) => line.rows as Record<string, number>[]);
    expect(counted.length).toBeGreaterThanOrEqual(3 * 20);
    const [minor, major] = row.class === 'MAJOR' ? [0, row.faults] : [row.faults, 0];
    // A fault that ends in a signal is in no counter of the kernel: the demo says -1.
    if (row.class !== 'ERROR') expect(row).toMatchObject({ minflt: minor, majflt: major });
  }
});

test('every range has the faults, classes, causes, modes and labels that the demo made', () => {
  expect(capture.rows.length).toBeGreaterThanOrEqual(20);
  const { expected, captured } = compare(capture.rows, capture.faults);
  expect(captured).toEqual(expected);
});

test('every class is among them', () => {
  const classes = new Set(capture.faults.map((fault) => fault.class));
  expect([...classes].sort()).toEqual(['COW', 'ERROR', 'MAJOR', 'MINOR']);
});

test("the report accounts for every fault of the kernel's counters", () => {
  const { completeness, summary } = capture.report;
  expect(completeness).toMatchObject({ difference: 0, lost: 0, comparable: true });
  const errors = capture.faults.filter((fault) => fault.class === 'ERROR').length;
  expect(completeness.kernel).toBe(capture.faults.length - errors);
  expect(summary.error).toBe(errors);
});

test('every completed fault has a latency and an error code, within one second', () => {
  const completed = capture.faults.filter((fault) => fault.class !== 'ERROR');
  expect(completed.length).toBeGreaterThan(1000);
  const isTimed = ({ error_code: code, latency_ns: latency }: Fault): boolean =>
    code !== null && latency !== null && latency > 0 && latency < 1e9;
  expect(completed.filter((fault) => !isTimed(fault))).toEqual([]);
});

test('the demo subcommand shows its table and ends with the summary', async () => {
  const ended = await analyze(['-q', 'demo']);
  expect(ended.status).toBe(0);
  expect(ended.stdout).toMatch(/^PHASE +REGION +CLASS/m);
  expect(ended.stdout).toMatch(/^done on purpose: MAJOR \d+ MINOR \d+ COW \d+ ERROR 8/m);
  const summary = /^Summary: major=(\d+) minor=(\d+) cow=(\d+) error=8\n$/m.exec(ended.stdout);
  expect(summary).not.toBeNull();
  const purpose = /MAJOR (\d+) MINOR (\d+) COW (\d+)/.exec(ended.stdout)!;
  for (const i of [1, 2, 3]) {
    expect(Number(summary![i])).toBeGreaterThanOrEqual(Number(purpose[i]));
  }
});
