import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { StreamFile } from '../../../../src/output/files/open';
import { FdWriter } from '../../../../src/output/files/writer';
import type { WriterIo } from '../../../../src/output/files/writer';

const openOutput = (file: string): number => new StreamFile(file).tryOpen()!;

function failing(code: string): () => never {
  return () => {
    throw Object.assign(new Error(code), { code });
  };
}

/** A descriptor that takes what `room` says and EAGAIN beyond; time passes when `tick` is called. */
class FakeIo implements WriterIo {
  room = 0;
  taken = '';
  device = false;
  fail: (() => never) | null = null;
  private timers: (() => void)[] = [];
  write(_fd: number, data: Uint8Array, offset: number, length: number): number {
    this.fail?.();
    const n = Math.min(length, this.room);
    if (n === 0) failing('EAGAIN')();
    this.room -= n;
    this.taken += Buffer.from(data.subarray(offset, offset + n)).toString('latin1');
    return n;
  }
  later(action: () => void): void {
    this.timers.push(action);
  }
  isDevice(): boolean {
    return this.device;
  }
  tick(): void {
    for (const action of this.timers.splice(0)) action();
  }
  get waiting(): number {
    return this.timers.length;
  }
}

test('what a full pipe does not take is written later, in order, from a copy', () => {
  const io = new FakeIo();
  const writer = new FdWriter(1, io);
  const buffer = Buffer.from('abcdef');
  io.room = 2;
  writer.write(buffer);
  buffer.fill('?');
  expect(writer.ready).toBe(false);
  writer.write(Buffer.from('gh'));
  let ready = 0;
  writer.whenReady(() => {
    ready += 1;
  });
  io.room = 3;
  io.tick();
  expect([writer.ready, ready]).toEqual([false, 0]);
  io.room = 100;
  io.tick();
  expect(io.taken).toBe('abcdefgh');
  expect([writer.ready, ready, io.waiting]).toEqual([true, 1, 0]);
});

test('whenReady calls at once when nothing waits', () => {
  const writer = new FdWriter(1, new FakeIo());
  let ready = false;
  writer.whenReady(() => {
    ready = true;
  });
  expect(ready).toBe(true);
});

test.each([
  ['EPIPE', false, 'closed'],
  ['EIO', true, 'closed'],
  ['EIO', false, 'error'],
  ['ENOSPC', false, 'error'],
])('%s (device %s) ends writing as %s and frees who waits', (code, device, kind) => {
  const io = new FakeIo();
  io.device = device;
  const writer = new FdWriter(1, io);
  writer.write(Buffer.from('abc'));
  let ready = false;
  writer.whenReady(() => {
    ready = true;
  });
  io.fail = failing(code);
  io.tick();
  expect(writer.failure).toEqual({ kind, errno: code });
  expect([writer.ready, ready]).toEqual([true, true]);
  // Nothing is kept after a failure.
  writer.write(Buffer.alloc(1 << 20));
  expect(writer.ready).toBe(true);
  expect(io.taken).toBe('');
});

test('an abandoned writer drops what waits and all that follows', () => {
  const io = new FakeIo();
  const writer = new FdWriter(1, io);
  writer.write(Buffer.from('abc'));
  writer.abandon();
  io.room = 100;
  writer.write(Buffer.from('def'));
  io.tick();
  expect(io.taken).toBe('');
  expect(writer.failure?.kind).toBe('stalled');
});

describe('real descriptors', () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'pfa-writer-'));
  afterAll(() => {
    fs.rmSync(dir, { recursive: true });
  });

  test('a full FIFO never blocks and loses nothing', async () => {
    const fifo = path.join(dir, 'fifo');
    execFileSync('mkfifo', [fifo]);
    // Opened for both, a FIFO needs no partner: it stands in for a reader that reads when it likes.
    const reader = fs.openSync(fifo, fs.constants.O_RDWR | fs.constants.O_NONBLOCK);
    const fd = openOutput(fifo);
    const writer = new FdWriter(fd);
    const data = Buffer.alloc(1 << 20, 'abcdefghij');
    // One that blocked would never return: nobody reads yet.
    writer.write(data);
    expect(writer.ready).toBe(false);
    let got = 0;
    const buffer = Buffer.alloc(1 << 16);
    while (!writer.ready || got < data.length) {
      try {
        const n = fs.readSync(reader, buffer);
        expect(buffer.subarray(0, n).equals(data.subarray(got, got + n))).toBe(true);
        got += n;
      } catch (error) {
        expect(error).toMatchObject({ code: 'EAGAIN' });
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    }
    expect(got).toBe(data.length);
    fs.closeSync(fd);
    fs.closeSync(reader);
  });

  test('a reader that leaves is EPIPE, not a signal', () => {
    const fifo = path.join(dir, 'gone');
    execFileSync('mkfifo', [fifo]);
    const reader = fs.openSync(fifo, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    const fd = openOutput(fifo);
    fs.closeSync(reader);
    const writer = new FdWriter(fd);
    writer.write(Buffer.from('x'));
    expect(writer.failure).toEqual({ kind: 'closed', errno: 'EPIPE' });
    fs.closeSync(fd);
  });

  test('/dev/full says ENOSPC', () => {
    const fd = openOutput('/dev/full');
    const writer = new FdWriter(fd);
    writer.write(Buffer.from('x'));
    expect(writer.failure).toEqual({ kind: 'error', errno: 'ENOSPC' });
    fs.closeSync(fd);
  });

  test('a file is emptied; a directory and a missing folder are refused', () => {
    const file = path.join(dir, 'file');
    fs.writeFileSync(file, 'old and longer');
    const fd = openOutput(file);
    new FdWriter(fd).write(Buffer.from('new'));
    fs.closeSync(fd);
    expect(fs.readFileSync(file, 'utf8')).toBe('new');
    expect(() => openOutput(dir)).toThrow('directory');
    expect(() => openOutput(path.join(dir, 'no', 'file'))).toThrow('no such directory');
  });
});
