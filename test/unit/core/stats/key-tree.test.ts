import fc from 'fast-check';
import { KeyTree } from '../../../../src/core/stats/key-tree';

const key = fc.oneof(fc.integer({ min: 0, max: 600 }), fc.integer({ min: 0, max: 2 ** 40 }));

test('KeyTree is a set that answers by range', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ key, stays: fc.boolean() }), { maxLength: 200 }),
      fc.array(fc.tuple(key, key), { minLength: 1, maxLength: 10 }),
      (changes, ranges) => {
        const tree = new KeyTree();
        const model = new Set<number>();
        for (const change of changes) {
          tree.add(change.key);
          model.add(change.key);
          if (change.stays) continue;
          tree.delete(change.key);
          model.delete(change.key);
        }
        for (const [first, last] of ranges) {
          const expected = [...model].filter((k) => k >= first && k <= last);
          expect(new Set(tree.within(first, last))).toEqual(new Set(expected));
        }
        tree.clear();
        expect(tree.within(0, 2 ** 41)).toEqual([]);
      },
    ),
  );
});
