import { PassThrough } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import blessed from 'blessed';
// The widget alone: the whole package takes 150 ms and 60 MB to load.
import Sparkline from 'blessed-contrib/lib/widget/sparkline';
import type { RawBlessed, RawScreen, RawSparkline } from './blessed-types';
import type { Frame, Size, SparkSpot } from '../state/picture';
import { WIDTH_PROBE } from './ambiguous';
import { MOUSE_OFF, MOUSE_ON } from './mouse';
import { Painter, type Overlay } from './painter';
import { terminalTraits, type TerminalTraits } from './traits';
import { drained, type ScreenEvents, type ScreenOptions, type TtyOutput } from './tty';

/**
 * Bracketed paste (xterm's ctlseqs.txt, private mode 2004): what is pasted comes between two marks, so
 * that a text with a `z` or a `q` in it does not zero or quit. Terminals without it ignore it.
 */
const PASTE_ON = '\x1b[?2004h';
const PASTE_OFF = '\x1b[?2004l';

/** Variables blessed looks at, as it shall see them: without tmux it would run `tmux -V`. */
const BLESSED_ENV = { NCURSES_NO_UTF8_ACS: '1', TMUX: undefined };
/**
 * The terminal: the one module that touches blessed, which knows the ways into and out of the alternate screen in
 * every terminal. Frames go past it: its cells know neither wide characters nor true colour, and it compares all of
 * them at every frame. So does input: its decoder takes arrow keys apart when they come in two reads.
 */
export class TerminalScreen {
  readonly traits: TerminalTraits;
  private readonly screen: RawScreen;
  private readonly painter = new Painter();
  private readonly sparks: SparkPicture[] = [];
  private readonly decoder = new StringDecoder('utf8');
  private keepAlive: NodeJS.Timeout | null = null;
  private skipped = false;
  private closed = false;
  private mouse = false;
  private readonly detach: () => void;

  constructor(
    private readonly options: ScreenOptions,
    private readonly events: ScreenEvents,
  ) {
    const { input, output, env, ascii, describedColours } = options;
    this.traits = terminalTraits(env, ascii, describedColours);
    // A tty's writes block by default: a stalled reader would stop the event loop, and the capture with it.
    output._handle?.setBlocking?.(false);
    this.screen = createScreen(output, env.TERM ?? '', !this.traits.ascii);
    this.ownModes();
    this.detach = this.attach();
    input.setRawMode?.(true);
    input.resume();
    if (!this.traits.ascii) output.write(WIDTH_PROBE);
  }

  /**
   * Modes beside those of blessed, bound to its own ways in and out: it also leaves when the process
   * exits. It asks for the keypad's application mode (smkx of terminfo), because curses' key names are of
   * that mode; plain digits are what a keypad's user means, so that is taken back.
   */
  private ownModes(): void {
    const { screen } = this;
    const { output } = this.options;
    const enter = screen.enter.bind(screen);
    const leave = screen.leave.bind(screen);
    const entered = (): void => {
      screen.program.put.keypad_local();
      output.write(PASTE_ON + (this.mouse ? MOUSE_ON : ''));
    };
    screen.enter = () => {
      enter();
      entered();
    };
    screen.leave = () => {
      output.write((this.mouse ? MOUSE_OFF : '') + PASTE_OFF);
      leave();
    };
    entered();
  }

  /** The mouse is the program's, or the terminal's, which selects text with it. */
  setMouse(on: boolean): void {
    if (this.closed || on === this.mouse) return;
    this.mouse = on;
    if (this.keepAlive === null) this.options.output.write(on ? MOUSE_ON : MOUSE_OFF);
  }

  /** The answer comes as input. */
  ask(question: string): void {
    this.options.output.write(question);
  }

  private attach(): () => void {
    const { input, output } = this.options;
    const onData = (chunk: Buffer | string): void => {
      this.events.onText(typeof chunk === 'string' ? chunk : this.decoder.write(chunk));
    };
    const onGone = (): void => {
      if (!this.closed) this.events.onGone();
    };
    const onResize = (): void => {
      this.clear();
      this.events.onResize();
    };
    const onDrain = (): void => {
      if (!this.skipped) return;
      this.skipped = false;
      this.events.onDrain();
    };
    // blessed would draw the old content at the new size first.
    output.removeAllListeners('resize');
    const listeners: [NodeJS.EventEmitter, string, (chunk: Buffer | string) => void][] = [
      [input, 'data', onData],
      [input, 'end', onGone],
      [input, 'error', onGone],
      [output, 'error', onGone],
      [output, 'resize', onResize],
      [output, 'drain', onDrain],
    ];
    for (const [emitter, name, listener] of listeners) emitter.on(name, listener);
    return () => {
      for (const [emitter, name, listener] of listeners) {
        // Errors after the end (the drain of a dead terminal) must not become uncaught exceptions.
        if (name !== 'error') emitter.removeListener(name, listener);
      }
    };
  }

  private readSize(): void {
    const { output } = this.options;
    const [columns, rows] = output.getWindowSize?.() ?? [output.columns ?? 80, output.rows ?? 24];
    this.screen.program.cols = columns;
    this.screen.program.rows = rows;
  }

  get size(): Size {
    // A pseudo-terminal that nobody has sized says 0.
    return { columns: this.screen.program.cols || 80, rows: this.screen.program.rows || 24 };
  }

  /**
   * Draws a frame, or skips it (false) while the terminal has not taken the last one. `behind`: what goes out after
   * it, asked for where anything has changed.
   */
  draw(frame: Frame, behind: () => string = () => ''): boolean {
    if (this.closed || this.keepAlive !== null) return false;
    if (this.options.output.writableLength > 0) {
      this.skipped = true;
      return false;
    }
    const overlays = frame.sparks.map((spot, k) =>
      (this.sparks[k] ??= new SparkPicture()).over(spot),
    );
    const bytes = this.painter.paint(frame.lines, this.size.columns, overlays);
    // What blessed has to say comes before what is drawn onto it.
    this.screen.program.flush();
    if (bytes !== '') this.options.output.write(bytes + behind());
    return true;
  }

  private clear(): void {
    this.readSize();
    this.screen.alloc();
    this.painter.reset();
  }

  /** Clears the terminal, so that the next frame draws all of it: something else has written there. */
  redraw(): void {
    if (this.closed || this.keepAlive !== null) return;
    this.clear();
  }

  /** Gives the terminal back to the shell and stops the process; resume() follows on SIGCONT. */
  suspend(): void {
    if (this.closed || this.keepAlive !== null) return;
    this.screen.leave();
    this.options.input.setRawMode?.(false);
    this.options.input.pause();
    // Paused input alone would let the event loop end, and the program with it.
    this.keepAlive = setInterval(() => undefined, 1 << 30);
    this.options.stopProcess();
  }

  /** Takes the terminal back; also after a SIGSTOP from outside, when the shell has changed its modes. */
  resume(): void {
    if (this.closed) return;
    if (this.keepAlive !== null) clearInterval(this.keepAlive);
    this.keepAlive = null;
    // libuv remembers raw mode and would not set it again.
    this.options.input.setRawMode?.(false);
    this.options.input.setRawMode?.(true);
    this.options.input.resume();
    this.readSize();
    this.screen.program.isAlt = false;
    this.screen.enter();
    this.painter.reset();
  }

  /**
   * Leaves the terminal as it was found. Returns when it has taken all output, or after a second; input is read until
   * `answered`, so that an answer of the terminal does not become input of the shell.
   */
  async close(answered: Promise<void> = Promise.resolve()): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    if (this.keepAlive !== null) clearInterval(this.keepAlive);
    this.screen.destroy();
    await answered;
    this.detach();
    const { input, output } = this.options;
    try {
      input.setRawMode?.(false);
    } catch {
      // EIO: the terminal is gone, and its modes with it.
    }
    input.pause();
    input.unref?.();
    await drained(output);
  }
}

/**
 * A sparkline of blessed-contrib for the place that the view has left blank for it. The widget has ways of its
 * own, cured here: it draws a blank line and a title above the picture, it scales to the least and the largest
 * value that it is given, and it draws the oldest of them, two fewer than it is wide.
 */
class SparkPicture {
  private readonly widget: RawSparkline;
  private shown = '';
  private text = '';

  constructor() {
    const options = { top: 0, left: 0, width: 1, height: 1, tags: false, wrap: false };
    this.widget = new Sparkline(options) as RawSparkline;
    this.widget.setContent = (text) => {
      this.text = (text.split('\r\n')[2] ?? '').slice(SCALE.length);
    };
  }

  over(spot: SparkSpot): Overlay {
    const { row, column, width, sgr, values } = spot;
    // Frames between two refreshes show the same: a key press must not pay for it.
    const shown = values.join();
    if (shown !== this.shown) {
      this.shown = shown;
      this.widget.width = SCALE.length + values.length + 2;
      this.widget.setData([''], [[...SCALE, ...values]]);
    }
    return { row, column, text: this.text.padStart(width), sgr };
  }
}

/** Put before the values and cut off again: a load that is steady must not be drawn as none. */
const SCALE = [0, 100] as const;

/** TERM values blessed's own copy of xterm's description does not fit. */
const OWN_TERMINFO = /^(?:linux|vt\d|ansi$|cons)/;

function createScreen(output: TtyOutput, term: string, unicode: boolean): RawScreen {
  const toolkit = blessed as unknown as RawBlessed;
  // blessed cannot read the 32-bit terminfo files of ncurses 6.1: with them it prints a JavaScript dump
  // on the screen (screen-256color) or falls to 8 colours. Its bundled xterm-256color fits them all.
  const own = OWN_TERMINFO.test(term);
  const paths = own ? [] : toolkit.tput.ipaths.splice(0);
  const saved = { ...process.env };
  Object.assign(process.env, BLESSED_ENV);
  delete process.env.TMUX;
  try {
    return toolkit.screen({
      // A stream that stays silent: blessed must not read keys or change raw mode.
      input: new PassThrough(),
      output,
      terminal: own ? term : 'xterm-256color',
      forceUnicode: unicode,
      fullUnicode: false,
      smartCSR: false,
      useBCE: false,
      fastCSR: false,
    });
  } finally {
    toolkit.tput.ipaths.push(...paths);
    for (const name of Object.keys(BLESSED_ENV)) {
      if (saved[name] === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = saved[name];
    }
  }
}
