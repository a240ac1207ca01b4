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
});
