import { analyze, captureAttached, reportIn, startAnalyzer, waiting } from '../support/analyzer';
import { workload } from '../support/build';
import { attached, until } from '../support/running';
import { removeScratch, scratchDirectory } from '../support/scratch';
import { jsonLines } from '../support/truth';

let scratch: string;
let fetching: string[];

beforeAll(() => {
  scratch = scratchDirectory();
  fetching = [workload('fetched'), '--dir', scratch];
});
afterAll(() => {
  removeScratch(scratch);
});

/** Of what code is called nothing is read. */
const COUNTS = ['-q', '--no-symbols', '--report-format', 'json'];

/** What the program says it was counted: getrusage(2) around what it did. */
const fetchedIn = (stdout: string): number =>
  jsonLines(stdout).reduce((sum, { fetched }) => sum + Number(fetched ?? 0), 0);

/** exec fetches the pages of arguments and environment; a dynamic linker may lock some. */
const AROUND_EXEC = 64;

test('a COMMAND: as many more as the kernel counted for it', async () => {
  const ended = await analyze([...COUNTS, '--', ...fetching]);
  const { beyond, difference, lost } = reportIn(ended).completeness;
  const fetched = fetchedIn(ended.stdout);
  expect(fetched).toBe(2048);
  expect({ difference, lost }).toEqual({ difference: 0, lost: 0 });
  expect(beyond!.at_least).toBe(beyond!.at_most);
  expect(beyond!.at_least - fetched).toBeGreaterThanOrEqual(0);
  expect(beyond!.at_least - fetched).toBeLessThan(AROUND_EXEC);
});

test('children that were waited for are in it, as a lower bound', async () => {
  const script = '"$@"; "$@"; true';
  const command = ['sh', '-c', script, 'sh', ...fetching];
  const ended = await analyze([...COUNTS, '--', ...command]);
  const { beyond } = reportIn(ended).completeness;
  const fetched = fetchedIn(ended.stdout);
  expect(fetched).toBe(4096);
  expect(beyond!.at_most).toBeNull();
  expect(beyond!.at_least - fetched).toBeGreaterThanOrEqual(0);
  expect(beyond!.at_least - fetched).toBeLessThan(3 * AROUND_EXEC);
});

test('an attached process that lives on: exactly', async () => {
  const target = await waiting(fetching);
  const tracer = startAnalyzer([...COUNTS, '-p', String(target.pid)]);
  await attached(tracer);
  target.write('\n');
  await until('the pages to be fetched', () => target.stdout.includes('"fetched"'));
  await until('the second wait', () => target.stdout.split('"ready"').length > 2);
  tracer.kill('SIGINT');
  const { beyond } = reportIn(await tracer.ended).completeness;
  target.write('\n');
  await target.ended;
  const fetched = fetchedIn(target.stdout);
  expect(beyond).toEqual({ at_least: fetched, at_most: fetched, processes_gone: 0 });
});

test('an attached process that is gone: not known, which is not 0', async () => {
  const storm = [workload('storm'), '--threads', '1', '--faults', '1000'];
  const { report } = await captureAttached(storm, scratch, ['--no-symbols']);
  expect(report.completeness.beyond).toBeNull();
});
