import { CLASS_NAMES } from '../../../../src/core/classify/classes';
import { parseFilter } from '../../../../src/core/filter/parse';
import { compileRowTests } from '../../../../src/core/filter/row-test';
import { splitClasses } from '../../../../src/core/filter/ast';
import { FILE_START, HEAP_START, Rig } from '../../../support/model-kit';

const filterOf = (text: string) => {
  const { filter, error } = parseFilter(text);
  expect(error).toBeNull();
  return filter!;
};

describe('what rows know of a filter', () => {
  it('keeps the latencies of each class of a row apart, and merges those of several', () => {
    const rig = new Rig().attach();
    rig.fault({ page: HEAP_START, latency: 1000 }).fault({ page: HEAP_START + 1, latency: 3000 });
    rig.fault({ page: FILE_START, latency: 5e6, end: 'maj' }).run();
    const { regions } = rig.model.snapshot(rig.now);
    const of = (...rows: typeof regions) => {
      const found = rig.model.latencyOf('regions', new Set(rows.map(({ id }) => id)));
      expect(found.map(({ faultClass }) => faultClass)).toEqual(CLASS_NAMES);
      return found.map(({ count }) => count);
    };
    const heap = regions.find(({ label }) => label === '[heap]')!;
    const file = regions.find(({ kind }) => kind === 'file')!;
    expect(of(heap)).toEqual([0, 2, 0, 0]);
    expect(of(file)).toEqual([1, 0, 0, 0]);
    expect(of(heap, file)).toEqual([1, 2, 0, 0]);
    const [major, minor] = rig.model.latencyOf('regions', new Set([heap.id, file.id]));
    // Buckets are exact to 1/32, and no value is above the largest that was measured.
    for (const [value, exact] of [
      [major!.totalNs, 5e6],
      [major!.maxNs, 5e6],
      [minor!.totalNs, 4000],
      [minor!.p50Ns, 1000],
    ] as const) {
      expect(Math.abs(value - exact)).toBeLessThanOrEqual(exact / 32);
    }
  });

  it('knows which thread faulted in which region, and which rows match as a whole', () => {
    const rig = new Rig().attach();
    rig.fault({ page: HEAP_START }).fault({ page: HEAP_START + 1, tid: 101 });
    rig.fault({ page: FILE_START, tid: 101 }).run();
    const snapshot = rig.model.snapshot(rig.now);
    const judge = (text: string) => {
      const tests = compileRowTests(filterOf(text), snapshot);
      const mark = (passes: boolean, whole: boolean): string =>
        whole ? 'all' : passes ? 'some' : '';
      return {
        regions: snapshot.regions.map((row) =>
          mark(tests.regions.passes(row), tests.regions.whole(row)),
        ),
        threads: snapshot.threads.map((row) =>
          mark(tests.threads.passes(row), tests.threads.whole(row)),
        ),
      };
    };
    expect(snapshot.regions.map(({ kind }) => kind)).toEqual(['heap', 'file']);
    expect(snapshot.threads.map(({ tid }) => tid)).toEqual([100, 101]);
    // The same process, but only one of its threads has been there.
    expect(judge('kind:file')).toEqual({ regions: ['', 'all'], threads: ['', 'some'] });
    expect(judge('tid:100')).toEqual({ regions: ['some', ''], threads: ['all', ''] });
    expect(judge('tid:101')).toEqual({ regions: ['some', 'all'], threads: ['', 'all'] });
    expect(judge('tid:100,101')).toEqual({ regions: ['all', 'all'], threads: ['all', 'all'] });
  });

  it.each([
    ['class:major', 1, false],
    ['class:major,cow', 5, false],
    ['not class:minor', 13, false],
    ['class:major,cow not class:major', 4, false],
    ['class:major region:libc', 1, true],
    ['class:major or region:libc', 15, true],
    ['region:libc', 15, true],
  ])('%s: the classes that pass, and whether there is more', (text, classes, more) => {
    const split = splitClasses(filterOf(text));
    expect([split.classes, split.rest !== null]).toEqual([classes, more]);
  });
});
