import { captureAttached, captureCommand } from '../support/analyzer';
import { withoutFrames } from '../support/build';
import { removeScratch, scratchDirectory } from '../support/scratch';
import {
  expectChains,
  HANDLER,
  inOrder,
  MADE,
  madeBy,
  ownPart,
  stacksIn,
} from '../support/stacks-kit';
import { compare } from '../support/truth';
import type { TruthRow } from '../support/truth';
import type { Fault } from '../support/formats';

/** All copies of stacks find room in a ring, however seldom it is read. */
const PAGES = 60;
const EVERY = ['--stacks', 'dwarf', '--stack-every', '1'];

let scratch: string;
beforeAll(() => {
  scratch = scratchDirectory();
});
afterAll(() => {
  removeScratch(scratch);
});

/** Every frame of ours is right, from the handler to what it interrupted, and nothing is cut off. */
function expectAll(rows: readonly TruthRow[], faults: readonly Fault[]): void {
  for (const stack of expectChains(inOrder(rows), faults, PAGES)) {
    const own = ownPart(stack).filter((name) => name !== 'call');
    expect([...own.slice(0, 2), ...own.slice(3)]).toEqual(['main', 'h_raise', ...HANDLER]);
    expect(own[2]).toMatch(/\+0x|restore/);
  }
  for (const stack of stacksIn(rows, faults).flat()) expect(stack).not.toContain('[truncated]');
}

test.each([
  ['gcc', []],
  ['clang', []],
  ['gcc', ['-no-pie']],
  ['gcc', ['-static']],
  ['clang', ['-static-pie']],
  ['gcc', ['-fno-asynchronous-unwind-tables']],
])('%s %s without frame pointers: every frame of every fault', async (compiler, flags) => {
  const program = [withoutFrames('chains', compiler, flags), '--pages', String(PAGES)];
  const { rows, faults, report } = await captureCommand(program, scratch, { args: EVERY });
  const { expected, captured } = compare(rows, faults);
  expect(captured).toEqual(expected);
  expect(report.completeness).toMatchObject({ difference: 0, lost: 0, comparable: true });
  expectAll(rows, faults);
});

test('attached to: the same', async () => {
  const program = [withoutFrames('chains', 'gcc', []), '--pages', String(PAGES)];
  const { rows, faults } = await captureAttached(program, scratch, EVERY);
  expectAll(rows, faults);
});

describe('who made a mapping', () => {
  const withoutCalls = (chains: readonly (readonly string[])[]): string[][] =>
    chains.map((chain) => chain.filter((name) => name !== 'call'));

  it.each([
    ['started', (command: readonly string[]) => captureCommand(command, scratch, { args: EVERY })],
    ['attached to', (command: readonly string[]) => captureAttached(command, scratch, EVERY)],
  ])('%s: mmap, mremap and brk, by code without frame pointers', async (_, capture) => {
    const makers = [withoutFrames('makers', 'gcc', []), '--pages', String(PAGES)];
    const { rows, report } = await capture(makers);
    expect(withoutCalls(madeBy(rows, report))).toEqual(withoutCalls(MADE));
  });
});
