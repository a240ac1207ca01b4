import fc from 'fast-check';
import { PageSet, pagePool } from '../../../../src/core/stats/page-set';
import { expectSame } from '../../../support/same';

const STACK_TOP = 0x7ffffffff;

const page = fc.oneof(
  fc.integer({ min: 0, max: 3 * 4096 }),
  fc.integer({ min: STACK_TOP - 5000, max: STACK_TOP }),
  fc.constantFrom(2 ** 45, 2 ** 45 - 1, 2 ** 52 - 1),
);
const action = fc.oneof(
  { weight: 4, arbitrary: fc.record({ touch: page }) },
  {
    weight: 1,
    arbitrary: fc.record({
      from: page,
      length: fc.oneof(fc.integer({ min: 0, max: 9000 }), fc.constant(2 ** 46)),
    }),
  },
);

describe('PageSet', () => {
  it('is a set of pages', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
        const pool = pagePool(64);
        const pages = new PageSet(pool);
        const model = new Set<number>();
        for (const a of actions) {
          if ('touch' in a) {
            expectSame(pages.touch(a.touch), !model.has(a.touch));
            model.add(a.touch);
          } else {
            pages.forget(a.from, a.from + a.length);
            for (const p of model) if (p >= a.from && p < a.from + a.length) model.delete(p);
          }
        }
        for (const p of model) expectSame(pages.touch(p), false);
        pages.clear();
        expect(pool.used).toBe(0);
        for (const p of model) expectSame(pages.touch(p), true);
      }),
      { numRuns: 300 },
    );
  });

  it('stays within its cap and says that it is incomplete', () => {
    const pages = new PageSet(pagePool(2));
    expect(pages.touch(0)).toBe(true);
    expect(pages.touch(4096)).toBe(true);
    expect(pages.incomplete).toBe(false);
    expect(pages.touch(8192)).toBe(false);
    expect(pages.incomplete).toBe(true);
    // What is there goes on working; what is given back can be used again.
    expect(pages.touch(1)).toBe(true);
    pages.forget(0, 4096);
    expect(pages.touch(8192)).toBe(true);
  });

  it('keeps the address spaces of one pool apart', () => {
    const pool = pagePool(64);
    const a = new PageSet(pool);
    const b = new PageSet(pool);
    expect([a.touch(5), b.touch(5), a.touch(5), b.touch(5)]).toEqual([true, true, false, false]);
    a.clear();
    const c = new PageSet(pool);
    expect([c.touch(5), b.touch(5)]).toEqual([true, false]);
  });

  it('forgets a range that no page lies in without walking it', () => {
    const pages = new PageSet(pagePool(64));
    pages.touch(7);
    // 2^33 chunks: a walk over them would not end within the test's time.
    for (let i = 0; i < 1000; i++) pages.forget(8, 2 ** 45);
    expect(pages.touch(7)).toBe(false);
  });
});
