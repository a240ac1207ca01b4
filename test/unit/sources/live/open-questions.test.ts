import { OpenQuestions } from '../../../../src/sources/live/open-questions';

const LIMITS = { questionMs: 1000, budgetMs: 1500 };
/** Nobody is waited for longer. */
const LONGEST_MS = 25_000;

/** A clock, questions, and whether who was asked works. */
class Waiter {
  now = 0;
  works = false;
  late = 0;
  readonly questions = new OpenQuestions(() => this.now, {
    limits: LIMITS,
    reason: () => this.works,
    onLate: () => {
      this.late++;
    },
  });

  /** With a reader that has answered already. */
  constructor() {
    this.questions.begin()(() => undefined);
  }

  expectsAt(now: number): boolean {
    this.now = now;
    return this.questions.expects();
  }
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

test('a question is given up when its time is over, which is told', () => {
  const waiter = new Waiter();
  expect(waiter.expectsAt(0)).toBe(false);
  expect(waiter.late).toBe(0);
  waiter.questions.begin();
  expect([waiter.expectsAt(999), waiter.late]).toEqual([true, 0]);
  expect([waiter.expectsAt(1000), waiter.late]).toEqual([false, 1]);
});

test('it is waited for longer as long as there is a reason, but not for ever', () => {
  const waiter = new Waiter();
  waiter.questions.begin();
  waiter.works = true;
  expect(waiter.expectsAt(1000)).toBe(true);
  expect(waiter.expectsAt(LONGEST_MS - 1)).toBe(true);
  waiter.works = false;
  expect([waiter.expectsAt(LONGEST_MS - 1), waiter.late]).toEqual([false, 1]);
  waiter.works = true;
  expect([waiter.expectsAt(LONGEST_MS), waiter.late]).toEqual([false, 2]);
});

test('such waiting is looked at again soon, and costs nothing of what others may wait', () => {
  const waiter = new Waiter();
  const answered = waiter.questions.begin();
  waiter.works = true;
  expect(waiter.expectsAt(2000)).toBe(true);
  let ready = 0;
  const wait = (): boolean =>
    waiter.questions.whenReady(() => {
      ready++;
    });
  expect(wait()).toBe(true);
  waiter.now = 8000;
  jest.advanceTimersByTime(200);
  expect(ready).toBe(1);
  expect([waiter.expectsAt(8000), wait()]).toEqual([true, true]);
  answered(() => undefined);
  expect(ready).toBe(2);
  waiter.works = false;
  waiter.questions.begin();
  expect(waiter.expectsAt(8999)).toBe(true);
});

test('the end of a run waits for who works', async () => {
  const waiter = new Waiter();
  const answered = waiter.questions.begin();
  waiter.works = true;
  let settled = false;
  const end = waiter.questions.settled().then(() => {
    settled = true;
  });
  waiter.now = 10_000;
  await jest.advanceTimersByTimeAsync(10_000);
  expect(settled).toBe(false);
  answered(() => undefined);
  await end;
  expect(waiter.late).toBe(0);
});

test('it ends without an answer where nobody works, which is told, or where all is closed', async () => {
  const waiter = new Waiter();
  waiter.questions.begin();
  const ends = waiter.questions.settled();
  await jest.advanceTimersByTimeAsync(3000);
  await jest.advanceTimersByTimeAsync(1);
  await ends;
  expect(waiter.late).toBe(1);
  const closed = waiter.questions.settled();
  waiter.questions.close();
  await closed;
  expect([waiter.late, jest.getTimerCount()]).toEqual([1, 0]);
});
