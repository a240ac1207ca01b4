import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { analyze } from '../support/analyzer';
import { ANALYZER } from '../support/build';
import { perfData } from '../support/perf-data';
import { removeScratch, scratchDirectory } from '../support/scratch';
import { quoted, RESTORED, Tmux } from '../support/tmux';

let scratch: string;
beforeAll(() => {
  scratch = scratchDirectory();
});
afterAll(() => {
  removeScratch(scratch);
});

const diff = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(ANALYZER, ['diff', ...args], { encoding: 'utf8' });

test('a recording and its report are the same; ten times the work is more', async () => {
  const small = perfData(scratch, 'four-6.1');
  const large = perfData(scratch, 'zstd-6.1');
  const report = join(scratch, 'report.json');
  const { stdout } = await analyze(['-q', '--report-format', 'json', '-i', small]);
  writeFileSync(report, stdout);
  const same = diff('--fail-over', '0', '--report-format', 'json', report, small);
  expect(same).toMatchObject({ status: 0, stderr: '' });
  const { rows, total } = JSON.parse(same.stdout) as {
    rows: { same: boolean; faults_difference: number }[];
    total: { faults_a: number; faults_b: number };
  };
  expect(total).toMatchObject({ faults_a: 521, faults_b: 521 });
  expect(rows.length).toBeGreaterThan(5);
  expect(rows.filter((row) => !row.same || row.faults_difference !== 0)).toEqual([]);
  const text = diff('--by', 'process', '--sort', 'faults', small, large).stdout;
  expect(text).toContain('521 faults');
  expect(text).toContain('2,322 faults');
  // Per second, as neither says that it is of a command: w.c faults as fast in both.
  expect(text).toContain('per second');
});

test('folded stacks have two columns, which add up to the faults with a stack', () => {
  const [a, b] = ['stacks-fp-6.1', 'stacks-fp-7.2'].map((name) => perfData(scratch, name));
  const { stdout } = diff('--format', 'folded', a!, b!);
  const counts = stdout
    .trimEnd()
    .split('\n')
    .map((line) => /^.+ (\d+) (\d+)$/.exec(line)!);
  const sum = (column: number): number =>
    counts.reduce((total, match) => total + Number(match[column]), 0);
  expect([sum(1), sum(2)]).toEqual([421, 421]);
});

test('a report comes through a pipe, too: its own, or standard input', async () => {
  const report = join(scratch, 'piped.json');
  const args = ['-q', '--report-format', 'json', '-i', perfData(scratch, 'four-6.1')];
  writeFileSync(report, (await analyze(args)).stdout);
  const expected = diff(report, report).stdout.replaceAll(report, 'X');
  expect(expected).toContain('521 faults');
  const script = `${ANALYZER} diff <(cat ${report}) - <${report}`;
  const piped = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
  expect(piped.status).toBe(0);
  expect(piped.stdout.replace(/\/dev\/fd\/\d+/, 'X').replace(' -:', ' X:')).toBe(expected);
  const recording = `${ANALYZER} diff <(cat ${perfData(scratch, 'four-6.1')}) ${report}`;
  const refused = spawnSync('bash', ['-c', recording], { encoding: 'utf8' });
  expect(refused.status).toBe(2);
  expect(refused.stderr).toMatch(/^error: .*of a pipe a JSON report is read.*\n$/);
});

test.each([
  [[], /compares two/],
  [['a'], /compares two/],
  [['a', 'b', 'c'], /compares two/],
  [['a,', 'b'], /is empty/],
  [['--by', 'colour', 'a', 'b'], /--by: 'colour'/],
  [['--fail-over', 'x', 'a', 'b'], /no percentage/],
  [['--fail-over=-5', 'a', 'b'], /no percentage/],
  [['--fail-over', '-5', 'a', 'b'], /'--fail-over' argument is ambiguous \(/],
  [['--no-such', 'a', 'b'], /--no-such/],
  [['--tui', 'a', 'b'], /--tui needs a terminal/],
  [['--tui', '--format', 'folded', 'a', 'b'], /--tui shows what/],
  [['--ascii', 'a', 'b'], /--ascii is of --tui/],
  [['--tui', '--theme', 'pink', 'a', 'b'], /--theme/],
  [['/nonexistent', '/dev/null'], /no such file/i],
  [['/etc/passwd', '/etc/passwd'], /no perf.data file/],
])('%j: one line, and status 2', (args, words) => {
  const { status, stdout, stderr } = diff(...args);
  expect({ status, stdout, lines: stderr.trimEnd().split('\n').length }).toEqual({
    status: 2,
    stdout: '',
    lines: 1,
  });
  expect(stderr).toMatch(words);
});

test('--tui shows both in the dashboard; grouped by another, filtered, written; it is left with its text', async () => {
  const [small, large] = ['four-6.1', 'zstd-6.1'].map((name) => perfData(scratch, name));
  const written = join(scratch, 'shown.csv');
  const terminal = new Tmux(80, 24);
  try {
    const command = quoted([ANALYZER, 'diff', '--tui', '--fail-over', '10', small!, large!]);
    terminal.enter(`${command}; echo status=$?`);
    await terminal.shows(['[1 Regions]', /^ TOTAL .*\+/m, /^>\[anon\] /m, '2,322 faults', 'quit']);
    terminal.keys('Tab');
    await terminal.shows('[2 Call sites]');
    terminal.keys('BTab', '/');
    terminal.type('libc');
    terminal.keys('Enter');
    await terminal.shows(['filter: libc', /^>libc\.so\.6 \.text .*GONE/m]);
    terminal.resize(200, 50);
    await terminal.shows([/│ libc\.so\.6 \.text/, / of \d+ rows; TOTAL is of all/]);
    terminal.keys('w', 'C-u');
    terminal.type(written);
    terminal.keys('Enter');
    await terminal.shows(/rows written to/);
    terminal.keys('q');
    // Of the text that stays, and the verdict that was asked for.
    const text = await terminal.shows('status=1', true);
    expect(text).toMatch(/A +.*four-6\.1\.data: 0\.008 s, 521 faults/);
    expect(text).toMatch(/TOTAL is of all/);
    expect(terminal.state()).toEqual(RESTORED);
  } finally {
    terminal.close();
  }
  const all = diff('--report-format', 'csv', small!, large!).stdout.split('\r\n');
  const shown = readFileSync(written, 'utf8').split('\r\n');
  expect(shown.length).toBeGreaterThan(3);
  expect(new Set(all)).toEqual(new Set([...all, ...shown]));
});
