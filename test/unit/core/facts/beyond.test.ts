import { beyondFaults } from '../../../../src/core/facts/beyond';
import type { BeyondQuestion, StatFaults, StatLooks } from '../../../../src/core/facts/beyond';

const stat = (own: number, children = 0): StatFaults => ({ own, children });
const looks = (before: StatFaults, ended: StatFaults): StatLooks => ({
  before,
  begun: before,
  ending: ended,
  ended,
});
const ask = (more: Partial<BeyondQuestion>): ReturnType<typeof beyondFaults> =>
  beyondFaults({
    roots: [looks(stat(100), stat(400))],
    living: [],
    childrenCounted: true,
    hadChildren: false,
    reported: 0,
    ...more,
  });

test('one process: what its account has beyond what was reported, to the unit', () => {
  expect(ask({ reported: 260 })).toEqual({ low: 40, high: 40, gone: 0 });
  expect(ask({ reported: 300 })).toEqual({ low: 0, high: 0, gone: 0 });
});

test('a process that goes on faulting while we look: between two bounds', () => {
  const busy = { before: stat(90), begun: stat(110), ending: stat(390), ended: stat(420) };
  expect(ask({ roots: [busy], reported: 260 })).toEqual({ low: 20, high: 70, gone: 0 });
  expect(ask({ roots: [busy], reported: 300 })).toEqual({ low: 0, high: 30, gone: 0 });
});

test('children: waited-for ones are in the account of their parent, living ones have their own', () => {
  const roots = [looks(stat(100, 7), stat(400, 1007))];
  const children = { roots, hadChildren: true };
  expect(ask({ ...children, reported: 1200 })).toEqual({ low: 100, high: null, gone: 0 });
  const living = [stat(50, 30)];
  expect(ask({ ...children, living, reported: 1200 })).toEqual({ low: 180, high: null, gone: 0 });
  // Children from before the capture, or not followed, would be taken for something else.
  const alone = ask({ ...children, childrenCounted: false, reported: 250 });
  expect(alone).toEqual({ low: 50, high: null, gone: 0 });
});

test('is not known, instead of 0, where nobody has an account of what was reported', () => {
  expect(ask({ roots: [null] })).toBeNull();
  // A child that nobody waited for.
  expect(ask({ hadChildren: true, reported: 301 })).toBeNull();
  const one = ask({ roots: [looks(stat(0), stat(500)), null], reported: 450 });
  expect(one).toEqual({ low: 50, high: null, gone: 1 });
});
