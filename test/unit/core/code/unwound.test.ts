import type { CodeFrame } from '../../../../src/core/code/address';
import type { Vma } from '../../../../src/core/vma/vma';
import { FakeNames } from '../../../support/fake-names';
import { FakeUnwinder } from '../../../support/fake-unwinder';
import { HEAP_START, ORDINARY, Rig } from '../../../support/model-kit';
import { backing, R, vma, X } from '../../../support/vma-kit';

const TEXT = 0x5000;
const LIBRARY = 0x7000;
const file = (start: number, name: string, ino: string): Vma =>
  vma(start, start + 16, name, { prot: R | X, backing: backing(name, ino) });
const PROGRAM = file(TEXT, '/usr/bin/prog', '77');
const LIBC = file(LIBRARY, '/usr/lib/libc.so.6', '78');
/** The mark of one among return addresses. */
const INSTRUCTION = 1n << 63n;
const at = (page: number, low: number): bigint => BigInt(page) * 4096n + BigInt(low);
const frame = (name: string): CodeFrame => ({ function: name, offset: 0, file: '', line: 0 });
const NAMES = {
  'prog+10': [frame('leaf')],
  'prog+20': [frame('caller')],
  'prog+30': [frame('interrupted')],
  'libc.so.6+40': [frame('handler')],
};
const touch = { page: HEAP_START, latency: 2000 };

function rig(stacks: 'count' | 'faults' = 'count'): {
  of: Rig;
  unwinder: FakeUnwinder;
  names: FakeNames;
} {
  const unwinder = new FakeUnwinder();
  const names = new FakeNames(NAMES);
  const of = new Rig({}, 'detail', { symbols: 'sites', stacks, names, unwinder });
  return { of: of.attach(100, [...ORDINARY, PROGRAM, LIBC]), unwinder, names };
}
function lines(of: Rig, names: FakeNames): [string, number][] {
  of.model.takeAnswers();
  names.answer();
  of.model.takeAnswers();
  return of.model
    .snapshot(of.now)
    .stacks()
    .map(({ frames, faults }) => [frames.join(';'), faults]);
}

describe('copied stacks', () => {
  it('are unwound among the executable mappings, and counted when the answer comes', () => {
    const { of, unwinder, names } = rig();
    of.stackCopy(9, 5).fault(touch);
    of.run();
    expect(unwinder.asked).toMatchObject([{ slot: 9, pid: 100 }]);
    expect(unwinder.asked[0]!.mappings.map(({ backing: { name } }) => name)).toEqual([
      ...ORDINARY.filter(({ prot }) => (prot & X) !== 0).map(({ backing: { name } }) => name),
      '/usr/bin/prog',
      '/usr/lib/libc.so.6',
    ]);
    expect(lines(of, names)).toEqual([]);
    unwinder.answer(1, [at(TEXT, 0x10), at(TEXT, 0x21)]);
    expect(lines(of, names)).toEqual([['caller;leaf', 5]]);
    const [row] = of.model.snapshot(of.now).stacks();
    expect(row).toMatchObject({ sampled: 1, stallNs: 10_000 });
  });

  it('say where they could not be followed any further', () => {
    const { of, unwinder, names } = rig();
    for (let slot = 0; slot < 4; slot++) of.stackCopy(slot).fault(touch);
    of.run();
    unwinder.answer(1, [at(TEXT, 0x10), at(TEXT, 0x21)], false);
    // What was found last and is no code is no frame.
    unwinder.answer(2, [at(TEXT, 0x10), 0x1234567n], false);
    unwinder.answer(3, [0x1234567n], false);
    unwinder.answer(
      4,
      Array.from({ length: 126 }, () => at(TEXT, 0x21)),
      false,
    );
    const found = lines(of, names).map(([text]) => text);
    expect(found).toContain('[truncated];caller;leaf');
    expect(found).toContain('[truncated];leaf');
    expect(found).toContain('[truncated];[unknown]');
    const long = found.find((text) => text.length > 100)!.split(';');
    expect(long).toHaveLength(127);
    expect(long.filter((name) => name === '[truncated]')).toHaveLength(1);
  });

  it('go from a handler to the instruction that a signal interrupted', () => {
    const { of, unwinder, names } = rig();
    of.stackCopy(0).fault(touch);
    of.run();
    unwinder.answer(1, [at(LIBRARY, 0x40), INSTRUCTION | at(TEXT, 0x30)]);
    expect(lines(of, names)).toEqual([['interrupted;handler', 1]]);
  });

  it('show what has no name where it is: an instruction at itself, a call where it returns to', () => {
    const { of, unwinder, names } = rig();
    of.stackCopy(0).fault(touch);
    of.run();
    unwinder.answer(1, [
      at(TEXT, 0x50),
      at(LIBRARY, 0x60),
      INSTRUCTION | at(TEXT, 0x70),
      at(TEXT, 0x70),
    ]);
    expect(lines(of, names)).toEqual([['prog+0x70;prog+0x70;libc.so.6+0x60;prog+0x50', 1]]);
  });

  it('belong to their faults where these are waited for', () => {
    const { of, unwinder } = rig('faults');
    of.stackCopy(3).fault(touch).fault(touch);
    unwinder.waited = true;
    expect(of.model.consume(of.batch, of.resolved)).toBe(false);
    // A refresh in between takes nothing away.
    unwinder.answer(1, [at(TEXT, 0x10), at(TEXT, 0x21)]);
    of.model.tick(of.now);
    unwinder.waited = false;
    expect(of.model.consume(of.batch, of.resolved)).toBe(true);
    expect(of.resolved.stack[0]).not.toBe(0);
    expect(of.resolved.stack[1]).toBe(0);
    expect(of.model.snapshot(of.now).stacks()).toMatchObject([{ faults: 1, sampled: 1 }]);
  });

  it('are those of kept faults alone, and of the time since the counters were zeroed', () => {
    const { of, unwinder, names } = rig();
    of.model.setKeep((batch, _, i) => batch.latency[i]! > 0);
    of.stackCopy(0).fault({ ...touch, latency: -1 });
    of.stackCopy(1).fault(touch);
    of.run();
    of.model.zero(of.now);
    of.clear();
    of.stackCopy(2).fault(touch);
    of.run();
    for (const ticket of [1, 2, 3]) unwinder.answer(ticket, [at(TEXT, 0x10)]);
    expect(lines(of, names)).toEqual([['leaf', 1]]);
  });

  it('are of the mappings that there were when they were taken', () => {
    const { of, unwinder, names } = rig();
    of.stackCopy(0).fault(touch);
    of.mmap({ ...PROGRAM, pgoff: 3 });
    of.stackCopy(1).fault(touch);
    of.munmap(TEXT, TEXT + 16);
    of.stackCopy(2).fault(touch);
    of.run();
    const [first, second, third] = unwinder.asked.map(({ mappings }) => mappings);
    expect(first).not.toBe(second);
    expect(third!.some(({ start }) => start === TEXT)).toBe(false);
    for (const ticket of [1, 2, 3]) unwinder.answer(ticket, [at(TEXT, 0x10)], false);
    const found = lines(of, names).map(([text]) => text);
    expect(found.sort()).toEqual([
      '[truncated];[unknown]',
      '[truncated];leaf',
      '[truncated];prog+0x3010',
    ]);
  });

  it('keep the list of mappings as long as no code is mapped', () => {
    const { of, unwinder } = rig();
    of.stackCopy(0).fault(touch);
    of.mmap(vma(0x9000, 0x9010));
    of.stackCopy(1).fault(touch);
    of.run();
    expect(unwinder.asked[0]!.mappings).toBe(unwinder.asked[1]!.mappings);
  });

  it('that are lost are counted and said', () => {
    const { of, unwinder } = rig();
    unwinder.full = true;
    of.stackCopy(0).fault(touch);
    of.run();
    of.clear();
    unwinder.full = false;
    of.stackCopy(1).fault(touch);
    of.run();
    unwinder.answer(1, null);
    unwinder.answer(77, [1n]);
    of.model.takeAnswers();
    const { caps } = of.model.snapshot(of.now);
    expect(caps).toContain('2 call stacks could not be unwound: no stack stands for their faults');
  });
});
