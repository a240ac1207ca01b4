import fc from 'fast-check';
import {
  BUCKETS,
  bucketLow,
  bucketMiddle,
  bucketOf,
  Histogram,
} from '../../../../src/core/stats/histogram';
import { expectSame } from '../../../support/same';

/** Log-uniform, because latencies are. */
const latency = fc
  .tuple(
    fc.integer({ min: 0, max: 39 }),
    fc.double({ min: 1, max: 2, noNaN: true, maxExcluded: true }),
  )
  .map(([log2, mantissa]) => Math.floor(2 ** log2 * mantissa));

describe('bucketOf', () => {
  it('puts every value between the bounds of its bucket', () => {
    fc.assert(
      fc.property(latency, (ns) => {
        const bucket = bucketOf(ns);
        return bucketLow(bucket) <= ns && ns < bucketLow(bucket + 1);
      }),
      { numRuns: 5000 },
    );
  });

  it('is right at every power of two and its neighbours', () => {
    for (let log2 = 0; log2 < 40; log2++) {
      for (const ns of [2 ** log2 - 1, 2 ** log2, 2 ** log2 + 1]) {
        const bucket = bucketOf(ns);
        expectSame([ns, bucketLow(bucket) <= ns, ns < bucketLow(bucket + 1)], [ns, true, true]);
      }
    }
  });

  it('has buckets without gaps, at most a sixteenth of their value wide', () => {
    for (let b = 0; b < BUCKETS; b++) {
      const width = bucketLow(b + 1) - bucketLow(b);
      expect(width).toBeGreaterThanOrEqual(1);
      if (width > 1) expect(width / bucketLow(b)).toBeLessThanOrEqual(1 / 16);
      expect(bucketOf(bucketLow(b))).toBe(b);
    }
    expect(bucketLow(BUCKETS)).toBe(2 ** 40);
  });

  it('clamps what lies outside, whatever it is', () => {
    expect(bucketOf(-1)).toBe(0);
    expect(bucketOf(0.9)).toBe(0);
    for (const ns of [2 ** 40, 2 ** 47, 2 ** 48, 2 ** 63, Number.MAX_VALUE, Infinity]) {
      expect(bucketOf(ns)).toBe(BUCKETS - 1);
    }
  });
});

describe('Histogram', () => {
  const wanted = [0, 0.25, 0.5, 0.9, 0.99, 0.999, 1];
  const filled = (values: readonly number[]): Histogram => {
    const histogram = new Histogram();
    for (const ns of values) histogram.record(ns, bucketOf(ns));
    return histogram;
  };

  it('gives every quantile within 3.2 % of the sorted values', () => {
    fc.assert(
      fc.property(fc.array(latency, { minLength: 1, maxLength: 300 }), (values) => {
        const sorted = [...values].sort((a, b) => a - b);
        filled(values)
          .quantiles(wanted)
          .forEach((got, i) => {
            const rank = Math.max(1, Math.ceil(wanted[i]! * sorted.length));
            const exact = sorted[rank - 1]!;
            expect(Math.abs(got - exact)).toBeLessThanOrEqual(exact * 0.032);
          });
      }),
      { numRuns: 500 },
    );
  });

  it('sums and maxima are exact, a merge is the histogram of both', () => {
    fc.assert(
      fc.property(fc.array(latency), fc.array(latency), (a, b) => {
        const merged = filled(a);
        merged.merge(filled(b));
        expect(merged).toEqual(filled([...a, ...b]));
        expect(merged.totalNs).toBe([...a, ...b].reduce((x, y) => x + y, 0));
        expect(merged.maxNs).toBe(Math.max(0, ...a, ...b));
      }),
    );
  });

  it('has no quantiles of nothing, nor after clear()', () => {
    const histogram = filled([5, 6]);
    histogram.clear();
    expect(histogram.quantiles([0.5])).toEqual([NaN]);
    expect(histogram).toEqual(new Histogram());
  });

  it('reads the middle of a bucket, not its edge', () => {
    expect(bucketMiddle(bucketOf(7))).toBe(7);
    // 32 and 33 share a bucket.
    expect(bucketMiddle(bucketOf(32))).toBe(32.5);
  });
});
