import { Buffer } from 'node:buffer';
import type { Fault } from './formats';
import type { TruthRow } from './truth';

/** Of test/workloads/chains.c. */
export const THREADS = 4;

const count = (first: number, last: number): number[] =>
  Array.from({ length: first - last + 1 }, (_, i) => first - i);
/** What comes behind main, or is the whole chain of a thread. */
export const DEEP = count(20, 1).map((n) => `d${n}`);
export const RECURSION = Array.from({ length: 12 }, () => 'recurse');
export const THREAD = ['t_main', 't_middle', 't_touch'];
export const HANDLER = ['handler', 'h_touch'];

export type WithStack = Fault & { readonly stack: readonly string[] | null };

/** The stack of every fault within a range of the truth. */
export function stacksIn(rows: readonly TruthRow[], faults: readonly Fault[]): string[][][] {
  return rows.map(({ start, end }) =>
    (faults as readonly WithStack[])
      .filter(({ address }) => BigInt(address) >= BigInt(start) && BigInt(address) < BigInt(end))
      .map(({ stack }) => [...(stack ?? [])]),
  );
}

/** Ours from main on, or from the first function of a thread. */
export function ownPart(stack: readonly string[]): string[] {
  const main = stack.lastIndexOf('main');
  return stack.slice(main >= 0 ? main : stack.lastIndexOf('t_main'));
}

/** What is found by any way of unwinding, with `pages` touched through each chain; returns that of the handler. */
export function expectChains(
  rows: readonly TruthRow[],
  faults: readonly Fault[],
  pages: number,
): string[][] {
  const [deep, recursion, handler, kernel, ...threads] = stacksIn(rows, faults);
  const all = (chain: readonly string[]): string[][] =>
    Array.from({ length: pages }, () => [...chain]);
  expect(deep!.map(ownPart)).toEqual(all(['main', ...DEEP]));
  expect(recursion!.map(ownPart)).toEqual(all(['main', ...RECURSION]));
  expect(threads).toHaveLength(THREADS);
  for (const thread of threads) expect(thread.map(ownPart)).toEqual(all(THREAD));
  expect(kernel).toHaveLength(pages);
  for (const stack of kernel!) {
    // The system call is inlined into k_read, which shows where that is not optimised.
    expect(
      ownPart(stack)
        .slice(0, -1)
        .filter((name) => name !== 'call'),
    ).toEqual(['main', 'k_read']);
    expect(stack.at(-1)).toMatch(/^\[kernel\] [a-z_]+/);
  }
  expect(handler).toHaveLength(pages);
  return handler!;
}

/** Rows of the truth in the order in which the program makes them. */
export function inOrder(rows: readonly TruthRow[]): TruthRow[] {
  const own = rows.filter(({ pid, tid }) => pid === tid);
  return [...own, ...rows.filter(({ pid, tid }) => pid !== tid)];
}

export interface Mapped {
  readonly start: string;
  readonly kind: string;
  readonly mapped_by: readonly string[] | null;
}

/** By which functions of test/workloads/makers.c each of its mappings was made, and how that of the heap. */
export function madeBy(rows: readonly TruthRow[], report: unknown): (readonly string[])[] {
  const { regions } = report as { readonly regions: readonly Mapped[] };
  const at = (row: TruthRow): Mapped => {
    const found = regions.filter(({ start }) => BigInt(start) === BigInt(row.start));
    expect(found).toHaveLength(1);
    return found[0]!;
  };
  const [grown, , mapped, inThread] = rows;
  const heap = regions.find(({ kind }) => kind === 'heap')!;
  return [grown!, mapped!, inThread!]
    .map(at)
    .concat(heap)
    .map((region) => ownPart(region.mapped_by ?? []));
}

/** Of test/workloads/makers.c. */
export const MADE = [
  ['main', 'r_outer', 'r_grow', 'call'],
  ['main', 'm_outer', 'm_middle', 'm_map', 'call'],
  ['t_main', 't_map', 'call'],
  ['main', 'b_outer', 'b_grow', 'call'],
];

/** Of the registers in a sample. */
export const RIP = 8;
const RSP = 7;
/** Where the stacks of copyOf() are. */
export const STACK = 0x7ffe0000n;

/** A stack as it is copied, with its length. */
export function copyOf(registers: readonly bigint[], stack: readonly bigint[]): Buffer {
  const words = [...registers, ...stack];
  const bytes = Buffer.alloc(4 + 8 * words.length);
  bytes.writeUInt32LE(8 * words.length);
  words.forEach((word, i) => bytes.writeBigUInt64LE(BigInt.asUintN(64, word), 4 + 8 * i));
  return bytes;
}

export function registersAt(ip: bigint): bigint[] {
  const registers = Array.from({ length: 17 }, () => 0n);
  registers[RSP] = STACK;
  registers[RIP] = ip;
  return registers;
}
