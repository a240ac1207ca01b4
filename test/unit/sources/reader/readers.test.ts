import type { ReaderChild, ReaderEvents } from '../../../../src/sources/reader/child';
import type { Frame } from '../../../../src/sources/reader/frame';
import type { Failure } from '../../../../src/sources/reader/lane';
import { Readers } from '../../../../src/sources/reader/readers';

/** A reader process in the test's hands. */
class FakeChild implements ReaderChild {
  killed = false;
  readonly asked: { id: number; operation: number; payload: string }[] = [];

  constructor(
    readonly pid: number,
    readonly events: ReaderEvents,
  ) {}

  send(frame: Buffer): void {
    this.asked.push({
      id: frame.readUInt32LE(4),
      operation: frame.readUInt8(8),
      payload: frame.subarray(9).toString(),
    });
  }

  kill(): void {
    this.killed = true;
  }

  answer(text: string, over: Partial<Frame> = {}): void {
    const { id, operation } = this.asked.at(-1)!;
    this.events.onAnswer({ id, operation, errno: 0, payload: Buffer.from(text), ...over });
  }
}

class Rig {
  readonly children: FakeChild[] = [];
  readonly notes: string[] = [];
  readonly answers: string[] = [];
  running = false;
  ms = 0;
  readonly readers = new Readers({
    start: (events) => {
      const child = new FakeChild(1000 + this.children.length, events);
      this.children.push(child);
      return child;
    },
    note: (text) => {
      this.notes.push(text);
    },
    isRunning: () => this.running,
    nowMs: () => this.ms,
    limitMs: 200,
  });

  ask(subject: string, text: string): void {
    this.readers.ask({
      operation: 1,
      subject,
      payload: Buffer.from(text),
      answered: (answer: Frame | Failure) => {
        this.answers.push(
          `${text}: ${typeof answer === 'string' ? answer : answer.payload.toString()}`,
        );
      },
    });
  }

  /** The children that have been killed, by number. */
  get killed(): number[] {
    return this.children.flatMap(({ killed }, i) => (killed ? [i] : []));
  }
}

let rig: Rig;
beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick'] });
  rig = new Rig();
});
afterEach(() => {
  rig.readers.close();
  jest.useRealTimers();
});

/** Fake time goes on, and with it what setImmediate was asked for. */
const pass = (ms: number): void => {
  rig.ms += ms;
  jest.advanceTimersByTime(ms);
};

test('one reader answers one question after the other', () => {
  rig.ask('a', 'one');
  rig.ask('b', 'two');
  expect(rig.children).toHaveLength(1);
  const [child] = rig.children;
  expect(child!.asked.map(({ payload }) => payload)).toEqual(['one']);
  child!.answer('1');
  expect(child!.asked.map(({ payload }) => payload)).toEqual(['one', 'two']);
  child!.answer('2');
  expect(rig.answers).toEqual(['one: 1', 'two: 2']);
});

test('a slow question does not hold up those of other subjects, but those of its own', () => {
  rig.ask('slow', 'one');
  rig.ask('slow', 'two');
  rig.ask('b', 'three');
  pass(60);
  expect(rig.children).toHaveLength(2);
  rig.children[1]!.answer('3');
  expect(rig.answers).toEqual(['three: 3']);
  rig.children[0]!.answer('1');
  expect(rig.children.flatMap(({ asked }) => asked.map(({ payload }) => payload))).toEqual([
    'one',
    'two',
    'three',
  ]);
});

test('what is late costs its reader, and its subject for a while', () => {
  rig.ask('dead', 'one');
  rig.ask('dead', 'two');
  pass(199);
  expect(rig.killed).toEqual([]);
  pass(2);
  pass(1);
  expect(rig.killed).toEqual([0]);
  expect(rig.answers).toEqual(['one: late', 'two: refused']);
  // The others are served by a new one.
  rig.ask('alive', 'three');
  rig.children.at(-1)!.answer('3');
  rig.ask('dead', 'four');
  pass(1);
  expect(rig.answers.slice(2)).toEqual(['three: 3', 'four: refused']);
  // An answer of the killed one is nobody's.
  rig.children[0]!.events.onGone();
  pass(30_000);
  rig.ask('dead', 'five');
  rig.children.at(-1)!.answer('5');
  expect(rig.answers.at(-1)).toBe('five: 5');
});

test('an answer that comes in parts is waited for while they come, within bounds', () => {
  rig.ask('large', 'one');
  for (let parts = 0; parts < 9; parts++) {
    pass(150);
    rig.children[0]!.events.onHeard();
    pass(50);
  }
  rig.children[0]!.answer('1');
  rig.ask('large', 'two');
  rig.children[0]!.events.onHeard();
  pass(200);
  expect(rig.killed).toEqual([]);
  pass(200);
  rig.ask('endless', 'three');
  for (let parts = 0; parts < 11; parts++) {
    rig.children.at(-1)!.events.onHeard();
    pass(200);
  }
  expect(rig.answers).toEqual(['one: 1', 'two: late', 'three: late']);
});

test('a question is not late because the one before it was answered late', () => {
  rig.ask('a', 'one');
  rig.ask('a', 'two');
  // We were short of CPU: what has come is read between the timer and what it has put off.
  const put = jest.spyOn(globalThis, 'setImmediate').mockImplementationOnce((check) => {
    rig.children[0]!.answer('1');
    check();
    return {} as NodeJS.Immediate;
  });
  pass(200);
  expect(put).toHaveBeenCalledTimes(1);
  rig.children[0]!.answer('2');
  expect([rig.answers, rig.killed]).toEqual([['one: 1', 'two: 2'], []]);
});

test('a reader that works is given more time than one that waits, but not for ever', () => {
  rig.running = true;
  rig.ask('a', 'one');
  pass(250);
  expect(rig.killed).toEqual([]);
  for (let i = 0; i < 20; i++) pass(200);
  expect(rig.killed).toEqual([0]);
  expect(rig.answers).toEqual(['one: late']);
});

test('nothing is asked while too many killed readers hang in the kernel', () => {
  for (let i = 0; i < 8; i++) {
    rig.ask(`dead${i}`, `q${i}`);
    pass(201);
  }
  expect(rig.children).toHaveLength(8);
  rig.ask('alive', 'refused');
  pass(1);
  expect(rig.answers.at(-1)).toBe('refused: refused');
  expect(rig.notes).toEqual([expect.stringContaining('hang in the kernel')]);
  rig.children[3]!.events.onGone();
  rig.ask('alive', 'served');
  rig.children.at(-1)!.answer('yes');
  expect(rig.answers.at(-1)).toBe('served: yes');
});

test('a reader that ends is replaced, and given up when it never gives an answer', () => {
  rig.ask('a', 'one');
  rig.children[0]!.events.onBroken('it ended');
  expect(rig.answers).toEqual(['one: refused']);
  rig.ask('a', 'two');
  rig.children[1]!.answer('2');
  for (let i = 0; i < 20; i++) {
    rig.ask('a', `more ${i}`);
    rig.children.at(-1)!.events.onBroken('it ended');
    pass(1);
  }
  expect(rig.answers.at(-1)).toBe('more 19: refused');
  expect(rig.children.length).toBeLessThan(12);
  expect(rig.notes).toEqual([expect.stringContaining('cannot be read (it ended)')]);
});

test('an answer to another question ends the reader that gave it', () => {
  rig.ask('a', 'one');
  rig.children[0]!.answer('1', { id: 77 });
  expect(rig.killed).toEqual([0]);
  expect(rig.answers).toEqual(['one: refused']);
  rig.ask('a', 'two');
  rig.children[1]!.answer('2', { operation: 9 });
  expect(rig.answers).toEqual(['one: refused', 'two: refused']);
});

test('a question too long to be one is refused, the reader lives', () => {
  rig.ask('a', 'x'.repeat(70_000));
  pass(1);
  expect(rig.answers).toEqual([`${'x'.repeat(70_000)}: refused`]);
  rig.ask('a', 'two');
  rig.children[0]!.answer('2');
  expect(rig.answers.at(-1)).toBe('two: 2');
});

test('after close() nobody is called back', () => {
  rig.ask('a', 'one');
  rig.ask('b', 'two');
  rig.readers.close();
  rig.children[0]!.answer('1');
  rig.ask('c', 'three');
  pass(1000);
  expect(rig.answers).toEqual([]);
  expect(rig.killed).toEqual([0]);
});
