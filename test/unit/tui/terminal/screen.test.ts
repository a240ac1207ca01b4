import { DashboardApp, type QuitReason } from '../../../../src/tui/app';
import { ASK } from '../../../../src/tui/terminal/pace';
import { FakeSource, samplePicture } from '../../../support/fake-source';
import { until } from '../../../support/running';
import { FakeInput, FakeOutput } from '../../../support/terminal';

/** What a terminal says to ASK. */
const ANSWERED = '\x1b[0n';
/** Bytes that give the terminal back: a fifth of a second on a link of 500 bytes a second. */
const MOST_RESTORING = 100;

class World {
  readonly input = new FakeInput();
  readonly output: FakeOutput;
  readonly source = new FakeSource();
  readonly app: DashboardApp;
  stops = 0;
  reason: QuitReason | null = null;

  constructor(
    columns = 80,
    rows = 24,
    env: Record<string, string> = { TERM: 'xterm-256color', LANG: 'C.UTF-8' },
  ) {
    this.output = new FakeOutput(columns, rows);
    this.app = new DashboardApp(this.source, {
      screen: {
        input: this.input,
        output: this.output,
        env,
        ascii: false,
        stopProcess: () => this.stops++,
      },
      intervalMs: 250,
      now: () => performance.now(),
    });
    void this.app.done.then((reason) => (this.reason = reason));
  }

  /** Waits until the screen shows something; fails with what it shows instead. */
  async shows(text: string | RegExp): Promise<string[]> {
    let lines: string[] = [];
    for (let k = 0; k < 100; k++) {
      lines = await this.output.screen();
      if (lines.join('\n').match(text) !== null) return lines;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`not shown: ${String(text)}\n${lines.join('\n')}`);
  }

  async quit(): Promise<void> {
    this.app.quit();
    await this.app.done;
  }
}

describe('the dashboard on a terminal', () => {
  let world: World;
  const open = (...args: ConstructorParameters<typeof World>): World =>
    (world = new World(...args));
  afterEach(async () => {
    await world.quit();
  });

  it('takes the alternate screen and raw mode, and gives them back', async () => {
    open();
    await world.shows('data.db');
    expect([world.output.alternate, world.input.raw, world.input.paused]).toEqual([
      true,
      true,
      false,
    ]);
    world.input.type('q');
    expect(await world.app.done).toBe('key');
    await world.output.screen();
    expect([world.output.alternate, world.input.raw, world.input.paused]).toEqual([
      false,
      false,
      true,
    ]);
  });

  it('leaves no listener behind that would act for a dashboard that is gone', async () => {
    const before = process.eventNames().map((name) => [name, process.listenerCount(name)]);
    open();
    await world.shows('data.db');
    await world.quit();
    expect(process.eventNames().map((name) => [name, process.listenerCount(name)])).toEqual(before);
    expect(world.input.listenerCount('data')).toBe(0);
    expect(world.output.listenerCount('resize')).toBe(0);
  });

  it('leaves the environment of later children as it was', async () => {
    process.env.TMUX = '/tmp/tmux-0/default,1,0';
    delete process.env.NCURSES_NO_UTF8_ACS;
    open();
    expect(process.env.TMUX).toBe('/tmp/tmux-0/default,1,0');
    expect(process.env.NCURSES_NO_UTF8_ACS).toBeUndefined();
    delete process.env.TMUX;
    await world.shows('data.db');
  });

  it.each([
    'xterm',
    'screen-256color',
    'tmux-256color',
    'xterm-kitty',
    'alacritty',
    'linux',
    'vt100',
    'never-heard-of',
  ])('draws the same on TERM=%s', async (term) => {
    open(80, 24, { TERM: term, LANG: 'C.UTF-8' });
    const lines = await world.shows('data.db');
    expect(lines[0]).toMatch(/^ postgres 4321 /);
    expect(lines[5]).toMatch(/^\[1 Regions\]/);
    expect(lines.at(-1)).toMatch(/q quit$/);
  });

  it('reads an arrow key that comes in two reads, and a lone Escape', async () => {
    open();
    await world.shows(/>data\.db/);
    world.input.type('\x1b');
    world.input.type('[B');
    await world.shows(/>\[heap\]/);
    world.input.type('\r');
    await world.shows('Esc back');
    world.input.type('\x1b');
    await world.shows('/ filter');
  });

  it('takes the mouse when it is told to, and only while it is there', async () => {
    open();
    await world.shows('data.db');
    const mode = async (): Promise<string> => {
      await world.output.screen();
      return world.output.terminal.modes.mouseTrackingMode;
    };
    expect(await mode()).toBe('none');
    world.input.type('M');
    expect(await mode()).toBe('vt200');
    await world.shows('mouse on');
    // A click on the second row, and one on the tab of the threads, as xterm sends them.
    const lines = await world.shows('[heap]');
    const row = lines.findIndex((line) => line.startsWith(' [heap]'));
    world.input.type(`\x1b[<0;9;${row + 1}M\x1b[<0;9;${row + 1}m`);
    await world.shows(/>\[heap\]/);
    world.input.type('\x1a');
    expect(await mode()).toBe('none');
    world.app.resume();
    await world.shows('data.db');
    expect(await mode()).toBe('vt200');
    world.input.type('M');
    expect(await mode()).toBe('none');
    world.input.type('M');
    expect(await mode()).toBe('vt200');
    await world.quit();
    expect(await mode()).toBe('none');
  });

  it('leaves the mouse to the terminal, and what a mouse would send undone', async () => {
    open();
    const lines = await world.shows('[heap]');
    const row = lines.findIndex((line) => line.startsWith(' [heap]'));
    world.input.type(`\x1b[<0;9;${row + 1}M2`);
    await world.shows('[2 Threads]');
    world.input.type('1');
    await world.shows(/>data\.db/);
  });

  it('asks for bracketed paste, not for the keypad in application mode; both only while it is there', async () => {
    open();
    await world.shows('data.db');
    const modes = async (): Promise<[boolean, boolean, boolean]> => {
      await world.output.screen();
      const { bracketedPasteMode, applicationKeypadMode, applicationCursorKeysMode } =
        world.output.terminal.modes;
      return [bracketedPasteMode, applicationKeypadMode, applicationCursorKeysMode];
    };
    expect(await modes()).toEqual([true, false, false]);
    world.input.type('\x1a');
    expect(await modes()).toEqual([false, false, false]);
    world.app.resume();
    await world.shows('data.db');
    expect(await modes()).toEqual([true, false, false]);
    await world.quit();
    expect(await modes()).toEqual([false, false, false]);
  });

  it('sends no second frame to a terminal that has answered before and has not come to the last one', async () => {
    open();
    const { input, output, source } = world;
    const asks: string[] = [];
    output.onWrite = (text) => {
      if (text.endsWith(ASK)) asks.push(text);
    };
    await world.shows('data.db');
    // For the question before the first frame, and for what has been drawn so far.
    input.type(ANSWERED.repeat(5));
    input.type('2');
    await world.shows(/\[2 Threads\]/);
    const sent = asks.length;
    input.type('3');
    let pictures = 0;
    await new Promise<void>((resolve) => {
      source.snapshot = () => {
        if (++pictures === 3) resolve();
        return source.picture;
      };
    });
    expect(asks.length).toBe(sent);
    input.type(ANSWERED);
    await world.shows(/\[3 Processes\]/);
    // What restores the terminal waits for nothing, and nothing else is sent; the last answer is not left to the shell.
    let after = '';
    output.onWrite = (text) => {
      after += text;
    };
    input.type('4q');
    await output.screen();
    expect([output.alternate, input.raw]).toEqual([false, true]);
    input.type(ANSWERED);
    expect(await world.app.done).toBe('key');
    expect(input.raw).toBe(false);
    expect(after).not.toContain(ASK);
    expect(after.length).toBeLessThan(MOST_RESTORING);
  });

  it('draws the whole screen anew at Ctrl-L', async () => {
    open();
    const before = await world.shows('data.db');
    world.output.terminal.write('\x1b[2;1Hwall message\x1b[5;1H\x1b[J');
    await world.shows('wall message');
    world.input.type('\x0c');
    const after = await world.shows(/^(?![^]*wall message)[^]*q quit/);
    // A refresh may have come in between: the sparklines have grown by a cell then.
    const still = (lines: readonly string[]): string[] =>
      lines.filter((line) => !line.startsWith(' MAJ/s'));
    expect(still(after)).toEqual(still(before));
    expect(still(before)).toHaveLength(23);
  });

  it('reads a paste that comes in many reads as one text', async () => {
    open();
    await world.shows('data.db');
    world.input.type('/');
    for (const char of '\x1b[200~stack\rq\x1b[201~') {
      world.input.type(char);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await world.shows('filter: stack q');
  });

  it('follows every size, also 20x5 and back', async () => {
    open();
    await world.shows('data.db');
    world.output.resize(20, 5);
    const small = await world.shows('too small');
    expect(small).toHaveLength(5);
    world.output.resize(200, 50);
    expect((await world.shows('RE-F%')).join('\n')).toContain('data.db');
    world.output.resize(80, 24);
    expect((await world.shows('data.db'))[0]).toMatch(/^ postgres 4321/);
  });

  it('takes a new picture at every interval', async () => {
    open();
    await world.shows('MAJ 12');
    world.source.picture = samplePicture(4);
    await world.shows('MAJ 48');
  });

  /** From look to look 4, 0 and 2 major faults more in turn, and always 100 minor ones. */
  function countInTurns(): void {
    let [looks, major] = [0, 0];
    world.source.snapshot = () => {
      major += [4, 0, 2][looks++ % 3]!;
      const picture = samplePicture();
      const byClass = [major, 100 * looks, 0, 0];
      return { ...picture, now: looks * 1e9, totals: { ...picture.totals, byClass } };
    };
  }

  it('draws the graphs where they belong, and nowhere else', async () => {
    open(120, 34);
    countInTurns();
    // The scale ends at 200: the stacks are half as high as the two lines together, and a little more.
    const lines = await world.shows(/ faults\/s +200┤.* peak 104\n +0┤ +█{4,}/);
    const row = lines.findIndex((line) => line.startsWith(' faults/s'));
    const drawn = (y: number): boolean => /[▁-▇█]/.test(lines[y]!);
    const graphs = lines.flatMap((_, y) => (drawn(y) ? [y] : []));
    expect(graphs.filter((y) => y < row || y > row + 2)).toEqual([]);
    // 80 is the cyan of MINOR, 203 the red of MAJOR, of 256 colours, below it.
    const colours = (y: number): string[] => [
      ...new Set(world.output.attributes(y).slice(17, 110)),
    ];
    expect(colours(row)).toContain('80');
    expect(colours(row)).not.toContain('203');
    expect(colours(row + 1)).toContain('203');
    world.input.type('?');
    expect((await world.shows('this help')).join('\n')).not.toMatch(/[▁-▇]/);
    world.input.type('x');
    await world.shows(/faults\/s .*┤/);
    world.output.resize(100, 12);
    expect((await world.shows(/^(?![^]*faults\/s)[^]*data\.db/)).join('\n')).not.toMatch(/[▁-▇]/);
  });

  it('draws the sparklines of the header where they belong, and nowhere else', async () => {
    open(120, 24);
    countInTurns();
    // All and nothing are the ends of the scale; a steady load is all the time its largest.
    const lines = await world.shows(/ MAJ\/s .*█▁▄█/);
    const row = lines.findIndex((line) => line.startsWith(' MAJ/s'));
    expect(lines[row]).toMatch(
      /^ MAJ\/s +[▁▄█]+ .* MIN\/s +▁?█{4,} +100 .* COW\/s +▁+ +0 .* stall% /,
    );
    expect(lines.filter((_, y) => y !== row).join('\n')).not.toMatch(/MAJ\/s/);
    world.input.type('?');
    expect((await world.shows('this help')).join('\n')).not.toMatch(/[▁-▇]/);
    world.input.type('x');
    await world.shows(/MAJ\/s .*█/);
    world.output.resize(100, 12);
    expect((await world.shows(/^(?![^]*MAJ\/s)[^]*data\.db/)).join('\n')).not.toMatch(/[▁-▇]/);
  });

  it('skips frames for a terminal that does not read, and catches up', async () => {
    open();
    await world.shows('data.db');
    world.output.stalled = true;
    world.source.picture = samplePicture(2);
    await until('a frame', () => world.output.writableLength > 0);
    world.input.type('2');
    await new Promise((resolve) => setTimeout(resolve, 100));
    const waiting = world.output.writableLength;
    for (let k = 0; k < 23; k++) {
      world.input.type('\t');
      await new Promise((resolve) => setTimeout(resolve, 35));
    }
    // One frame waits; the others were never made.
    expect(waiting).toBeGreaterThan(0);
    expect(world.output.writableLength).toBe(waiting);
    world.output.flow();
    // 2, then 23 times Tab through eight views: processes... the first.
    await world.shows(/\[1 Regions\]/);
  });

  it('is suspended and comes back as it was', async () => {
    open();
    await world.shows('data.db');
    world.input.type('3\x1a');
    await world.output.screen();
    expect([world.stops, world.output.alternate, world.input.raw, world.input.paused]).toEqual([
      1,
      false,
      false,
      true,
    ]);
    // Nothing is drawn over the shell.
    const before = world.output.bytes;
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(world.output.bytes).toBe(before);
    world.output.columns = 100;
    world.output.terminal.resize(100, 24);
    world.app.resume();
    await world.shows(/\[3 Processes\]/);
    expect([world.output.alternate, world.input.raw, world.input.paused]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it.each(['EIO', 'EPIPE'])('leaves when the terminal fails with %s', async (code) => {
    open();
    await world.shows('data.db');
    world.output.emit('error', Object.assign(new Error(code), { code }));
    expect(await world.app.done).toBe('gone');
    // What comes after the end must not become an uncaught exception.
    world.output.emit('error', new Error('write EIO'));
  });

  it('leaves when its input ends', async () => {
    open();
    await world.shows('data.db');
    world.input.emit('end');
    expect(await world.app.done).toBe('gone');
  });

  it('takes a last look for the closing text', async () => {
    open();
    await world.shows('MAJ 12');
    world.input.type(' ');
    await world.shows('FROZEN');
    await world.quit();
    world.source.picture = samplePicture(3);
    expect(world.app.closingText()).toContain('MAJ 36');
  });
});
