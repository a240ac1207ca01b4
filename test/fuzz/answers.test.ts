import { Buffer } from 'node:buffer';
import type { ReaderChild, ReaderEvents } from '../../src/sources/reader/child';
import { Guards } from '../../src/sources/live/guards';
import { AnswerParser } from '../../src/sources/reader/frame';
import type { NamedPlace } from '../../src/sources/reader/names';
import { parseCgroupFacts } from '../../src/sources/proc/memory-parse';
import { Operation } from '../../src/sources/reader/operations';
import { modulesRequest } from '../../src/sources/reader/stacks';
import type { Unwound } from '../../src/sources/reader/stacks';
import { Readers } from '../../src/sources/reader/readers';
import { TargetReader } from '../../src/sources/reader/target-reader';
import { bssSpansBehind, ImageSpans, segmentOf } from '../../src/core/elf/section-spans';
import { SectionSet } from '../../src/core/elf/section-set';
import type { ElfImage } from '../../src/core/elf/elf';
import { VmaMap } from '../../src/core/vma/vma-map';
import { VmaPool } from '../../src/core/vma/vma-pool';
import { alone, vma } from '../support/vma-kit';
import { SEED, amount, tell } from './support/amount';
import { Mutator } from './support/mutator';
import { Slowest } from './support/slowest';

/** Numbers of the protocol, little-endian: width in bytes and value; F64 for a double. */
type Field = readonly [width: 1 | 2 | 4 | 8 | 'F64', value: number];

function packed(...fields: Field[]): Buffer {
  return Buffer.concat(
    fields.map(([width, value]) => {
      const bytes = Buffer.alloc(width === 'F64' ? 8 : width);
      if (width === 'F64') bytes.writeDoubleLE(value);
      else if (width === 8) bytes.writeBigUInt64LE(BigInt(value));
      else bytes.writeUIntLE(value, 0, width);
      return bytes;
    }),
  );
}

const text = Buffer.from('00400000-00401000 r-xp 00000000 fe:00 11 /srv/program\n');
const segment: readonly Field[] = [
  ['F64', 0],
  ['F64', 0x1000],
  ['F64', 0x2000],
  ['F64', 0x3000],
  [1, 5],
];

function section(name: string, address: number): Buffer {
  return Buffer.concat([
    packed(['F64', address], ['F64', 0x800], [1, 0], [2, name.length]),
    Buffer.from(name),
  ]);
}

/** A valid payload of each operation. */
const PAYLOADS: Readonly<Record<number, Buffer>> = {
  [Operation.MAPS]: text,
  [Operation.CMDLINE]: Buffer.from('/srv/program\0--flag\0\xff\0'),
  [Operation.PAGE]: Buffer.concat([
    packed([8, 0x400], [8, 0x401], [8, 0], [8, 11], [4, 8], [4, 1], [1, 5]),
    Buffer.from('/srv/program'),
  ]),
  [Operation.ELF]: Buffer.concat([
    packed([1, 3], [8, 1], [8, 11], [8, 8192], [8, 5], [8, 5]),
    packed([4, 2], ...segment, ...segment, [4, 2]),
    section('.text', 0x1000),
    section('.bss', 0x3000),
  ]),
  [Operation.GUARDS]: packed(
    [1, 1],
    [8, 0x400],
    [8, 0x500],
    [1, 1],
    [8, 0x600],
    [8, 0x601],
    [1, 2],
  ),
  [Operation.SIZE]: packed([8, 4096], [8, 4096]),
  [Operation.SERVERS]: Buffer.concat([
    packed([4, 7], [4, 8], [1, 1], [2, 4]),
    Buffer.from('main'),
    packed([2, 4]),
    Buffer.from('part'),
  ]),
  [Operation.NAMES]: Buffer.concat([
    packed([4, 2], [2, 4]),
    Buffer.from('main'),
    packed([2, 6]),
    Buffer.from('main.c'),
    packed([4, 0], [1, 1], [4, 1], [8, 4], [4, 2], [4, 7], [4, 0], [1, 0]),
  ]),
  [Operation.TASKS]: Buffer.concat([
    packed([4, 2]),
    Buffer.from('ab'),
    packed([4, 3]),
    Buffer.from('0::'),
  ]),
  [Operation.CGROUP]: Buffer.concat([
    packed([4, 2]),
    Buffer.from('9\n'),
    packed([4, 0], [4, 0], [8, 4096]),
  ]),
  [Operation.UNWIND]: packed([1, 1], [1, 2], [8, 0x401000], [8, 0x402000], [1, 0], [1, 1], [8, 7]),
};
const OPERATIONS = Object.keys(PAYLOADS).map(Number);

function answer(id: number, operation: number, errno: number, payload: Buffer): Buffer {
  return Buffer.concat([
    packed([4, 9 + payload.length], [4, id], [1, operation], [4, errno]),
    payload,
  ]);
}

/** What is done with an image: for every mapping of the file, in the loop over faults. */
function useImage(image: ElfImage): void {
  const spans = new ImageSpans();
  for (const pgoff of [0, 1, 2 ** 40]) {
    const data = vma(0x400, 0x402, '/srv/program', { prot: 5, pgoff });
    const found = segmentOf(image, data, null);
    if (found === null) continue;
    const set = new SectionSet(spans.of(image, found), 0, -1);
    for (const at of [0, 0x1000, 2 ** 52]) {
      if (set.at(at) > set.names.length) throw new Error('no such span');
    }
    bssSpansBehind(spans, image, data, vma(0x402, 0x500));
  }
}

/** Every string and number of an answer is within its bounds. */
function useNames(places: readonly NamedPlace[] | null): void {
  if (places !== null && places.length !== 2) throw new Error('not what was asked');
  for (const { object, frames } of places ?? []) {
    const texts = [object, ...frames.flatMap(({ name, file }) => [name, file])];
    if (frames.length > 64 || texts.some((text) => text !== null && text.length > 4096))
      throw new Error('out of bounds');
  }
}

/** Every chain of an answer is within its bounds. */
function useStacks(stacks: readonly Unwound[] | null): void {
  if (stacks !== null && stacks.length !== 2) throw new Error('not what was asked');
  for (const { words } of stacks ?? []) {
    if (words.length > 2 * 126 || words.length % 2 !== 0) throw new Error('out of bounds');
  }
}

interface Input {
  readonly operation: number;
  readonly pieces: readonly Buffer[];
}

/** One question, and a reader that says something in its place. */
function ask({ operation, pieces }: Input): void {
  let events: ReaderEvents | null = null;
  let id = 0;
  const state = { killed: false };
  const parser = new AnswerParser();
  const child: ReaderChild = {
    pid: 1,
    send: (frame) => {
      id = frame.readUInt32LE(4);
    },
    kill: () => {
      state.killed = true;
    },
  };
  const readers = new Readers({
    start: (given) => {
      events = given;
      return child;
    },
    note: () => undefined,
    isRunning: () => false,
    nowMs: () => 0,
  });
  const reader = new TargetReader(readers, readers, readers);
  const mapping = vma(0x400, 0x401, '/srv/program');
  const map = new VmaMap(new VmaPool(64));
  if (operation === Operation.MAPS) reader.maps(7, () => undefined);
  if (operation === Operation.TASKS) {
    reader.tasks([7], (tasks) => {
      if (tasks !== null && tasks.length !== 1) throw new Error('not what was asked');
    });
  }
  if (operation === Operation.CGROUP) {
    reader.cgroup('/sys/fs/cgroup', '/a', (texts) => {
      if (texts !== null) parseCgroupFacts(texts);
    });
  }
  if (operation === Operation.CMDLINE) reader.cmdline(7, () => undefined);
  if (operation === Operation.PAGE) {
    reader.page(7, 0x400, (told) => {
      if (typeof told === 'object' && told !== null) map.fill(told);
    });
  }
  if (operation === Operation.ELF) {
    reader.elf(7, mapping, (told) => {
      if (told?.image != null) useImage(told.image);
    });
  }
  if (operation === Operation.GUARDS) new Guards(readers, () => 0).askGuards(7, '');
  if (operation === Operation.SERVERS) reader.server(1, 7, () => undefined);
  if (operation === Operation.SIZE) reader.size(7, mapping, () => undefined);
  if (operation === Operation.NAMES) {
    const place = { data: false, linked: false, value: 2n ** 64n - 1n };
    reader.names(7, 'file', mapping, [place, place], useNames);
  }
  if (operation === Operation.UNWIND) {
    const stack = Buffer.alloc(4);
    reader.unwind(7, modulesRequest(alone(7), [mapping]), [stack, stack], useStacks);
  }
  if (id !== 1) throw new Error('not asked');
  // As child.ts does: what was killed is not heard.
  for (const piece of pieces) {
    const frames = state.killed ? [] : parser.push(piece);
    if (frames === null) events!.onBroken('no answer');
    else for (const frame of frames) if (!state.killed) events!.onAnswer(frame);
    if (frames === null) break;
  }
  readers.close();
}

test('whatever a reader says does no harm', () => {
  const mutator = new Mutator(SEED);
  const slowest = new Slowest(ask);
  const count = amount(20_000, 200_000);
  for (let n = 0; n < count; n++) {
    const operation = mutator.pick(OPERATIONS);
    const payload = PAYLOADS[operation]!;
    const changed = mutator.oneIn(4) ? payload : mutator.bytes(payload);
    let frame = answer(1, operation, mutator.oneIn(8) ? mutator.edge() % 2 ** 32 : 0, changed);
    if (mutator.oneIn(4)) frame = mutator.bytes(frame);
    if (mutator.oneIn(8)) frame = Buffer.concat([frame, frame, mutator.bytes(frame)]);
    const cut = mutator.below(frame.length + 1);
    const pieces = mutator.oneIn(2) ? [frame] : [frame.subarray(0, cut), frame.subarray(cut)];
    slowest.try({ operation, pieces });
  }
  tell(`answers: ${count} mutations, the longest took ${slowest.ms.toFixed(3)} ms of CPU`);
}, 1_800_000);
