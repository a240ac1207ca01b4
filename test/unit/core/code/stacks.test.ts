import type { CodeAddress, CodeFrame, CodePlace } from '../../../../src/core/code/address';
import { StackTable } from '../../../../src/core/code/stack-table';
import type { NameAnswer, NameSource } from '../../../../src/core/ports';
import { foldedText } from '../../../../src/output/report/folded';
import { HEAP_START, ORDINARY, Rig } from '../../../support/model-kit';
import { backing, R, vma, W, X } from '../../../support/vma-kit';

const TEXT = 0x5000;
const DATA = 0x6000;
const PROGRAM = vma(TEXT, TEXT + 16, '/usr/bin/prog', {
  prot: R | X,
  backing: backing('/usr/bin/prog', '77'),
});
const MAPS = [
  ...ORDINARY,
  PROGRAM,
  vma(DATA, DATA + 4, '/usr/bin/prog', { prot: R | W, backing: backing('/usr/bin/prog', '77') }),
];
const at = (low: number): bigint => BigInt(TEXT) * 4096n + BigInt(low);
const frame = (name: string): CodeFrame => ({ function: name, offset: 0, file: '', line: 0 });

/** Names by the offset in the file; answers at once. */
class Names implements NameSource {
  readonly namesLater = false;
  private answers: NameAnswer[] = [];
  constructor(
    private readonly frames: Readonly<Record<string, readonly CodeFrame[]>>,
    /** Functions that have no frame. */
    private readonly frameless: readonly string[],
  ) {}
  askNames(_: CodePlace, addresses: readonly CodeAddress[]): void {
    for (const address of addresses) {
      const frames = this.frames[address.low.toString(16)] ?? [];
      const frameless = this.frameless.includes(frames[0]?.function ?? '');
      this.answers.push({ address, frames, object: '', frameless });
    }
  }
  takeNames(): readonly NameAnswer[] {
    return this.answers.splice(0);
  }
  expectsNames(): boolean {
    return false;
  }
  namesCrowded(): boolean {
    return false;
  }
}

function rig(
  frames: Readonly<Record<string, readonly CodeFrame[]>> = {},
  frameless: readonly string[] = [],
): Rig {
  const more = { symbols: 'sites', stacks: 'count', names: new Names(frames, frameless) } as const;
  return new Rig({}, 'detail', more).attach(100, MAPS);
}
const lines = (of: Rig): [string, number][] =>
  of.model
    .snapshot(of.now)
    .stacks()
    .map(({ frames, faults }) => [frames.join(';'), faults]);
const touch = { page: HEAP_START, latency: 2000 };

describe('call stacks', () => {
  it('are looked up by the call, not by what is behind it, and shown with the address behind', () => {
    // 0x20 is the last byte of the call that returns to 0x21: what begins there is another function.
    const of = rig({ '10': [frame('leaf')], '20': [frame('caller')], '21': [frame('next')] });
    of.stack([at(0x10), at(0x21), at(0x31)]).fault(touch);
    of.run();
    of.model.tick(of.now);
    expect(lines(of)).toEqual([['prog+0x31;caller;leaf', 1]]);
  });

  it('have a frame for each inlined function', () => {
    const of = rig({ '10': [frame('inner'), frame('outer')] });
    of.stack([at(0x10)]).fault(touch);
    of.run();
    of.model.tick(of.now);
    expect(lines(of)).toEqual([['outer;inner', 1]]);
  });

  it('end at what is no code', () => {
    const of = rig({ '10': [frame('leaf')], '20': [frame('caller')], '30': [frame('other')] });
    const data = BigInt(DATA) * 4096n;
    // What comes behind it is no caller, also where it lies in code.
    for (const astray of [data + 5n, 0xffffffff81000000n, 7n]) {
      of.stack([at(0x10), at(0x21), astray, at(0x31), 7n]).fault(touch);
    }
    of.run();
    of.model.tick(of.now);
    expect(lines(of)).toEqual([['[unknown];caller;leaf', 3]]);
  });

  it('call several callers that are not known [unknown] once', () => {
    const of = rig({ '10': [frame('memset')], '20': [frame('caller')] }, ['memset']);
    of.stack([at(0x10), 7n]).fault(touch);
    of.stack([at(0x10), at(0x21), 7n]).fault(touch);
    of.run();
    of.model.tick(of.now);
    expect(lines(of)).toEqual([
      ['[unknown];memset', 1],
      ['[unknown];caller;[unknown];memset', 1],
    ]);
  });

  it('begin with the function of the kernel where the access was made in it', () => {
    const of = rig({ '10': [frame('read')], '81000010': [frame('copy')] });
    of.stack([at(0x10)]).fault({ ...touch, ip: 0xffffffff81000010n });
    of.batch.flags[0]! |= 4;
    of.run();
    of.model.tick(of.now);
    expect(lines(of)).toEqual([['read;[kernel] copy', 1]]);
  });

  it('are weighed by what they stand for, and only of faults that are kept', () => {
    const of = rig({ '10': [frame('a')], '11': [frame('b')] });
    of.model.setKeep((batch, _, i) => batch.latency[i]! > 0);
    of.stack([at(0x10)], 7)
      .fault(touch)
      .fault(touch);
    of.stack([at(0x10)], 3).fault(touch);
    of.stack([at(0x11)], 3).fault({ ...touch, latency: -1 });
    of.run();
    of.model.tick(of.now);
    const [row, ...rest] = of.model.snapshot(of.now).stacks();
    expect(rest).toEqual([]);
    expect(row).toMatchObject({ frames: ['a'], faults: 10, sampled: 2, stallNs: 20_000 });
    of.model.zero(of.now);
    expect(lines(of)).toEqual([]);
  });

  it('follow a mapping that is replaced between two of them', () => {
    const of = rig({ '10': [frame('a')], '3010': [frame('b')] });
    of.stack([at(0x10)]).fault(touch);
    of.mmap({ ...PROGRAM, pgoff: 3 });
    of.stack([at(0x10)]).fault(touch);
    of.run();
    of.model.tick(of.now);
    expect(lines(of).sort()).toEqual([
      ['a', 1],
      ['b', 1],
    ]);
  });

  it('are found by the call site that they end at, under the name that it has got', () => {
    const of = rig({
      '10': [frame('leaf')],
      '14': [{ ...frame('leaf'), offset: 4 }],
      '20': [frame('caller')],
    });
    of.stack([at(0x10), at(0x21)], 5).fault({ ...touch, ip: at(0x10) });
    of.stack([at(0x30), at(0x21)]).fault({ ...touch, ip: at(0x30) });
    of.run();
    of.stack([at(0x14)], 3).fault({ ...touch, ip: at(0x14) });
    of.run();
    of.model.tick(of.now);
    const snapshot = of.model.snapshot(of.now);
    const at0 = (label: string): unknown[] =>
      snapshot
        .siteStacks(snapshot.sites.find((site) => site.label === label)!.id)
        .map(({ frames, faults }) => [frames.join(';'), faults]);
    expect(at0('leaf')).toEqual([
      ['caller;leaf', 5],
      ['leaf', 3],
    ]);
    expect(at0('prog+0x30')).toEqual([['caller;prog+0x30', 1]]);
    expect(snapshot.siteStacks(4711)).toEqual([]);
  });

  it('say where they were cut off', () => {
    const of = rig();
    of.stack(Array.from({ length: 127 }, (_, i) => at(i + 1))).fault(touch);
    of.run();
    of.model.tick(of.now);
    const [row] = of.model.snapshot(of.now).stacks();
    expect(row!.frames).toHaveLength(128);
    expect(row!.frames[0]).toBe('[truncated]');
    const long = rig({ '10': [frame('x'.repeat(600))] });
    long.stack(Array.from({ length: 100 }, (_, i) => (i === 0 ? at(0x10) : at(0x11)))).fault(touch);
    long.run();
    long.model.tick(long.now);
    const frames = long.model.snapshot(long.now).stacks()[0]!.frames;
    expect(frames[0]).toBe('[truncated]');
    expect(frames.join(';').length).toBeLessThan(17_000);
  });

  it('leave no separator, line end or control character in a frame', () => {
    const of = rig({ '10': [frame('Lfoo/Bar;::a b\n\x1b[2J')] });
    of.stack([at(0x10)], 2).fault(touch);
    of.run();
    of.model.tick(of.now);
    const rows = of.model.snapshot(of.now).stacks();
    expect(rows[0]!.frames).toEqual(['Lfoo/Bar:::a b??[2J']);
    const comm = { ...rows[0]!, comm: 'a;b\nc' };
    expect(foldedText([comm], 'count')).toBe('a:b?c;Lfoo/Bar:::a b??[2J 2\n');
    expect(foldedText([comm], 'stall')).toBe('a:b?c;Lfoo/Bar:::a b??[2J 4\n');
    expect(foldedText([{ ...comm, stallNs: 400 }], 'stall')).toBe('');
  });
});

test('a table that is full says so and counts the rest together', () => {
  const table = new StackTable();
  const codes = new Uint32Array(1);
  const numbers = new Set<number>();
  for (let i = 0; i < 40_000; i++) {
    codes[0] = i;
    numbers.add(table.intern(0, codes, 1));
  }
  expect(table.capped).toBe(true);
  expect(table.limit).toBe(32_768);
  expect(numbers.has(StackTable.OTHERS)).toBe(true);
  codes[0] = 17;
  const known = table.intern(0, codes, 1);
  expect(known).not.toBe(StackTable.OTHERS);
  expect([...table.framesOf(known)]).toEqual([17]);
  expect(table.intern(1, codes, 1)).toBe(StackTable.OTHERS);
});

describe('what it takes to take a stack', () => {
  /** Faults of 2 us; with a stack they take 5, and that of every second one stands for two. */
  function sampled(pairs: number, others = pairs): Rig {
    const of = rig();
    for (let k = 0; k < pairs; k++) of.stack([at(0x10)], 2).fault({ ...touch, latency: 5000 });
    for (let k = 0; k < others; k++) of.fault(touch);
    of.run();
    of.model.tick(of.now);
    return of;
  }
  const stall = (of: Rig): number =>
    of.model
      .snapshot(of.now)
      .stacks()
      .reduce((sum, { stallNs }) => sum + stallNs, 0);

  it('is in the time of the faults that have one, and of none that they stand for', () => {
    const of = sampled(500);
    expect(stall(of)).toBe(500 * 5000 + 500 * 2000);
    expect(stall(of)).toBe(of.model.snapshot(of.now).totals.stallNs);
    // A fault that waited long is no measure of it.
    of.fault({ ...touch, latency: 5e9 });
    of.run();
    of.model.tick(of.now);
    expect(stall(of)).toBe(500 * 5000 + 500 * 2000);
  });

  it('is not known of few, nor where each has one', () => {
    expect(stall(sampled(300))).toBe(300 * 2 * 5000);
    expect(stall(sampled(500, 0))).toBe(500 * 2 * 5000);
  });

  it('is counted anew from zero on', () => {
    const of = sampled(500);
    of.model.zero(of.now);
    expect(stall(of)).toBe(0);
    for (let k = 0; k < 10; k++) of.stack([at(0x10)], 2).fault({ ...touch, latency: 5000 });
    of.run();
    of.model.tick(of.now);
    expect(stall(of)).toBe(10 * 2 * 5000);
  });
});
