import { ASK, Pace } from '../../../../src/tui/terminal/pace';

describe('the pace of frames', () => {
  it('lets no frame out before the terminal has answered for the last one', () => {
    const pace = new Pace();
    expect(pace.ask(0)).toBe(ASK);
    expect(pace.wait(10)).toBeGreaterThan(0);
    expect(pace.answer()).toBe(true);
    expect(pace.wait(10)).toBe(0);
    pace.ask(1000);
    expect(pace.wait(9000)).toBe(2000);
    // What was lost on the way must not hold up frames for ever.
    expect(pace.wait(11_000)).toBe(0);
    pace.ask(11_000);
    expect(pace.answer()).toBe(true);
  });

  it('does not wait long for a terminal that never answers, and asks it no more', () => {
    const pace = new Pace();
    const asked = [0, 1, 2, 3, 4, 5].map((k) => pace.ask(k * 1000));
    expect(asked).toEqual([ASK, ASK, ASK, ASK, '', '']);
    expect(pace.wait(3100)).toBe(150);
    expect(pace.wait(5100)).toBe(0);
  });

  it('holds frames back from the first answer on, however late that comes', () => {
    const pace = new Pace();
    for (const at of [0, 300, 600]) pace.ask(at);
    expect(pace.answer()).toBe(false);
    // Two frames are still on their way; the next answer is for both.
    expect(pace.wait(3000)).toBeGreaterThan(0);
    expect(pace.answer()).toBe(true);
  });
});
