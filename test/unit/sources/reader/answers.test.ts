import { Buffer } from 'node:buffer';
import { AnswerParser } from '../../../../src/sources/reader/frame';
import {
  elfAnswer,
  pageAnswer,
  tasksAnswer,
  tasksRequest,
  threadsAnswer,
  threadsRequest,
} from '../../../../src/sources/reader/requests';

function frame(errno: number, payload = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32LE(9 + payload.length, 0);
  head.writeUInt32LE(7, 4);
  head.writeUInt8(2, 8);
  head.writeInt32LE(errno, 9);
  return Buffer.concat([head, payload]);
}

test('puts an answer together that comes byte by byte', () => {
  const parser = new AnswerParser();
  const bytes = frame(0, Buffer.alloc(5000, 'x'));
  const frames = Array.from(bytes, (byte) => parser.push(Buffer.from([byte])) ?? []).flat();
  expect(frames).toHaveLength(1);
  expect(frames[0]).toMatchObject({ id: 7, operation: 2, errno: 0 });
  expect(frames[0]!.payload.toString()).toBe('x'.repeat(5000));
});

test.each([-1, -(2 ** 31), 4096, 2 ** 31 - 1])('%d is no errno: that is no answer', (errno) => {
  expect(new AnswerParser().push(frame(errno))).toBeNull();
});

const doubles = (numbers: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(8 * numbers.length);
  numbers.forEach((number, i) => bytes.writeDoubleLE(number, 8 * i));
  return bytes;
};
const u32 = (number: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(number);
  return bytes;
};
const segment = (numbers: readonly number[]): Buffer =>
  Buffer.concat([doubles(numbers), Buffer.from([5])]);
function section(address: number, size: number, name = '.text'): Buffer {
  const tail = Buffer.alloc(3);
  tail.writeUInt16LE(name.length, 1);
  return Buffer.concat([doubles([address, size]), tail, Buffer.from(name)]);
}
/** A program as elf_file.cc answers. */
function program(
  segments: readonly Buffer[],
  sections: readonly Buffer[],
  buildId = Buffer.alloc(0),
): Buffer {
  const stat = Buffer.alloc(41);
  stat[0] = 3;
  const id = buildId.length === 0 ? [] : [Buffer.from([buildId.length]), buildId];
  const counts = [u32(segments.length), u32(sections.length)];
  return Buffer.concat([stat, counts[0]!, ...segments, counts[1]!, ...sections, ...id]);
}

const LOAD = segment([0, 0x1000, 0x2000, 0x3000]);

test('takes a program', () => {
  const told = elfAnswer(program([LOAD], [section(0x1000, 16), section(0x1000, 16, '.bss')]));
  expect(told?.image).toEqual({
    segments: [{ offset: 0, address: 0x1000, fileSize: 0x2000, memSize: 0x3000, prot: 5 }],
    sections: [
      { name: '.text', address: 0x1000, size: 16, nobits: false },
      { name: '.bss', address: 0x1000, size: 16, nobits: false },
    ],
  });
});

test('has the build id of a program, of no other file', () => {
  const ids = [Buffer.from([1, 0xff]), Buffer.alloc(0)].map(
    (id) => elfAnswer(program([LOAD], [], id))!.buildId,
  );
  expect(ids).toEqual(['01ff', '']);
  const stat = Buffer.alloc(41);
  stat[0] = 2;
  expect(elfAnswer(stat)).toMatchObject({ found: 'program', image: null, buildId: null });
});

test('who keeps a program stands behind its build id', () => {
  const keeper = Buffer.concat([u32(77), u32(5)]);
  const kept = { pid: 77, fd: 5 };
  const id = program([LOAD], [], Buffer.from([1, 0xff]));
  expect(elfAnswer(id)).toMatchObject({ buildId: '01ff', kept: null });
  expect(elfAnswer(Buffer.concat([id, keeper]))).toMatchObject({ buildId: '01ff', kept });
  const none = Buffer.concat([program([LOAD], []), Buffer.alloc(1), keeper]);
  expect(elfAnswer(none)).toMatchObject({ buildId: '', kept });
});

test.each([
  ['half of who keeps it', Buffer.concat([program([LOAD], [], Buffer.from([1])), u32(77)])],
  ['a longer build id than is read', program([LOAD], [], Buffer.alloc(65))],
  [
    'a build id of no length',
    Buffer.concat([program([LOAD], [], Buffer.alloc(0)), Buffer.alloc(1)]),
  ],
  ['no number', program([segment([0, NaN, 1, 1])], [])],
  ['an endless segment', program([segment([0, 0, 1, Infinity])], [])],
  ['a negative offset', program([segment([-4096, 0, 1, 1])], [])],
  ['half a byte', program([segment([0, 0.5, 1, 1])], [])],
  ['a sum that is not exact', program([segment([0, 2 ** 53, 1, 1])], [])],
  ['more in the file than in memory', program([segment([0, 0, 2, 1])], [])],
  ['no segment', program([], [section(0x1000, 16)])],
  ['more segments than are read', program(new Array<Buffer>(65).fill(LOAD), [])],
  ['more sections than are read', program([LOAD], new Array<Buffer>(4097).fill(section(1, 1)))],
  ['sections out of order', program([LOAD], [section(0x2000, 16), section(0x1000, 16)])],
  ['an empty section', program([LOAD], [section(0x1000, 0)])],
  ['a longer name than is read', program([LOAD], [section(0x1000, 16, 'x'.repeat(257))])],
  ['something behind it', Buffer.concat([program([LOAD], []), Buffer.alloc(1)])],
  ['a count without the rest', Buffer.concat([program([LOAD], []).subarray(0, -4), u32(4096)])],
])('%s: that is no program', (_, payload) => {
  expect(elfAnswer(payload)).toBeNull();
});

function page(start: bigint, end: bigint, pgoff = 0n): Buffer {
  const bytes = Buffer.alloc(41);
  [start, end, pgoff].forEach((number, i) => bytes.writeBigUInt64LE(number, 8 * i));
  return bytes;
}

test('takes a mapping, also the last of all, and none that cannot be', () => {
  expect(pageAnswer(page(2n ** 52n - 1n, 2n ** 52n))).toMatchObject({ start: 2 ** 52 - 1 });
  for (const [start, end, pgoff] of [
    [5n, 5n, 0n],
    [6n, 5n, 0n],
    [0n, 2n ** 64n - 1n, 0n],
    [0n, 1n, 2n ** 64n - 1n],
  ] as const) {
    expect(pageAnswer(page(start, end, pgoff))).toBeNull();
  }
});

test('takes the texts of processes, and none that is not all of them', () => {
  const told = Buffer.concat([
    u32(2),
    Buffer.from('ab'),
    u32(0),
    u32(0),
    u32(3),
    Buffer.from('0::'),
  ]);
  expect(tasksAnswer(told, 2)).toEqual([
    { status: 'ab', cgroup: '' },
    { status: '', cgroup: '0::' },
  ]);
  for (const payload of [told.subarray(0, -1), Buffer.concat([told, Buffer.alloc(1)])]) {
    expect(tasksAnswer(payload, 2)).toBeNull();
  }
  expect(tasksAnswer(told, 1)).toBeNull();
  expect(tasksAnswer(Buffer.concat([u32(0xffffffff), u32(0)]), 1)).toBeNull();
  expect([...tasksRequest([1, 258])]).toEqual([2, 0, 1, 0, 0, 0, 2, 1, 0, 0]);
});

test('the same of threads of a process', () => {
  const told = Buffer.concat([
    u32(7),
    Buffer.from('running'),
    u32(0),
    u32(0),
    u32(1),
    Buffer.from('s'),
  ]);
  expect(threadsAnswer(told, 2)).toEqual([
    { syscall: 'running', stat: '' },
    { syscall: '', stat: 's' },
  ]);
  expect(threadsAnswer(told, 1)).toBeNull();
  expect(threadsAnswer(told.subarray(0, -1), 2)).toBeNull();
  expect([...threadsRequest(3, [258])]).toEqual([1, 0, 3, 0, 0, 0, 2, 1, 0, 0]);
});
