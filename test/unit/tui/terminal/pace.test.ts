import { ASK, Pace } from '../../../../src/tui/terminal/pace';

describe('the pace of frames', () => {
  it('lets no frame out before the terminal has answered for the last one', () => {
    const pace = new Pace();
    expect(pace.ask(0)).toBe(ASK);
    expect(pace.wait(10)).toBeGreaterThan(0);
    expect(pace.answer(10)).toBe(true);
    expect(pace.wait(10)).toBe(0);
    pace.ask(1000);
    expect(pace.wait(9000)).toBe(2000);
    // What was lost on the way must not hold up frames for ever.
    expect(pace.wait(11_000)).toBe(0);
    pace.ask(11_000);
    expect(pace.answer(11_500)).toBe(true);
  });

  it('does not wait long for a terminal that never answers, and asks it no more', () => {
    const pace = new Pace();
    const asked = [0, 1, 2, 3, 4, 5].map((k) => pace.ask(k * 1000));
    expect(asked).toEqual([ASK, ASK, ASK, ASK, '', '']);
    expect(pace.wait(3100)).toBe(150);
    expect(pace.wait(5100)).toBe(0);
  });

  it('holds frames back from the first answer on until all that are on their way have come', () => {
    const pace = new Pace();
    for (const at of [0, 300, 600]) pace.ask(at);
    expect(pace.answer(8000)).toBe(false);
    expect(pace.wait(8000)).toBeGreaterThan(0);
    expect(pace.answer(11_000)).toBe(false);
    // Slow, but not lost: patience begins with each answer.
    expect(pace.wait(18_000)).toBe(3000);
    expect(pace.answer(19_000)).toBe(true);
    expect(pace.wait(19_000)).toBe(0);
  });

  it('waits on leaving as long as the link is slow, so that no answer is left to the shell', () => {
    const pace = new Pace();
    expect(pace.pendingMs).toBe(0);
    pace.ask(0);
    expect(pace.pendingMs).toBe(250);
    pace.answer(20);
    pace.ask(1000);
    expect(pace.pendingMs).toBe(1000);
    pace.answer(3000);
    pace.ask(3000);
    expect(pace.pendingMs).toBe(4000);
    pace.answer(12_000);
    pace.ask(12_000);
    expect(pace.pendingMs).toBe(5000);
  });

  // Bytes: of a full screen of 80x24, 120x35 or 200x50, then of changes of it.
  it.each([
    [3500, 700],
    [5000, 900],
    [9000, 3000],
  ])(
    'keeps a terminal of 500 bytes a second at most two frames behind: %d, then %d',
    (full, more) => {
      const pace = new Pace();
      const link = new SlowLink(pace);
      link.write(60, pace.greet() !== '');
      let sent = 0;
      let most = 0;
      let now = 0;
      for (; now < 120_000; now += STEP_MS) {
        // A picture every quarter of a second, as somebody presses keys.
        if (now % 250 === 0 && pace.wait(now) === 0) {
          link.write(sent++ === 0 ? full : more, pace.ask(now) !== '');
          most = Math.max(most, link.frames - (sent === 1 ? 1 : 0));
        }
        link.pass(now);
      }
      expect(most).toBeLessThanOrEqual(2);
      // It is not left alone for that: the link is always in use.
      expect(sent * more).toBeGreaterThan((0.8 * now * BYTES_PER_SECOND) / 1000 - full);
    },
  );
});

const STEP_MS = 10;
const BYTES_PER_SECOND = 500;

/** What is written arrives at so many bytes a second; the terminal answers when it has come to a question. */
class SlowLink {
  private readonly queue: { bytes: number; readonly asks: boolean }[] = [];

  constructor(private readonly pace: Pace) {}

  /** On their way. */
  get frames(): number {
    return this.queue.length;
  }

  write(bytes: number, asks: boolean): void {
    this.queue.push({ bytes, asks });
  }

  pass(now: number): void {
    let room = (STEP_MS * BYTES_PER_SECOND) / 1000;
    while (room > 0 && this.queue.length > 0) {
      const [first] = this.queue;
      const taken = Math.min(room, first!.bytes);
      first!.bytes -= taken;
      room -= taken;
      if (first!.bytes > 0) return;
      this.queue.shift();
      if (first!.asks) this.pace.answer(now);
    }
  }
}
