import fc from 'fast-check';
import { Bytes, Piece } from '../../../../src/output/stream/bytes';
import { Memo } from '../../../../src/output/stream/memo';

/** What is written for a key in a batch, by way of the memo; and whether it was remembered. */
function write(memo: Memo, key: readonly number[], batch: number, size = 0): [string, boolean] {
  const out = new Bytes(4096);
  out.append(Piece.of('<'));
  memo.key.set(key);
  const slot = memo.recall(out);
  if (slot >= 0) {
    const start = out.length;
    out.append(Piece.of(`${batch}:${key.join()}${'.'.repeat(size)}`));
    memo.keep(slot, out, start);
  }
  return [out.data.toString('latin1', 1, out.length), slot < 0];
}

test('what was kept is recalled, for the same key and in the same batch only', () => {
  const memo = new Memo(2);
  memo.nextBatch();
  expect(write(memo, [1, -1], 1)).toEqual(['1:1,-1', false]);
  expect(write(memo, [1, -1], 1)).toEqual(['1:1,-1', true]);
  expect(write(memo, [-1, 1], 1)).toEqual(['1:-1,1', false]);
  memo.nextBatch();
  expect(write(memo, [1, -1], 2)).toEqual(['2:1,-1', false]);
});

test('keys that fall on the same place displace each other and are never mixed up', () => {
  const number = fc.oneof(fc.nat(3000), fc.integer());
  fc.assert(
    fc.property(
      fc.array(fc.tuple(number, fc.nat(2)), { minLength: 500, maxLength: 900 }),
      (keys) => {
        for (const order of [
          (k: readonly number[]) => k,
          (k: readonly number[]) => [...k].reverse(),
        ]) {
          const memo = new Memo(2);
          memo.nextBatch();
          for (const pair of keys) {
            const key = order(pair);
            expect(write(memo, key, 1)[0]).toBe(`1:${key.join()}`);
          }
        }
      },
    ),
    { numRuns: 5 },
  );
});

test('what is too long is not kept, nor is what stood there before', () => {
  const memo = new Memo(1);
  memo.nextBatch();
  for (const size of [1, 43, 44, 45, 509]) {
    memo.nextBatch();
    expect(write(memo, [7], 1, size)[1]).toBe(false);
    expect(write(memo, [7], 1, size)).toEqual([`1:7${'.'.repeat(size)}`, true]);
  }
  memo.nextBatch();
  expect(write(memo, [7], 1, 510)[1]).toBe(false);
  expect(write(memo, [7], 1, 510)).toEqual([`1:7${'.'.repeat(510)}`, false]);
});
