'use strict';

// In which order the suites of a run begin: those that take longest first, so that no CPU is idle while the
// last of them ends. Jest itself knows that only from runs before, which a fresh clone has not had.

const Sequencer = require('@jest/test-sequencer').default;

/** By how long they took on a quiet machine of two CPUs. */
const LONGEST = [
  'native/native',
  'fuzz/native',
  'native/late-threads',
  'live/late-threads',
  'live/scale',
  'live/injection',
  'live/stacks-perf',
  'live/budget',
  'live/findings',
  'live/record',
  'live/churn',
  'live/fixed-ts',
  'live/package',
  'live/workloads',
  'native/sessions',
  'native/lifecycle',
  'live/lifecycle',
  'live/signals',
];

/**
 * After them what captures, then what only computes: it leaves workers large, and each program that a large one
 * starts costs it a copy of its page tables.
 */
const KINDS = ['native/', 'live/', 'scale/', 'fuzz/', 'unit/'];

/** Ends what all others share (tracepoints.js). */
const LAST = 'native/closing';

function rank({ path }) {
  if (path.endsWith(`test/${LAST}.test.ts`)) return Infinity;
  const at = LONGEST.findIndex((name) => path.endsWith(`test/${name}.test.ts`));
  if (at !== -1) return at;
  return LONGEST.length + KINDS.findIndex((kind) => path.includes(`/test/${kind}`));
}

module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    return super.sort(tests).sort((a, b) => rank(a) - rank(b));
  }
};
