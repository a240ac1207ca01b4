import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  analyze,
  captureCommand,
  readFaults,
  reportIn,
  startAnalyzer,
  waiting,
} from '../support/analyzer';
import { ANALYZER, withFrames, workload } from '../support/build';
import type { Fault } from '../support/formats';
import { attached, until } from '../support/running';
import { expectSame } from '../support/same';
import { removeScratch, scratchDirectory } from '../support/scratch';

let scratch: string;
let recording: string;
let live: readonly Fault[];
let said: string;

async function replay(file: string): Promise<Fault[]> {
  const out = join(scratch, 'replayed.ndjson');
  const ended = await analyze(['-i', file, '--format', 'ndjson', '-o', out]);
  expect(ended).toMatchObject({ status: 0 });
  return readFaults(out);
}

beforeAll(async () => {
  scratch = scratchDirectory();
  recording = join(scratch, 'churn.data');
  const command = [workload('churn'), '--dir', scratch, '--turns', '500'];
  const capture = await captureCommand(command, scratch, { args: ['--record', recording] });
  expect(capture.report.completeness).toMatchObject({ difference: 0, lost: 0 });
  live = capture.faults;
  said = capture.ended.stderr;
  await replay(recording);
}, 300_000);
afterAll(() => {
  removeScratch(scratch);
});

test('a replay is the live run, byte for byte', () => {
  expect(live.length).toBeGreaterThan(10_000);
  const bytes = (name: string): Buffer => readFileSync(join(scratch, name));
  expect(bytes('replayed.ndjson').equals(bytes('faults.ndjson'))).toBe(true);
});

test.each([
  ['forks and exits', ['cow']],
  ['kinds of memory', ['kinds']],
  ['threads', ['threads', '--sleepers', '100']],
])('%s: the text stream of a replay is that of the live run', async (_, [name, ...options]) => {
  const [file, before, after] = ['run.data', 'live.txt', 'replay.txt'].map((x) => join(scratch, x));
  const command = [workload(name!), ...options, '--dir', scratch];
  await analyze(['--latency', '--record', file!, '-o', before!, '--', ...command]);
  expect(await analyze(['--latency', '-i', file!, '-o', after!])).toMatchObject({ status: 0 });
  const text = readFileSync(before!, 'utf8');
  expect(text.split('\n').length).toBeGreaterThan(50);
  expect(readFileSync(after!, 'utf8')).toBe(text);
});

test('the report of a replay has the rows of the live run', async () => {
  const report = join(scratch, 'report.json');
  const file = join(scratch, 'report.data');
  const args = ['-q', '--report-format', 'json', '--record', file];
  const command = [workload('cow'), '--dir', scratch];
  const { stdout } = await analyze([...args, '--', ...command]);
  const ran = reportIn(await analyze(['-q', '--report-format', 'json', '-i', file])).target;
  expect(ran).toMatchObject({ kind: 'recording', command });
  writeFileSync(
    report,
    stdout.split('\n').find((line) => line.startsWith('{"schema'))!,
  );
  for (const by of ['region', 'cause', 'process']) {
    const { status, stdout: text } = spawnSync(
      ANALYZER,
      ['diff', '--by', by, '--report-format', 'csv', report, file],
      { encoding: 'utf8' },
    );
    expect(status).toBe(0);
    const [header, ...rows] = text
      .trimEnd()
      .split('\r\n')
      .map((line) => line.split(','));
    expect(rows.length).toBeGreaterThan(1);
    for (const row of rows) {
      const value = (column: string): string => row[header!.indexOf(column)]!;
      expect([value('faults_a'), value('presence')]).toEqual([value('faults_b'), 'both']);
      expect(value('stall_a')).toBe(value('stall_b'));
      expect(value('p99_a')).toBe(value('p99_b'));
    }
  }
});

test('what could not be had is said of the recording, too, also of one that was cut off', async () => {
  const file = join(scratch, 'notices.data');
  const args = ['-q', '--engine', 'software', '--record', file];
  const before = await analyze([...args, '--', workload('cow'), '--dir', scratch]);
  const notes = (text: string): string[] =>
    text.split('\n').filter((line) => line.startsWith('note: '));
  expect(notes(before.stderr).length).toBeGreaterThan(0);
  expect(notes((await analyze(['-q', '-i', file])).stderr)).toEqual(notes(before.stderr));
  // As if the analyzer had been killed: without its end, and what stands in the head at last (size of data, features).
  const bytes = readFileSync(file);
  bytes.fill(0, 48, 56);
  bytes.fill(0, 72, 104);
  writeFileSync(file, bytes.subarray(0, bytes.indexOf('{"kind":"end"')));
  const cut = await analyze(['-q', '--report', '-i', file]);
  expect(cut.stderr).toContain('cut off');
  expect(notes(cut.stderr)).toEqual(expect.arrayContaining(notes(before.stderr)));
  expect(cut.stdout).toMatch(/^Complete .*cannot be compared$/m);
});

test('--from and --to keep the faults of a time', async () => {
  const times = live.map(({ time_ns }) => time_ns);
  const [from, to] = [0.25, 0.75].map((part) => times[Math.floor(times.length * part)]!);
  const out = join(scratch, 'part.ndjson');
  const seconds = (ns: number): string => (ns / 1e9).toFixed(9);
  const range = ['--from', seconds(from!), '--to', seconds(to!)];
  await analyze(['-i', recording, ...range, '--format', 'ndjson', '-o', out]);
  expectSame(
    await readFaults(out),
    live.filter(({ time_ns }) => time_ns >= from! && time_ns < to!),
  );
  const { stdout } = await analyze(['-q', '--report-format', 'json', '-i', recording, ...range]);
  expect(JSON.parse(stdout)).toMatchObject({ elapsed_ns: to! - from! });
});

const perf = (...args: string[]): string =>
  execFileSync('perf', args, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'ignore'],
  });

test('perf script has the same faults, in the same order', () => {
  const lines = perf('script', '-i', recording, '-F', 'event,addr').trimEnd().split('\n');
  const found = lines.map((line) => /^\s*(\S+?):\s+([0-9a-f]+)/.exec(line)!);
  expectSame(
    found.map(([, , address]) => `0x${address!}`),
    live.map((fault) => fault.address),
  );
  // A copy whose class was known late stays a minor fault, and the run has said so.
  const minor = ['minor-faults', 'cow-faults'];
  const late = Number(/recording (\d+) copies/.exec(said)?.[1] ?? 0);
  const events: Record<string, readonly string[]> = {
    MAJOR: ['major-faults'],
    MINOR: ['minor-faults'],
    COW: minor,
    ERROR: ['error-faults'],
  };
  const others = live.filter((fault, i) => !(events[fault.class] ?? []).includes(found[i]![1]!));
  expect(others).toEqual([]);
  const copies = live.filter((fault) => fault.class === 'COW').length;
  expect(found.filter(([, event]) => event === 'cow-faults')).toHaveLength(copies - late);
});

test('perf report counts them, also by address', () => {
  const text = perf('report', '-i', recording, '--stdio', '--header');
  const count = (event: string): number =>
    Number(new RegExp(`'${event}'\\n# Event count \\(approx\\.\\): (\\d+)`).exec(text)?.[1] ?? 0);
  expect(count('minor-faults') + count('cow-faults')).toBe(
    live.filter((fault) => fault.class === 'MINOR' || fault.class === 'COW').length,
  );
  const keys = ['--mem-mode', '--sort', 'symbol_daddr,dso_daddr'];
  expect(perf('report', '-i', recording, '--stdio', ...keys)).toMatch(/%.*anon/);
});

test('stackcollapse has one stack for each fault', () => {
  const lines = perf('script', 'report', 'stackcollapse', '-i', recording).trimEnd().split('\n');
  const sum = lines.reduce((total, line) => total + Number(line.split(' ').at(-1)), 0);
  expect(sum).toBe(live.length);
});

test('call stacks are in it where nothing else shows them', async () => {
  const file = join(scratch, 'stacks.data');
  const stacks = ['--stacks', 'fp', '--stack-every', '1'];
  const command = [withFrames('chains'), '--pages', '60'];
  const ended = await analyze(['-q', ...stacks, '--record', file, '--', ...command]);
  expect(ended).toMatchObject({ status: 0 });
  const folded = (await analyze(['-i', file, '--format', 'folded'])).stdout.split('\n');
  const callers = /;main;d20;.*;d3;d2;d1 \d+$/;
  expect(folded.filter((line) => callers.test(line)).length).toBeGreaterThan(0);
  expect(perf('script', '-i', file, '-F', 'ip,sym')).toMatch(/ d1\n.* d2\n.* d3\n/);
});

test('only its owner can read it, also where another file was there', async () => {
  const file = join(scratch, 'mode.data');
  writeFileSync(file, 'what was there before, readable for all', { mode: 0o644 });
  await analyze(['-q', '--record', file, '--', 'true']);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect((await replay(file)).length).toBeGreaterThan(10);
});

test('what processes that are attached to had mapped before is in it', async () => {
  const target = await waiting([workload('churn'), '--dir', scratch, '--turns', '200']);
  const file = join(scratch, 'attached.data');
  const out = join(scratch, 'attached.ndjson');
  const args = ['--record', file, '--format', 'ndjson', '-o', out, '-p', String(target.pid)];
  const tracer = startAnalyzer(args);
  await attached(tracer);
  target.write('\n');
  await target.ended;
  expect((await tracer.ended).status).toBe(0);
  const before = await readFaults(out);
  const after = await replay(file);
  expectSame(
    after.map(({ address, comm }) => [address, comm]),
    before.map(({ address, comm }) => [address, comm]),
  );
  expect(after.filter(({ region }) => region === '[unknown]')).toEqual([]);
});

test('the recording of an analyzer that was killed is whole up to there', async () => {
  const file = join(scratch, 'killed.data');
  const target = await waiting([workload('churn'), '--dir', scratch, '--turns', '4000']);
  const tracer = startAnalyzer(['-q', '--record', file, '-p', String(target.pid)]);
  await attached(tracer);
  target.write('\n');
  await until('a megabyte of it', () => statSync(file).size >= 1 << 20);
  tracer.kill('SIGKILL');
  await tracer.ended;
  target.kill('SIGKILL');
  await target.ended;
  const ended = await analyze(['-q', '--report-format', 'json', '-i', file]);
  expect(ended).toMatchObject({ status: 0 });
  expect(ended.stderr).toContain('cut off');
  expect(reportIn(ended).summary.faults).toBeGreaterThan(5000);
}, 120_000);

test('a full disk ends the recording and not the capture', () => {
  const small = join(scratch, 'small');
  mkdirSync(small);
  const churn = [workload('churn'), '--dir', scratch, '--turns', '600'].join(' ');
  const script =
    `mount -t tmpfs -o size=1m none ${small} && ` +
    `${ANALYZER} -q --report-format json --record ${small}/full.data -- ${churn} >${scratch}/out && ` +
    `${ANALYZER} -q -i ${small}/full.data && ` +
    `perf script -i ${small}/full.data -F event 2>/dev/null | wc -l`;
  const { status, stdout, stderr } = spawnSync('unshare', ['--mount', 'sh', '-c', script], {
    encoding: 'utf8',
  });
  expect(status).toBe(0);
  expect(stderr).toContain('the recording ends early: no space left on device');
  const [, minor] = /minor=(\d+)/.exec(stdout)!;
  expect(Number(minor)).toBeGreaterThan(2000);
  const [summary, scripted] = stdout.trimEnd().split('\n').slice(-2);
  const counts = [...summary!.matchAll(/=(\d+)/g)].map(([, count]) => Number(count));
  expect(Number(scripted)).toBe(counts.reduce((sum, count) => sum + count, 0));
  const report = execFileSync('grep', ['^{"schema', join(scratch, 'out')], { encoding: 'utf8' });
  expect(JSON.parse(report)).toMatchObject({ completeness: { lost: 0, difference: 0 } });
}, 120_000);

test('a limit to the size of files (ulimit -f) ends the recording and not the capture', () => {
  const file = join(scratch, 'limited.data');
  const churn = [workload('churn'), '--dir', scratch, '--turns', '600'].join(' ');
  const script = `ulimit -f 1024; ${ANALYZER} -q --record ${file} -- ${churn}`;
  const { status, stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
  expect(status).toBe(0);
  expect(stderr).toMatch(/the recording ends early: .*large/i);
  expect(stderr).toContain('COMMAND exited with status 0');
  const [, minor] = /minor=(\d+)/.exec(stdout)!;
  const replayed = spawnSync(ANALYZER, ['-q', '-i', file], { encoding: 'utf8' });
  expect(replayed).toMatchObject({ status: 0 });
  const [, kept] = /minor=(\d+)/.exec(replayed.stdout)!;
  expect(Number(kept)).toBeGreaterThan(1000);
  expect(Number(kept)).toBeLessThan(Number(minor));
  const lines = perf('script', '-i', file, '-F', 'event').trimEnd().split('\n');
  const counts = [...replayed.stdout.matchAll(/=(\d+)/g)].map(([, count]) => Number(count));
  expect(lines).toHaveLength(counts.reduce((sum, count) => sum + count, 0));
}, 120_000);

test.each([
  ['plain', []],
  ['compressed', ['--compress']],
])('%s down a pipe: perf and a replay read what the live run saw', async (_, options) => {
  const [before, piped, after] = ['live.txt', 'piped.data', 'replay.txt'].map((name) =>
    join(scratch, name),
  );
  const run = `${ANALYZER} --record - ${options.join(' ')} -o ${before!} -- ${workload('cow')} --dir ${scratch}`;
  spawnSync('sh', ['-c', `${run} 2>/dev/null | cat >${piped!}`]);
  const faults = readFileSync(before!, 'utf8').trimEnd().split('\n').slice(0, -1);
  expect(faults.length).toBeGreaterThan(50);
  const scripted = perf('script', '-i', piped!, '-F', 'event');
  expect(scripted.match(/-faults:/g)).toHaveLength(faults.length);
  expect(await analyze(['-i', piped!, '-o', after!])).toMatchObject({ status: 0 });
  expectSame(readFileSync(after!, 'utf8').trimEnd().split('\n').slice(0, -1), faults);
  const { stdout } = spawnSync(ANALYZER, ['-q', '-i', '-'], { input: readFileSync(piped!) });
  expect(readFileSync(before!, 'utf8').endsWith(`\n${String(stdout)}`)).toBe(true);
});

test('compressed, it is smaller, and the same to perf and to a replay', async () => {
  const file = join(scratch, 'compressed.data');
  const out = join(scratch, 'compressed.ndjson');
  const command = [workload('churn'), '--dir', scratch, '--turns', '500'];
  const args = ['--format', 'ndjson', '-o', out, '--record', file, '--compress', '--', ...command];
  await analyze(args);
  const faults = await readFaults(out);
  expect(statSync(file).size).toBeLessThan(20 * faults.length);
  expectSame(await replay(file), faults);
  const lines = perf('script', '-i', file, '-F', 'event,addr').trimEnd().split('\n');
  expectSame(
    lines.map((line) => `0x${line.trim().split(/\s+/).at(-1)!}`),
    faults.map((fault) => fault.address),
  );
});

test('with a limit the last of it is kept in files that are each whole by themselves', async () => {
  const file = join(scratch, 'turns.data');
  const out = join(scratch, 'turns.ndjson');
  const command = [workload('churn'), '--dir', scratch, '--turns', '4000'];
  const args = ['--format', 'ndjson', '-o', out, '--record', file, '--record-limit', '4M', '--'];
  const ended = await analyze([...args, ...command]);
  expect(ended.stderr).not.toMatch(/recording (ends|lacks)/);
  const before = await readFaults(out);
  const kept: Fault[] = [];
  for (const part of [`${file}.3`, `${file}.2`, `${file}.1`, file]) {
    const faults = await replay(part);
    // The run may end where a file has become full: then nothing is in the next one.
    if (part !== file) expect(faults.length).toBeGreaterThan(0);
    expect(faults.at(-1)?.time_ns ?? 0).toBeLessThan(before.at(-1)!.time_ns);
    const scripted = perf('script', '-i', part, '-F', 'comm,event');
    expect(scripted.match(/^\s*churn\s+\S+-faults:/gm) ?? []).toHaveLength(faults.length);
    expect(statSync(part)).toMatchObject({ mode: 0o100600 });
    kept.push(...faults);
  }
  expect(existsSync(`${file}.4`)).toBe(false);
  expect(before.length).toBeGreaterThan(kept.length);
  const facts = ({ address, tid, comm, region, section, cause, latency_ns }: Fault): unknown => [
    ...[address, tid, comm, region, section, cause, latency_ns],
  ];
  expectSame(kept.map(facts), before.slice(-kept.length).map(facts));
}, 300_000);

test('where a recording cannot go on in another file it ends, and the capture goes on', async () => {
  const file = join(scratch, 'taken.data');
  // The first turn meets them, however few there are.
  for (const taken of ['2', '3']) mkdirSync(join(`${file}.${taken}`, 'in'), { recursive: true });
  const command = [workload('churn'), '--dir', scratch, '--turns', '1500'];
  const ended = await analyze(['-q', '--record', file, '--record-limit', '4M', '--', ...command]);
  expect(ended.stderr).toMatch(/note: the recording ends early: .*taken.data/);
  expect(ended).toMatchObject({ status: 0 });
  expect((await replay(file)).length).toBeGreaterThan(1000);
}, 120_000);

test('who has read enough of a recording ends it quietly', () => {
  const churn = [workload('churn'), '--dir', scratch, '--turns', '100000'].join(' ');
  const { status, stdout, stderr } = spawnSync(
    'bash',
    ['-c', `${ANALYZER} --record - -- ${churn} | head -c 100000 | wc -c; echo \${PIPESTATUS[0]}`],
    { encoding: 'utf8' },
  );
  expect({ status, stdout: stdout.trim().split('\n') }).toEqual({
    status: 0,
    stdout: ['100000', '0'],
  });
  expect(stderr).not.toMatch(/error|recording/);
}, 60_000);

test('a recording has its file to itself, by whatever name', async () => {
  const ran = join(scratch, 'ran-too');
  const file = join(scratch, 'shared.data');
  const link = join(scratch, 'link.data');
  writeFileSync(file, '');
  symlinkSync(file, link);
  for (const other of [file, link]) {
    const ended = await analyze(['--record', file, '-o', other, '--', 'touch', ran]);
    expect(ended).toMatchObject({ status: 2, stdout: '' });
    expect(ended.stderr).toMatch(/^error: .*\n$/);
  }
  expect(existsSync(ran)).toBe(false);
});

test('what is no regular file is refused before COMMAND runs', async () => {
  const fifo = join(scratch, 'fifo');
  execFileSync('mkfifo', [fifo]);
  const ran = join(scratch, 'ran');
  for (const place of [fifo, '/dev/null', scratch, join(scratch, 'no', 'where')]) {
    const ended = await analyze(['-q', '--record', place, '--', 'touch', ran]);
    expect({
      place,
      status: ended.status,
      lines: ended.stderr.trimEnd().split('\n').length,
    }).toEqual({ place, status: 2, lines: 1 });
  }
  expect(existsSync(ran)).toBe(false);
});
