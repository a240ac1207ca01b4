import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ReplaySession } from '../../src/sources/recording/replay-session';
import { analyze, analyzerCommand, readFaults, reportIn } from '../support/analyzer';
import { ANALYZER, ROOT, workload } from '../support/build';
import type { Fault } from '../support/formats';
import { perfData } from '../support/perf-data';
import { Running, until } from '../support/running';
import { removeScratch, scratchDirectory } from '../support/scratch';

let scratch: string;
beforeAll(() => {
  scratch = scratchDirectory();
});
afterAll(() => {
  removeScratch(scratch);
});

/** Every fault of a recording. */
async function faultsOf(recording: string, args: readonly string[] = []): Promise<Fault[]> {
  const out = join(scratch, 'faults.ndjson');
  const ended = await analyze(['-i', recording, '--format', 'ndjson', '-o', out, ...args]);
  expect({ status: ended.status, error: ended.stderr.includes('error') }).toEqual({
    status: 0,
    error: false,
  });
  return readFaults(out);
}

const sumOf = (faults: readonly Fault[]): string =>
  `0x${BigInt.asUintN(
    64,
    faults.reduce((sum, { address }) => sum + BigInt(address), 0n),
  ).toString(16)}`;

// Counted record by record; perf script of 6.1 agrees where it reads the file (fixtures/perfdata/README.md).
test.each([
  ['four-5.10', 518, '0xfbbc6c2d9ba052'],
  ['four-6.1', 521, '0xfbcc1fc5576a4a'],
  ['four-6.12', 520, '0xfc4fd545d99673'],
  ['four-7.2', 522, '0xfdaa21177ed9fa'],
  ['unmap-6.1', 522, '0xfc60b255990a97'],
  ['unmap-7.2', 520, '0xfcec1b3d3fdf93'],
  ['stacks-fp-6.1', 421, '0xcb13891aa28c30'],
  ['stacks-fp-7.2', 421, '0xcacc091e8c7388'],
  ['software-6.1', 519, '0xfbd84b27ec425a'],
  ['per-thread-6.1', 362, '0xad6351d1563163'],
  ['pipe-6.1', 517, '0xfb8e452a88b32b'],
  ['killed-6.1', 1756, '0x367042c30862e92'],
  ['cut-6.1', 331, '0xa377f2eecca466'],
])('%s: %d faults, at their addresses', async (name, count, sum) => {
  const faults = await faultsOf(perfData(scratch, name));
  expect({ count: faults.length, sum: sumOf(faults) }).toEqual({ count, sum });
});

test.each([
  ['zstd-6.1', 2322],
  ['without-d-6.1', 521],
])('%s: %d faults, each with the address of its entry', async (name, count) => {
  const faults = await faultsOf(perfData(scratch, name));
  expect(faults).toHaveLength(count);
  expect(faults.filter(({ latency_ns }) => latency_ns !== null)).toHaveLength(count);
  expect(faults.filter(({ address }) => BigInt(address) === 0n)).toEqual([]);
});

/** `perf script` of what it recorded itself: completions with their entry's error code, in order. */
function scripted(recording: string): { address: string; code: number }[] {
  const text = execFileSync('perf', ['script', '-i', recording, '-F', 'event,tid,addr,trace'], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const open = new Map<string, number>();
  const faults: { address: string; code: number }[] = [];
  for (const line of text.split('\n')) {
    const entry = /^\s*(\d+) .*page_fault_(?:user|kernel):.*error_code=0x([0-9a-f]+)/.exec(line);
    if (entry !== null) open.set(entry[1]!, parseInt(entry[2]!, 16));
    const done = /^\s*(\d+) .*(?:minor|major)-faults\S*\s+([0-9a-f]+)/.exec(line);
    if (done !== null) faults.push({ address: `0x${done[2]!}`, code: open.get(done[1]!) ?? -1 });
  }
  return faults;
}

test('classes and addresses are those of perf script', async () => {
  const recording = perfData(scratch, 'unmap-6.1');
  const faults = await faultsOf(recording);
  const expected = scripted(recording);
  expect(faults.map(({ address }) => address)).toEqual(expected.map(({ address }) => address));
  // Present and written to: in this program all of it is private.
  const copied = faults.filter((_, i) => (expected[i]!.code & 3) === 3);
  expect(copied.length).toBeGreaterThan(64);
  expect(new Set(copied.map((fault) => fault.class))).toEqual(new Set(['COW']));
  const read = faults.filter((_, i) => (expected[i]!.code & 2) === 0);
  expect(read.filter((fault) => fault.class === 'COW')).toEqual([]);
});

const EVENTS = [
  ...['minor-faults', 'major-faults', 'exceptions:page_fault_user'],
  'exceptions:page_fault_kernel',
  ...['enter_munmap', 'exit_munmap', 'enter_mremap', 'exit_mremap', 'exit_brk'].map(
    (name) => `syscalls:sys_${name}`,
  ),
].join(',');

test('what perf records now has the labels of a live run, mapping by mapping', async () => {
  const recording = join(scratch, 'churn.data');
  const command = [workload('churn'), '--dir', scratch, '--turns', '300'];
  const perf = ['record', '-q', '-c', '1', '-d', '-m', '8M', '-e', EVENTS, '-o', recording];
  const { stdout } = spawnSync('perf', [...perf, '--', ...command], { encoding: 'utf8' });
  const faults = await faultsOf(recording);
  expect(faults.map(({ address }) => address)).toEqual(
    scripted(recording).map(({ address }) => address),
  );
  const line = stdout.split('\n').find((text) => text.includes('"sequences"'))!;
  const { sequences } = JSON.parse(line) as {
    sequences: { way: string; tid: number; start: string; end: string; faults: number }[];
  };
  expect(sequences.length).toBeGreaterThan(0);
  for (const { tid, start, end, faults: count } of sequences) {
    const own = faults.filter(
      (fault) =>
        fault.tid === tid &&
        BigInt(fault.address) >= BigInt(start) &&
        BigInt(fault.address) < BigInt(end),
    );
    expect(own.length).toBeGreaterThanOrEqual(count);
    expect(own.filter(({ region }) => region === '[unknown]')).toEqual([]);
  }
}, 300_000);

test('what a recording cannot tell is said', async () => {
  const saidOf = async (name: string): Promise<string> =>
    (await analyze(['-q', '-i', perfData(scratch, name)])).stderr;
  expect(await saidOf('default-6.1')).toContain('not every fault was recorded');
  expect(await saidOf('software-6.1')).toContain('COW, access and ERROR cannot be told');
  expect(await saidOf('four-6.1')).toContain('labels may be those of mappings that are gone');
  expect(await saidOf('without-d-6.1')).toContain('recorded without -d');
  expect(await saidOf('per-thread-6.1')).toContain('recorded without times');
  expect(await saidOf('killed-6.1')).toContain('cut off');
  expect(await saidOf('default-6.1')).toContain('perf record -c 1 -d -e');
});

test('a recording comes through a pipe, for anybody', () => {
  const recording = perfData(scratch, 'pipe-6.1');
  const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
  const { stdout, status } = spawnSync(
    asNobody[0]!,
    [...asNobody.slice(1), ANALYZER, '-q', '-i', '-'],
    { input: readFileSync(recording), encoding: 'utf8' },
  );
  expect({ status, stdout }).toEqual({ status: 0, stdout: 'Summary: major=0 minor=417 cow=100\n' });
});

test('the report says what it is of', async () => {
  const recording = perfData(scratch, 'unmap-6.1');
  const ended = await analyze(['-q', '--report-format', 'json', '-i', recording]);
  expect(reportIn(ended)).toMatchObject({
    target: { kind: 'recording', recording },
    summary: { faults: 522, minor: 420, cow: 102 },
  });
});

test('what is no recording costs one clear line', async () => {
  const file = join(scratch, 'broken');
  const whole = readFileSync(perfData(scratch, 'four-6.1'));
  const changed = (at: number, value: bigint): Buffer => {
    const copy = Buffer.from(whole);
    copy.writeBigUInt64LE(value, at);
    return copy;
  };
  const cases: readonly (readonly [Buffer, RegExp])[] = [
    [Buffer.alloc(0), /it is empty/],
    [Buffer.from('#!/bin/sh\nexit 0\n'), /it is no perf.data file/],
    [Buffer.from(whole.subarray(0, 8)).reverse(), /it is no perf.data file/],
    [Buffer.concat([Buffer.from('2ELIFREP'), whole.subarray(8)]), /the other byte order/],
    [whole.subarray(0, 90), /its head is damaged/],
    [changed(16, 2n ** 64n - 1000n), /its head is damaged/],
    [changed(24, 2n ** 64n - 1000n), /its head is damaged/],
    [changed(32, 3n), /its head is damaged/],
  ];
  for (const [bytes, words] of cases) {
    writeFileSync(file, bytes);
    const { status, stderr, stdout } = await analyze(['-q', '-i', file]);
    expect({ status, stdout, lines: stderr.trimEnd().split('\n').length }).toEqual({
      status: 2,
      stdout: '',
      lines: 1,
    });
    expect(stderr).toMatch(words);
  }
  for (const path of [scratch, join(scratch, 'nowhere')]) {
    expect(await analyze(['-i', path])).toMatchObject({ status: 2, stdout: '' });
  }
});

test('sizes that no file has change nothing of what is there', async () => {
  const file = join(scratch, 'sizes');
  const whole = readFileSync(perfData(scratch, 'four-6.1'));
  for (const size of [2n ** 40n, 2n ** 64n - 1000n]) {
    const copy = Buffer.from(whole);
    copy.writeBigUInt64LE(size, 48);
    writeFileSync(file, copy);
    expect(await faultsOf(file)).toHaveLength(521);
  }
});

test('ids that many events claim are taken once', async () => {
  const whole = readFileSync(perfData(scratch, 'four-6.1'));
  const number = (at: number): number => Number(whole.readBigUInt64LE(at));
  const [attrSize, attrsAt, attrsSize] = [number(16), number(24), number(32)];
  const ids = 32 << 20;
  const many = 200;
  const hole = whole.length + attrsSize + many * attrSize;
  const claim = Buffer.from(whole.subarray(attrsAt, attrsAt + attrSize));
  claim.writeBigUInt64LE(BigInt(hole), attrSize - 16);
  claim.writeBigUInt64LE(BigInt(ids), attrSize - 8);
  const head = Buffer.from(whole);
  head.writeBigUInt64LE(BigInt(whole.length), 24);
  head.writeBigUInt64LE(BigInt(hole - whole.length), 32);
  const attrs = whole.subarray(attrsAt, attrsAt + attrsSize);
  const file = join(scratch, 'claims');
  writeFileSync(file, Buffer.concat([head, attrs, ...Array<Buffer>(many).fill(claim)]));
  truncateSync(file, hole + ids);
  expect(await faultsOf(file)).toHaveLength(521);
});

/** The process that reads for an analyzer. */
const readerOf = (pid: number): Promise<number> =>
  until('a process that reads', () => {
    const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
    return child === undefined || child === '' ? undefined : Number(child);
  });

const fifoIn = (name: string): string => {
  const fifo = join(scratch, name);
  execFileSync('mkfifo', [fifo]);
  return fifo;
};

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s while a recording has not come yet: nothing is in it',
  async (signal) => {
    const analyzer = new Running(analyzerCommand(['-q', '-i', fifoIn(signal)]));
    const reader = await readerOf(analyzer.pid);
    analyzer.kill(signal);
    expect(await analyzer.ended).toEqual({
      status: 0,
      signal: null,
      stdout: 'Summary: major=0 minor=0 cow=0\n',
      stderr: '',
    });
    await until('its end', () => !existsSync(`/proc/${reader}`));
  },
);

test('what waits for the writer of a FIFO ends with the analyzer', async () => {
  const analyzer = new Running(analyzerCommand(['-q', '-i', fifoIn('orphan')]));
  const reader = await readerOf(analyzer.pid);
  await until(
    'it to wait',
    () => readFileSync(`/proc/${reader}/comm`, 'utf8') === 'pagefault-repla\n',
  );
  const told = (name: string): string => readFileSync(`/proc/${reader}/${name}`, 'utf8');
  // Asleep in openat(2), which no other file of it makes wait.
  await until(
    'it to wait',
    () => told('stat').includes(') S ') && told('syscall').startsWith('257 '),
  );
  analyzer.kill('SIGKILL');
  await until('its end', () => !existsSync(`/proc/${reader}`));
});

test('the process that reads does not wait for a FIFO where its analyzer has died before', () => {
  const script = [
    'import socket, subprocess, sys',
    'ours, theirs = socket.socketpair()',
    'ours.close()',
    'print(subprocess.run(sys.argv[1:], stdout=theirs, timeout=60).returncode)',
  ].join('\n');
  const reader = join(ROOT, 'build', 'Release', 'pagefault-replay');
  const ran = spawnSync('python3', ['-c', script, reader, fifoIn('unheard')], { encoding: 'utf8' });
  expect(ran).toMatchObject({ status: 0, stdout: '0\n' });
});

test('what a terminal sends to all in the foreground does not reach the process that reads', async () => {
  const analyzer = new Running(analyzerCommand(['-q', '-i', fifoIn('group')]));
  const reader = await readerOf(analyzer.pid);
  const groupOf = (pid: number): string =>
    execFileSync('ps', ['-o', 'pgid=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  await until('a group of its own', () => groupOf(reader) !== groupOf(analyzer.pid));
  analyzer.kill('SIGINT');
  expect(await analyzer.ended).toMatchObject({ status: 0, stderr: '' });
});

test('that a recording is stopped before its end is no trouble of it', async () => {
  const session = await ReplaySession.open({
    file: perfData(scratch, 'zstd-6.1'),
    onWake: () => undefined,
    onFact: () => undefined,
  });
  session.stop();
  await until('its end', () => session.end !== null);
  expect(session.end).toMatchObject({ died: false });
});

test('-o does not write over what is read, by whatever name', async () => {
  const recording = perfData(scratch, 'four-6.1');
  const before = readFileSync(recording);
  const link = join(scratch, 'link.data');
  symlinkSync(recording, link);
  for (const name of [recording, link]) {
    const ended = await analyze(['-i', recording, '-o', name]);
    expect(ended).toMatchObject({ status: 2, stdout: '' });
    expect(ended.stderr).toMatch(/^error: .*(is one file|the recording that is read).*\n$/);
  }
  expect(readFileSync(recording).equals(before)).toBe(true);
});

test('behind the end of a recording there is nothing, for no time', async () => {
  const recording = perfData(scratch, 'four-6.1');
  const args = ['-q', '--report-format', 'json', '--from', '1000', '-i', recording];
  const report = reportIn(await analyze(args));
  expect(report).toMatchObject({ elapsed_ns: 0, summary: { faults: 0 } });
});
