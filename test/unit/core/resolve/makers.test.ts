import type { CodeFrame } from '../../../../src/core/code/address';
import type { NameSource } from '../../../../src/core/ports';
import { FakeNames } from '../../../support/fake-names';
import { FakeUnwinder } from '../../../support/fake-unwinder';
import { HEAP_START, ORDINARY, Rig } from '../../../support/model-kit';
import { backing, R, vma, W, X } from '../../../support/vma-kit';

const TEXT = 0x5000;
const PROGRAM = vma(TEXT, TEXT + 16, '/usr/bin/prog', {
  prot: R | X,
  backing: backing('/usr/bin/prog', '77'),
});
/** The caller at 0x20 has called what is at `leaf`. */
const chain = (leaf: number): bigint[] =>
  [leaf, 0x21].map((low) => BigInt(TEXT) * 4096n + BigInt(low));
const ANON = 0x70000;
const anon = (start: number, end: number): ReturnType<typeof vma> =>
  vma(start, end, '', { prot: R | W });

function rig(names: NameSource | null = null): Rig {
  const more = { symbols: 'sites', stacks: 'count', names } as const;
  return new Rig({}, 'detail', more).attach(100, [...ORDINARY, PROGRAM]);
}

/** Who mapped the row that shows a page, innermost first; the caller is the same for all. */
function maker(of: Rig, page: number, pid = 100): string {
  const { regions, mappedBy } = of.model.snapshot(of.now);
  const row = regions.find(
    (region) => region.pid === pid && region.startPage <= page && page < region.endPage,
  )!;
  const frames = mappedBy(row.id);
  expect(of.model.regionDetail(row.id)!.mappedBy).toEqual(frames);
  if (frames.length > 0) expect(frames[0]).toBe('prog+0x21');
  return frames.slice(1).join(';');
}

describe('who made a mapping', () => {
  it('is told of a row that a fault makes later', () => {
    const of = rig();
    of.mmap(anon(ANON, ANON + 8)).madeBy(ANON, ANON + 8, chain(0x10));
    of.fault({ page: ANON + 3 });
    of.run();
    expect(maker(of, ANON)).toBe('prog+0x10');
  });

  it('is who mapped most of it, where it grew', () => {
    const of = rig();
    of.mmap(anon(ANON, ANON + 8)).madeBy(ANON, ANON + 8, chain(0x10));
    of.fault({ page: ANON + 3 });
    of.mmap(anon(ANON, ANON + 12)).madeBy(ANON + 8, ANON + 12, chain(0x11));
    of.fault({ page: ANON + 9 });
    of.run();
    expect(maker(of, ANON)).toBe('prog+0x10');
    of.mmap(anon(ANON, ANON + 30)).madeBy(ANON + 12, ANON + 30, chain(0x12));
    of.fault({ page: ANON + 20 });
    of.run();
    expect(maker(of, ANON)).toBe('prog+0x12');
  });

  it('is forgotten with the mapping', () => {
    const of = rig();
    of.mmap(anon(ANON, ANON + 8)).madeBy(ANON, ANON + 8, chain(0x10));
    of.munmap(ANON, ANON + 8);
    // This one's maker is lost.
    of.mmap(anon(ANON, ANON + 8));
    of.fault({ page: ANON + 3 });
    of.run();
    expect(maker(of, ANON)).toBe('');
  });

  it('is who made it before a fork, in the child too, and nobody of a new program', () => {
    const of = rig();
    of.mmap(anon(ANON, ANON + 8)).madeBy(ANON, ANON + 8, chain(0x10));
    of.fork(100, 200);
    of.fault({ page: ANON + 3, pid: 200, tid: 200 });
    of.run();
    expect(maker(of, ANON, 200)).toBe('prog+0x10');
    of.exec(200, 'other');
    of.mmap(anon(ANON, ANON + 8), 200);
    of.fault({ page: ANON + 3, pid: 200, tid: 200 });
    of.run();
    const rows = of.model.snapshot(of.now).regions.filter(({ pid }) => pid === 200);
    const { mappedBy } = of.model.snapshot(of.now);
    expect(rows.map(({ id }) => mappedBy(id).length).sort()).toEqual([0, 2]);
  });

  it('of a heap is who moved the break over most of it', () => {
    const of = rig();
    const grow = (from: number, to: number, leaf: number): void => {
      of.mmap(vma(ANON, to, '[heap]', { prot: R | W }));
      of.madeBy(ANON, to, chain(leaf), 100, 1).brk(to);
      of.fault({ page: from });
      of.run();
    };
    // Where the heap ended before is not known yet.
    grow(ANON, ANON + 4, 0x10);
    expect(maker(of, ANON)).toBe('');
    grow(ANON + 4, ANON + 20, 0x11);
    grow(ANON + 20, ANON + 30, 0x12);
    expect(maker(of, ANON)).toBe('prog+0x11');
  });

  it('is a part of what memory without a name is called, under the names that come', () => {
    const frame = (name: string): CodeFrame => ({ function: name, offset: 0, file: '', line: 0 });
    const names = new FakeNames({ 'prog+10': [frame('fill')], 'prog+20': [frame('load')] });
    const of = rig(names);
    of.mmap(anon(ANON, ANON + 8)).madeBy(ANON, ANON + 8, chain(0x10));
    of.fault({ page: ANON + 3 });
    of.fault({ page: HEAP_START });
    of.run();
    const called = (): Map<string, string> =>
      new Map(of.model.snapshot(of.now).regions.map(({ label, maker }) => [label, maker]));
    const before = new Map([
      ['[anon]', 'prog+0x21;prog+0x10'],
      ['[heap]', ''],
    ]);
    expect(called()).toEqual(before);
    names.answer();
    of.run();
    expect(called().get('[anon]')).toBe('load;fill');
  });

  describe('whose stack was copied', () => {
    const copied = (): { of: Rig; unwinder: FakeUnwinder } => {
      const unwinder = new FakeUnwinder();
      const more = { symbols: 'sites', stacks: 'count', unwinder } as const;
      return { of: new Rig({}, 'detail', more).attach(100, [...ORDINARY, PROGRAM]), unwinder };
    };

    it('is known when the answer comes, also where the mapping is gone by then', () => {
      const { of, unwinder } = copied();
      of.mmap(anon(ANON, ANON + 8)).madeByCopy(ANON, ANON + 8, 7);
      of.fault({ page: ANON + 3 });
      of.munmap(ANON, ANON + 8);
      // Somebody else maps the same range, and that one's stack is lost.
      of.mmap(anon(ANON, ANON + 8)).madeByCopy(ANON, ANON + 8, 8);
      of.run();
      expect(unwinder.asked).toMatchObject([
        { slot: 7, pid: 100 },
        { slot: 8, pid: 100 },
      ]);
      expect(maker(of, ANON)).toBe('');
      unwinder.answer(2, null);
      unwinder.answer(1, chain(0x10));
      of.model.takeAnswers();
      expect(maker(of, ANON)).toBe('prog+0x10');
    });

    it('is nobody where the copy finds no room, and takes no slot from others', () => {
      const { of, unwinder } = copied();
      unwinder.full = true;
      of.mmap(anon(ANON, ANON + 8)).madeByCopy(ANON, ANON + 8, 7);
      of.fault({ page: ANON + 3 });
      of.run();
      expect(maker(of, ANON)).toBe('');
      expect(of.model.snapshot(of.now).stacks()).toEqual([]);
    });

    it('is kept when the counters are zeroed', () => {
      const { of, unwinder } = copied();
      of.mmap(anon(ANON, ANON + 8)).madeByCopy(ANON, ANON + 8, 7);
      of.run();
      of.model.zero(of.now);
      of.fault({ page: ANON + 3 });
      of.run();
      unwinder.answer(1, chain(0x11));
      of.model.takeAnswers();
      expect(maker(of, ANON)).toBe('prog+0x11');
    });
  });

  it('counts no fault and is no stack of one', () => {
    const of = rig();
    of.mmap(anon(ANON, ANON + 8)).madeBy(ANON, ANON + 8, chain(0x10));
    of.run();
    expect(of.model.snapshot(of.now).stacks()).toEqual([]);
    expect(of.model.snapshot(of.now).totals.faults).toBe(0);
    expect(of.model.snapshot(of.now).mappedBy(4711)).toEqual([]);
  });
});
