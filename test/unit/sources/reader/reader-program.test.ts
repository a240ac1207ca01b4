import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { startReader } from '../../../../src/sources/reader/child';
import type { ReaderChild } from '../../../../src/sources/reader/child';
import { AnswerParser, requestFrame } from '../../../../src/sources/reader/frame';
import type { Frame } from '../../../../src/sources/reader/frame';
import { until } from '../../../support/running';
import { Operation } from '../../../../src/sources/reader/operations';
import {
  type ThreadTexts,
  threadsAnswer,
  threadsRequest,
} from '../../../../src/sources/reader/requests';
import { Readers } from '../../../../src/sources/reader/readers';
import { readerPath } from '../../../../src/native/load';

const noteless = {
  note: (text: string) => {
    throw new Error(text);
  },
  isRunning: () => true,
  nowMs: () => performance.now(),
};
const readers = new Readers({ start: startReader(readerPath()), ...noteless });
afterAll(() => {
  readers.close();
});

function ask(operation: number, payload: Uint8Array): Promise<Frame> {
  return new Promise((resolve, reject) => {
    readers.ask({
      operation,
      subject: '',
      payload,
      answered: (answer) => {
        if (typeof answer === 'object') resolve(answer);
        else reject(new Error(answer));
      },
    });
  });
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

const mappings = (maps: string): string[] =>
  maps.split('\n').flatMap((line) => (line.includes('/') ? [line.split(/ +/)[5]!] : []));

test('maps and command line of a process', async () => {
  const child = spawn('sh', ['-c', 'echo; read -r end', 'x y'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  await once(child.stdout, 'data');
  const maps = await ask(Operation.MAPS, u32(child.pid!));
  expect(maps.errno).toBe(0);
  expect(maps.payload.toString()).toBe(readFileSync(`/proc/${child.pid}/maps`, 'utf8'));
  const line = await ask(Operation.CMDLINE, u32(child.pid!));
  expect(line.payload.toString()).toBe('sh\0-c\0echo; read -r end\0x y\0');
  child.kill();
  await once(child, 'exit');
  expect((await ask(Operation.MAPS, u32(child.pid!))).errno).toBe(2);
});

test('what threads do, each by itself, and the mounts of a process', async () => {
  const child = spawn('cat', { stdio: ['pipe', 'pipe', 'ignore'] });
  child.stdin.write('x');
  await once(child.stdout, 'data');
  const pid = child.pid!;
  const gone = 0x3fffff;
  const look = async (): Promise<readonly ThreadTexts[]> => {
    const request = threadsRequest(pid, [pid, gone]);
    const { errno, payload } = await ask(Operation.THREADS, request);
    expect(errno).toBe(0);
    return threadsAnswer(payload, 2)!;
  };
  await until('cat to read', () => readFileSync(`/proc/${pid}/syscall`, 'utf8').startsWith('0 '));
  const [own, other] = await look();
  expect(own!.syscall).toBe(readFileSync(`/proc/${pid}/syscall`, 'utf8'));
  expect(own!.stat).toMatch(new RegExp(`^${pid} \\(cat\\) S `));
  expect(other).toEqual({ syscall: '', stat: '' });
  const mounts = await ask(Operation.MOUNTS, u32(pid));
  expect(mounts.payload.toString()).toBe(readFileSync(`/proc/${pid}/mountinfo`, 'utf8'));
  child.kill();
  await once(child, 'exit');
  expect((await ask(Operation.MOUNTS, u32(pid))).errno).toBe(2);
});

test('of a process without userfaultfd nothing is registered', async () => {
  const { errno, payload } = await ask(Operation.GUARDS, u32(process.pid));
  expect([errno, ...payload]).toEqual([0, 0]);
  expect((await ask(Operation.GUARDS, u32(0x7fffffff))).errno).toBe(2);
});

test('what smaps says of one mapping', async () => {
  const pageOf = (address: string): Buffer => {
    const request = Buffer.alloc(12);
    request.writeUInt32LE(process.pid);
    request.writeBigUInt64LE(BigInt(`0x${address}`) >> 12n, 4);
    return request;
  };
  const smaps = readFileSync('/proc/self/smaps', 'utf8').split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
  // The program itself: its mappings stay where they are.
  const own = smaps.filter((entry) => entry.includes(process.execPath));
  expect(own.length).toBeGreaterThan(2);
  const fixed = /^(Size|THPeligible|VmFlags):.*$/gm;
  for (const entry of own) {
    const range = /^[0-9a-f]+-([0-9a-f]+) .*$/m.exec(entry)!;
    const last = (BigInt(`0x${range[1]!}`) - 1n).toString(16);
    const { errno, payload } = await ask(Operation.MEMORY, pageOf(last));
    expect(errno).toBe(0);
    const [enabled, , size, first, ...lines] = payload.toString().split('\n');
    expect(enabled).toBe(
      readFileSync('/sys/kernel/mm/transparent_hugepage/enabled', 'utf8').trim(),
    );
    expect(Number(size)).toBeGreaterThan(0);
    expect(first).toBe(range[0]);
    expect(lines.join('\n').match(fixed)).toEqual(entry.match(fixed));
  }
  expect((await ask(Operation.MEMORY, pageOf('1000'))).errno).toBe(2);
});

test('large answers arrive whole', async () => {
  const own = await ask(Operation.MAPS, u32(process.pid));
  const files = new Set(mappings(own.payload.toString()));
  for (const file of mappings(readFileSync('/proc/self/maps', 'utf8'))) {
    expect(files).toContain(file);
  }
});

test('what is not understood is an error of that request alone', async () => {
  expect((await ask(200, u32(1))).errno).toBe(38); // ENOSYS
  expect((await ask(Operation.MAPS, Buffer.alloc(3))).errno).toBe(22); // EINVAL
  expect((await ask(Operation.MAPS, Buffer.alloc(5))).errno).toBe(22);
  expect((await ask(Operation.THREADS, Buffer.from([1, 0, 1, 0, 0, 0]))).errno).toBe(22);
  expect((await ask(Operation.MAPS, u32(process.pid))).errno).toBe(0);
});

/** The program with pipes of the test's own. */
function raw(): ChildProcess {
  return spawn(readerPath(), { stdio: ['pipe', 'pipe', 'inherit'] });
}

test('ends with its input, in the middle of a request too', async () => {
  for (const sent of ['', '\x05', '\x05\0\0\0\x01\0']) {
    const child = raw();
    child.stdin!.end(sent);
    expect(await once(child, 'exit')).toEqual([0, null]);
  }
});

test('ends at a frame that is none', async () => {
  for (const length of [0, 4, 0xffffffff, 70_000]) {
    const child = raw();
    child.stdin!.write(u32(length));
    expect(await once(child, 'exit')).toEqual([0, null]);
  }
});

test('has default signals, a session and nothing open but its pipes', async () => {
  let child: ReaderChild | null = null;
  const started = new Promise<void>((resolve, reject) => {
    child = startReader(readerPath())({
      onAnswer: () => {
        resolve();
      },
      onBroken: reject,
      onHeard: () => undefined,
      onGone: () => undefined,
    });
    // An answer means that it has set itself up.
    child.send(requestFrame(1, Operation.CMDLINE, u32(process.pid))!);
  });
  await started;
  const { pid } = child!;
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  for (const set of ['SigBlk', 'SigIgn', 'SigCgt']) {
    expect(status).toMatch(new RegExp(`^${set}:\\t0+$`, 'm'));
  }
  expect(status).toMatch(/^FDSize:\t\d+$/m);
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  expect(Number(stat[3])).toBe(pid); // session
  expect(readdirSync(`/proc/${pid}/fd`).sort()).toEqual(['0', '1', '2']);
  child!.kill();
});

describe('answers in pieces', () => {
  const frame = (id: number, text: string, length = 9 + text.length): Buffer => {
    const bytes = Buffer.alloc(13 + text.length);
    bytes.writeUInt32LE(length, 0);
    bytes.writeUInt32LE(id, 4);
    bytes.writeUInt8(7, 8);
    bytes.writeInt32LE(id % 3, 9);
    bytes.write(text, 13);
    return bytes;
  };

  test.each([1, 2, 3, 5, 13, 64, 1000])('of %d bytes', (size) => {
    const texts = ['', 'a', 'b'.repeat(100), 'c'];
    const all = Buffer.concat(texts.map((text, i) => frame(i, text)));
    const parser = new AnswerParser();
    const found: Frame[] = [];
    for (let at = 0; at < all.length; at += size) {
      found.push(...parser.push(all.subarray(at, at + size))!);
    }
    expect(found.map(({ id, errno, payload }) => [id, errno, payload.toString()])).toEqual(
      texts.map((text, i) => [i, i % 3, text]),
    );
  });

  test('lengths that no answer has', () => {
    expect(new AnswerParser().push(frame(1, 'x', 8))).toBeNull();
    expect(new AnswerParser().push(frame(1, 'x', (64 << 20) + 1))).toBeNull();
  });
});
