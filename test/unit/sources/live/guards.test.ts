import { Guards } from '../../../../src/sources/live/guards';
import { Operation } from '../../../../src/sources/reader/operations';
import type { Failure, Question } from '../../../../src/sources/reader/lane';
import { Guard } from '../../../../src/core/classify/rules';

/** Guards whose reader and clock the test holds in its hands. */
class Bench {
  now = 0;
  readonly questions: Question[] = [];
  readonly guards = new Guards(
    {
      ask: (question) => {
        this.questions.push(question);
      },
    },
    () => this.now,
  );

  /** Whether a question was asked about the process; it is then answered after `costNs`. */
  ask(pid: number, costNs: number, payload: Buffer | Failure, space = '1.0'): boolean {
    const before = this.questions.length;
    this.guards.askGuards(pid, space);
    if (this.questions.length === before) return false;
    this.now += costNs;
    const { operation, answered } = this.questions.at(-1)!;
    answered(typeof payload === 'string' ? payload : { id: 1, operation, errno: 0, payload });
    return true;
  }

  /** ns until the process may be asked about again, to within 10 %. */
  pause(pid: number, space?: string): number {
    const begun = this.now;
    for (let step = 1e6; ; step *= 1.1) {
      this.now = begun + step;
      if (this.ask(pid, 0, NOTHING, space)) return step;
    }
  }
}

const NOTHING = Buffer.from([0]);
const FOUND = Buffer.alloc(1 + 2 * 17);
FOUND.writeUInt8(1, 0);
FOUND.writeBigUInt64LE(0x7f0000000n, 1);
FOUND.writeBigUInt64LE(0x7f0000010n, 9);
FOUND.writeUInt8(3, 17);
FOUND.writeBigUInt64LE(0xfffffffffffffn, 18);
FOUND.writeBigUInt64LE(0x10000000000000n, 26);
FOUND.writeUInt8(1, 34);

test('asks the reader and gives what it found, once', () => {
  const bench = new Bench();
  bench.now = 77;
  expect(bench.ask(4711, 5, FOUND)).toBe(true);
  const { operation, payload } = bench.questions[0]!;
  expect([operation, Buffer.from(payload).readUInt32LE()]).toEqual([Operation.GUARDS, 4711]);
  expect(bench.guards.takeGuards()).toEqual([
    {
      pid: 4711,
      space: '1.0',
      asOf: 77,
      bySelf: true,
      ranges: [
        { start: 0x7f0000000, end: 0x7f0000010, guard: Guard.ABSENT | Guard.WRITE },
        { start: 0xfffffffffffff, end: 0x10000000000000, guard: Guard.ABSENT },
      ],
    },
  ]);
  expect(bench.guards.takeGuards()).toEqual([]);
});

test('no answer is no answer', () => {
  for (const failure of ['late', 'refused'] as const) {
    const bench = new Bench();
    expect(bench.ask(1, 0, failure)).toBe(true);
    expect(bench.guards.takeGuards()).toEqual([]);
    expect(bench.pause(1)).toBeGreaterThan(100e6);
  }
});

function ranges(...list: readonly (readonly [bigint, bigint])[]): Buffer {
  const payload = Buffer.alloc(1 + 17 * list.length, 1);
  list.forEach(([start, end], i) => {
    payload.writeBigUInt64LE(start, 1 + 17 * i);
    payload.writeBigUInt64LE(end, 9 + 17 * i);
  });
  return payload;
}

test.each([
  ['torn', FOUND.subarray(0, -1)],
  ['out of order', ranges([8n, 9n], [4n, 5n])],
  ['over each other', ranges([4n, 8n], [7n, 9n])],
  ['empty', ranges([4n, 4n])],
  ['beyond all addresses', ranges([4n, 2n ** 64n - 1n])],
  [
    'too many',
    ranges(...Array.from({ length: 4097 }, (_, i) => [BigInt(2 * i), BigInt(2 * i + 1)] as const)),
  ],
])('ranges that are %s are no answer', (_, payload) => {
  const bench = new Bench();
  bench.ask(1, 0, payload);
  expect(bench.guards.takeGuards()).toEqual([]);
});

test('one look at a time', () => {
  const bench = new Bench();
  bench.guards.askGuards(1, '1.0');
  bench.guards.askGuards(2, '2.0');
  expect(bench.questions).toHaveLength(1);
});

test('a look that finds nothing makes the next pause twice as long, up to a minute', () => {
  const bench = new Bench();
  expect(bench.ask(1, 0, NOTHING)).toBe(true);
  const pauses = Array.from({ length: 14 }, () => bench.pause(1));
  expect(pauses[0]).toBeLessThan(300e6);
  for (let k = 1; k < 8; k++) expect(pauses[k]! / pauses[k - 1]!).toBeGreaterThan(1.6);
  expect(pauses.at(-1)).toBeLessThan(80e9);
  // The others, and the same pid with another program, have their own.
  expect(bench.ask(2, 0, NOTHING)).toBe(true);
  expect(bench.ask(1, 0, NOTHING, '1.1')).toBe(true);
});

test('a look that takes long is not repeated soon', () => {
  const bench = new Bench();
  bench.ask(1, 400e6, FOUND);
  expect(bench.pause(1)).toBeGreaterThan(15e9);
});
