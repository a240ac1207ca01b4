import { endCommand, statusText } from '../../../src/cli/command-end';
import { planOutput } from '../../../src/app/output-plan';

type Args = Parameters<typeof planOutput>[0];
const base: Args = {
  batch: false,
  format: 'text',
  output: null,
  quiet: false,
  record: null,
  report: 'none',
};

test.each<[string, Partial<Args>, [string | null, string, string | null]]>([
  ['text', {}, ['stdout', 'stdout', null]],
  ['text with report', { report: 'text' }, ['stdout', 'stdout', 'stdout']],
  ['text to a file', { output: 'f', report: 'text' }, ['file', 'file', 'file']],
  ['csv: nothing but records on stdout', { format: 'csv' }, ['stdout', 'stderr', null]],
  ['csv with report', { format: 'csv', report: 'text' }, ['stdout', 'stderr', 'stderr']],
  ['ndjson to a file', { format: 'ndjson', output: 'f' }, ['file', 'stdout', null]],
  [
    'ndjson to a file, report on stdout',
    { format: 'ndjson', output: 'f', report: 'text' },
    ['file', 'stdout', 'stdout'],
  ],
  [
    'ndjson to a file, JSON alone on stdout',
    { format: 'ndjson', output: 'f', report: 'json' },
    ['file', 'stderr', 'stdout'],
  ],
  ['quiet', { quiet: true }, [null, 'stdout', null]],
  ['quiet with report', { quiet: true, report: 'text' }, [null, 'stdout', 'stdout']],
  ['quiet, JSON alone on stdout', { quiet: true, report: 'json' }, [null, 'stderr', 'stdout']],
  ['quiet to a file', { quiet: true, output: 'f' }, [null, 'file', null]],
  ['quiet csv is quiet', { quiet: true, format: 'csv' }, [null, 'stdout', null]],
  ['a recording on stdout', { record: '-', report: 'text' }, [null, 'stderr', 'stderr']],
  ['text beside it', { record: '-', output: 'f', report: 'text' }, ['file', 'file', 'file']],
  ['csv beside it', { record: '-', format: 'csv', output: 'f' }, ['file', 'stderr', null]],
])('%s', (_, options, [stream, summary, report]) => {
  const expected = { stream, folded: null, tables: null, summary, report };
  expect(planOutput({ ...base, ...options })).toEqual(expected);
});

test.each<[string, Partial<Args>, [string | null, string, string | null]]>([
  ['alone on stdout', {}, ['stdout', 'stderr', null]],
  ['to a file', { output: 'f', report: 'text' }, ['file', 'stdout', 'stdout']],
  ['with a JSON report', { report: 'json' }, ['stdout', 'stderr', 'stderr']],
  ['quiet is quiet', { quiet: true }, [null, 'stdout', null]],
])('folded stacks %s', (_, options, [folded, summary, report]) => {
  const plan = planOutput({ ...base, format: 'folded', ...options });
  expect(plan).toEqual({ stream: null, folded, tables: null, summary, report });
});

test('a wait status in words', () => {
  expect(statusText(0)).toBe('COMMAND exited with status 0');
  expect(statusText(-1)).toBe('');
  expect(statusText(3 << 8)).toBe('COMMAND exited with status 3');
  expect(statusText(11)).toBe('COMMAND was killed by SIGSEGV');
  // With a core dump bit 7 is set.
  expect(statusText(0x80 | 6)).toBe('COMMAND was killed by SIGABRT');
  expect(statusText(40)).toBe('COMMAND was killed by signal 40');
});

/** A command that ends `after` ms of sleep after a signal that it heeds. */
function command(heeds: readonly number[], after: number, status = -1, endsWith?: number) {
  const signals: number[] = [];
  let now = 0;
  let endsAt = Infinity;
  return {
    signals,
    commandStatus: () =>
      status !== -1 ? status : now >= endsAt ? (endsWith ?? signals.at(-1) ?? 0) : -1,
    killCommand: (signal: number) => {
      signals.push(signal);
      if (heeds.includes(signal)) endsAt = now + after;
    },
    sleep: (ms: number) => {
      now += ms;
      return Promise.resolve();
    },
    ends: (at: number) => {
      endsAt = at;
    },
  };
}

test('a command that still runs gets SIGTERM, and that is all', async () => {
  const c = command([15], 300);
  expect(await endCommand(c, false, c.sleep)).toBe('COMMAND was ended with SIGTERM');
  expect(c.signals).toEqual([15]);
});

test('one that catches SIGTERM has a status of its own', async () => {
  const c = command([15], 300, undefined, 3 << 8);
  expect(await endCommand(c, false, c.sleep)).toBe('COMMAND exited with status 3');
});

test('one that ignores SIGTERM gets SIGKILL, and the user is told', async () => {
  const c = command([9], 30);
  expect(await endCommand(c, false, c.sleep)).toBe('COMMAND ignored SIGTERM and was killed');
  expect(c.signals).toEqual([15, 9]);
});

test('one that has ended is left alone; its status is told', async () => {
  const c = command([], 0, 7 << 8);
  expect(await endCommand(c, true, c.sleep)).toBe('COMMAND exited with status 7');
  expect(c.signals).toEqual([]);
});

test('the last record comes before the zombie: its status is waited for', async () => {
  const c = command([], 0);
  c.ends(100);
  expect(await endCommand(c, true, c.sleep)).toBe('COMMAND exited with status 0');
  expect(c.signals).toEqual([]);
});

test.each<[string, Partial<Args>, string, string | null, string | null]>([
  ['text', {}, 'stdout', null, 'stdout'],
  ['csv', { format: 'csv', report: 'text' }, 'stderr', 'stderr', 'stdout'],
  [
    'ndjson to a file',
    { format: 'ndjson', output: 'f', report: 'json' },
    'stderr',
    'stdout',
    'file',
  ],
])('tables every interval as %s', (_, more, summary, report, tables) => {
  const plan = planOutput({ ...base, batch: true, ...more });
  expect(plan).toEqual({ stream: null, folded: null, tables, summary, report });
});
