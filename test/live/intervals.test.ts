import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { analyze, reportIn, startAnalyzer, waiting } from '../support/analyzer';
import { ANALYZER, workload } from '../support/build';
import { parseMetrics } from '../support/metrics';
import type { Sample } from '../support/metrics';
import { attached, run, until } from '../support/running';
import { removeScratch, scratchDirectory } from '../support/scratch';

let scratch: string;

beforeAll(() => {
  scratch = scratchDirectory();
});
afterAll(() => {
  removeScratch(scratch);
});

const sum = (samples: readonly Sample[], name: string, labels: object = {}): number =>
  samples
    .filter((one) => one.name === name)
    .filter((one) => Object.entries(labels).every(([label, text]) => one.labels[label] === text))
    .reduce((total, { value }) => total + value, 0);

test('--openmetrics: at the end what the report has; written anew meanwhile', async () => {
  const file = join(scratch, 'faults.prom');
  const target = await waiting([
    workload('family'),
    '--workers',
    '2',
    '--children',
    '1',
    '--pages',
    '64',
  ]);
  const tracer = startAnalyzer([
    ...['-q', '--report-format', 'json', '--openmetrics', file, '--interval', '0.25'],
    ...['-p', String(target.pid)],
  ]);
  await attached(tracer);
  expect(statSync(file).mode & 0o777).toBe(0o644);
  const first = statSync(file).ino;
  // As long as somebody has it open no other file gets its number.
  const held = openSync(file, 'r');
  target.write('\n');
  await until('counters of the workers', () => {
    const samples = parseMetrics(readFileSync(file, 'utf8'));
    return sum(samples, 'pagefault_faults_total', { command: 'family' }) > 64;
  });
  expect(statSync(file).ino).not.toBe(first);
  closeSync(held);
  target.closeInput();
  await target.ended;
  const end = await tracer.ended;
  const { summary, completeness, totals } = reportIn(end);
  const samples = parseMetrics(readFileSync(file, 'utf8'));
  for (const name of ['major', 'minor', 'cow', 'error']) {
    expect(sum(samples, 'pagefault_faults_total', { class: name })).toBe(summary[name]);
  }
  expect(sum(samples, 'pagefault_causes_total')).toBe(summary.faults);
  expect(sum(samples, 'pagefault_lost_total')).toBe(completeness.lost);
  expect(sum(samples, 'pagefault_stall_seconds_total')).toBeCloseTo(
    Number(totals.stall_ns) / 1e9,
    6,
  );
  expect(existsSync(join(scratch, '.faults.prom.pagefault-analyzer.tmp'))).toBe(false);
});

test('--openmetrics where nothing can be written: one line, and no COMMAND has run', async () => {
  const ran = join(scratch, 'ran');
  const place = join(scratch, 'none', 'a.prom');
  const kept = join(scratch, 'kept');
  writeFileSync(kept, 'of an earlier run');
  const end = await analyze(['-o', kept, '--openmetrics', place, 'mkdir', ran]);
  expect(readFileSync(kept, 'utf8')).toBe('of an earlier run');
  expect(end.stderr).toMatch(/^error: cannot write to .*none\/a\.prom: .*\n$/);
  expect(end.status).toBe(2);
  expect(existsSync(ran)).toBe(false);
});

test('--openmetrics where the file cannot be written any more: said, and the run goes on', async () => {
  const directory = join(scratch, 'gone');
  mkdirSync(directory);
  const end = await analyze([
    ...['-q', '--openmetrics', join(directory, 'a.prom'), '--interval', '0.25'],
    ...['--', 'rm', '-r', directory],
  ]);
  expect(end.stdout).toMatch(/^Summary: /);
  expect(end.stderr).toMatch(/^note: cannot write to .*gone\/a\.prom: no such directory$/m);
  expect(end.stderr).toMatch(/^error: cannot write to .*gone\/a\.prom: no such directory$/m);
  expect(end.status).toBe(1);
});

test('--batch: a table every interval, with what -d and the report have', async () => {
  const file = join(scratch, 'tables.ndjson');
  const end = await analyze([
    ...[
      '--batch',
      '--interval',
      '0.25',
      '--format',
      'ndjson',
      '-o',
      file,
      '--report-format',
      'json',
    ],
    ...['--', workload('family'), '--workers', '2', '--children', '1', '--pages', '64'],
  ]);
  const report = reportIn(end);
  const rows = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, number>);
  expect(rows.length).toBeGreaterThan(0);
  // What a process had in the last table that it was in is what it had in all.
  const last = new Map(rows.map((row) => [row.pid, row.faults]));
  for (const { pid, faults } of report.processes) expect(last.get(pid as number)).toBe(faults);
  const times = rows.map(({ time_ns: time }) => time!);
  expect([...times].sort((a, b) => a - b)).toEqual(times);
});

test('--batch | head -1: a quiet end', async () => {
  const ended = await run([
    'bash',
    '-c',
    '"$0" --batch --interval 0.25 -- sleep 1000 | head -1; echo "status ${PIPESTATUS[0]}"',
    ANALYZER,
  ]);
  expect(ended.stdout).toMatch(/^\d{4}-.* sleep 1000 .*\nstatus 0\n$/);
  expect(ended.stderr).toBe('');
});

test('--batch where the disk is full: said, and COMMAND is ended', async () => {
  const end = await analyze([
    ...['--batch', '--interval', '0.25', '-o', '/dev/full', '--', 'sleep', '1000'],
  ]);
  expect(end.stderr).toMatch(/^error: cannot write to \/dev\/full: .*no space left/m);
  expect(end.status).toBe(1);
});

test('--batch on stdout: text, and the summary at the end', async () => {
  const { stdout, status } = await analyze([
    '--batch',
    '--by',
    'name',
    '-d',
    '0.6',
    '--interval',
    '0.25',
    'sleep',
    '9',
  ]);
  expect(status).toBe(0);
  expect(stdout).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z {2}sleep 9 {2}/);
  expect(stdout).toMatch(/COMMAND +PROCS +MAJ\/s/);
  expect(stdout).toMatch(/\nSummary: major=\d+ minor=\d+ cow=\d+\n$/);
});
