import { Buffer } from 'node:buffer';
import { Batch, FAULT_CAPACITY, RECORD_CAPACITY } from '../../../../src/core/wire/batch';
import {
  recordsFit,
  ReplayFacts,
  unpackBatch,
} from '../../../../src/sources/recording/replay-frames';

const BYTES = { f64: 8, u32: 4, u16: 2, u8: 1 };

/** Three faults and two records, the second of which has a name. */
function filled(): Batch {
  const batch = new Batch();
  const header = new Uint32Array(batch.buffer, 0, 3);
  header.set([3, 2, 5]);
  batch.time.set([10, 20, 30]);
  batch.signal.set([0, 1, 0xff]);
  batch.recAt.set([1, 3]);
  batch.recType.set([4, 2]);
  batch.recNameLength.set([0, 5]);
  batch.names.set(Buffer.from('nginx'));
  return batch;
}

/** As addon/replay/main.cc sends a batch: of each column the rows in use. */
function frameOf(batch: Batch): Buffer {
  const { columns, faults, records, nameBytes, buffer } = batch;
  const firstRecord = columns.findIndex(({ name }) => name === 'recTime');
  const parts = columns.map(({ offset, type }, k) => {
    const rows = k < firstRecord ? faults : k < columns.length - 1 ? records : nameBytes;
    return new Uint8Array(buffer, offset, rows * BYTES[type]);
  });
  return Buffer.concat([new Uint8Array(buffer, 0, columns[0]!.offset), ...parts]);
}

test('a frame is laid out as the batch that it was made from, over what was there', () => {
  const sent = filled();
  const batch = new Batch();
  new Uint8Array(batch.buffer).fill(0xee);
  expect(unpackBatch(frameOf(sent), batch.buffer)).toBe(true);
  expect([batch.faults, batch.records, batch.nameBytes]).toEqual([3, 2, 5]);
  expect([...batch.time.subarray(0, 3)]).toEqual([10, 20, 30]);
  expect([...batch.signal.subarray(0, 3)]).toEqual([0, 1, 0xff]);
  expect([...batch.recAt.subarray(0, 2)]).toEqual([1, 3]);
  expect([...batch.recType.subarray(0, 2)]).toEqual([4, 2]);
  expect(Buffer.from(batch.names.subarray(0, 5)).toString()).toBe('nginx');
  expect(recordsFit(batch)).toBe(true);
  expect(frameOf(batch).equals(frameOf(sent))).toBe(true);
});

test('what is too short, too long or claims more than there is room for is none', () => {
  const frame = frameOf(filled());
  const { buffer } = new Batch();
  expect(unpackBatch(frame.subarray(0, -1), buffer)).toBe(false);
  expect(unpackBatch(Buffer.concat([frame, Buffer.alloc(1)]), buffer)).toBe(false);
  for (const length of [0, 1, 63])
    expect(unpackBatch(frame.subarray(0, length), buffer)).toBe(false);
  const claims = [FAULT_CAPACITY + 1, RECORD_CAPACITY + 1, 512 * 1024 + 1];
  for (const claim of [...claims.keys()]) {
    for (const count of [claims[claim]!, 0xffffffff]) {
      const changed = Buffer.from(frame);
      changed.writeUInt32LE(count, 4 * claim);
      expect(unpackBatch(changed, buffer)).toBe(false);
    }
  }
  expect(new Uint8Array(buffer).every((byte) => byte === 0)).toBe(true);
});

test.each([
  ['faults that there are not', ({ recAt }: Batch) => (recAt[1] = 4)],
  ['a name beyond the names', ({ recNameLength }: Batch) => (recNameLength[0] = 6)],
  ['a name that begins there', ({ recNameOffset }: Batch) => (recNameOffset[1] = 1)],
  ['both as large as can be', ({ recNameOffset }: Batch) => (recNameOffset[0] = 0xffffffff)],
])('a record that points at %s does not fit', (_, change) => {
  const batch = filled();
  change(batch);
  expect(recordsFit(batch)).toBe(false);
});

test('facts: the first of a name, all of it, and numbers that are none', () => {
  const facts = new ReplayFacts(
    'note A\nnote B b\n\ncpus 8\nbare\nlong 12345678901234567\nneg -1\n',
  );
  expect(facts.text('note')).toBe('A');
  expect(facts.all('note')).toEqual(['A', 'B b']);
  expect(facts.number('cpus')).toBe(8);
  expect(['bare', 'long', 'neg', 'none'].map((name) => facts.number(name, 7))).toEqual([
    7, 7, 7, 7,
  ]);
  expect(facts.text('bare')).toBe('');
});
