import { closingText } from './export/closing';
import { Dashboard } from './state/dashboard';
import { KeyDecoder, type Key } from './terminal/input';
import { handleKeys } from './keys/keys';
import { ANSWER, Pace } from './terminal/pace';
import { renderDashboard } from './render';
import { TerminalScreen } from './terminal/screen';
import { settingsText, type Settings } from './state/settings';
import type { DashboardSource } from './state/source';
import { saysWide } from './terminal/ambiguous';
import { makeTheme, type Theme, type ThemeName } from './terminal/theme';
import type { ScreenEvents, ScreenOptions } from './terminal/tty';

export interface AppOptions {
  readonly screen: ScreenOptions;
  /** Refresh interval, ms; that of the settings, or a second, where it is left out. */
  readonly intervalMs?: number;
  /** When the first rates come, ms; a quarter of a second where that is left out. */
  readonly firstMs?: number;
  /** That of the settings, or 'dark', where it is left out. */
  readonly theme?: ThemeName;
  /** The mouse is taken from the start on, whatever the settings say. */
  readonly mouse?: boolean;
  /** What was saved, and a line about it that is to be seen; '' for none. */
  readonly settings?: Settings;
  readonly settingsNote?: string;
  /** Saves a text as the settings; what came of it, in words. */
  readonly save?: (text: string) => Saved;
  /** Any monotonic clock, ms. */
  readonly now: () => number;
}

/** Whether the settings were saved, and where, or why not. */
export interface Saved {
  readonly ok: boolean;
  readonly words: string;
}

/** How the dashboard was left: by a key, because the terminal went away, or as quit() was told. */
export type QuitReason = 'key' | 'gone' | 'told';

/** Between two refreshes where nobody has said anything else, ms. */
const INTERVAL_MS = 1000;
const NOWHERE: Saved = { ok: false, words: 'settings are not saved here' };
/** The first rates do not wait for a long interval, ms: with the start before it that is half a second. */
const FIRST_PICTURE_MS = 250;
/** Between two frames, ms: faster is not seen, and a burst of keys must not draw one each. */
const MIN_FRAME_MS = 30;

/** The life of the dashboard on a terminal: ticks, keys, frames, suspension, and leaving. */
export class DashboardApp {
  /** Resolves when the dashboard has left the terminal. */
  readonly done: Promise<QuitReason>;
  private readonly terminal: TerminalScreen;
  private readonly dashboard: Dashboard;
  private readonly themeName: ThemeName;
  private readonly pace = new Pace();
  private readonly keys = new KeyDecoder((parameters, final) => {
    if (saysWide(parameters, final)) this.useWide();
    const isAnswer = parameters === ANSWER.parameters && final === ANSWER.final;
    if (!isAnswer || !this.pace.answer(this.options.now())) return;
    this.settled();
    this.requestFrame();
  });
  private finish!: (reason: QuitReason) => void;
  private tickTimer: NodeJS.Timeout | null = null;
  private tickInterval = 0;
  private frameTimer: NodeJS.Timeout | null = null;
  private escapeTimer: NodeJS.Timeout | null = null;
  private patienceTimer: NodeJS.Timeout | null = null;
  private lastFrame = -Infinity;
  private leaving = false;
  private settled: () => void = () => undefined;

  constructor(
    source: DashboardSource,
    private readonly options: AppOptions,
  ) {
    this.done = new Promise((resolve) => {
      this.finish = resolve;
    });
    const events: ScreenEvents = {
      onText: (text) => {
        this.text(text);
      },
      onResize: () => {
        this.requestFrame();
      },
      onDrain: () => {
        this.requestFrame();
      },
      onGone: () => {
        this.leave('gone');
      },
    };
    this.terminal = new TerminalScreen(options.screen, events);
    const { settings = {}, settingsNote = '' } = options;
    const intervalMs = options.intervalMs ?? settings.intervalMs ?? INTERVAL_MS;
    this.themeName = options.theme ?? settings.theme ?? 'dark';
    this.dashboard = new Dashboard(source, {
      theme: this.themeFor(false),
      intervalMs,
      settings,
    });
    source.replay?.onMoved((anew) => {
      this.dashboard.moved(anew);
      this.requestFrame();
    });
    this.dashboard.mouse ||= options.mouse ?? false;
    if (settingsNote !== '') this.dashboard.say(settingsNote, options.now(), 'warning');
    this.terminal.setMouse(this.dashboard.mouse);
    this.terminal.ask(this.pace.greet());
    this.draw();
    this.schedule(Math.min(options.firstMs ?? FIRST_PICTURE_MS, intervalMs));
  }

  private themeFor(wideAmbiguous: boolean): Theme {
    return makeTheme({ ...this.terminal.traits, name: this.themeName, wideAmbiguous });
  }

  /** What is on the screen has other widths than it was drawn for. */
  private useWide(): void {
    if (this.leaving) return;
    this.dashboard.theme = this.themeFor(true);
    this.terminal.redraw();
    this.requestFrame();
  }

  /** Leaves the terminal; `done` resolves when that is over. */
  quit(): void {
    this.leave('told');
  }

  /** SIGTSTP and Ctrl-Z: to the shell. */
  suspend(): void {
    this.terminal.suspend();
  }

  /** SIGCONT: back from the shell. */
  resume(): void {
    this.terminal.resume();
    this.pace.reset();
    this.requestFrame();
  }

  /** What stays in the terminal and goes to --dump. Takes a last look at the counters. */
  closingText(): string {
    if (this.dashboard.scene.frozenAt !== null) this.dashboard.freeze(this.options.now());
    this.dashboard.refresh();
    return closingText(this.dashboard);
  }

  private schedule(wait = this.dashboard.intervalMs): void {
    const { replay } = this.dashboard.source;
    this.tickInterval = this.dashboard.intervalMs;
    if (replay !== undefined) replay.intervalNs = this.tickInterval * 1e6;
    this.tickTimer = setTimeout(() => {
      this.dashboard.refresh();
      this.requestFrame();
      this.schedule();
    }, wait);
  }

  private text(text: string): void {
    if (this.escapeTimer !== null) clearTimeout(this.escapeTimer);
    this.escapeTimer = null;
    this.press(this.keys.feed(text));
    if (!this.keys.waiting || this.leaving) return;
    this.escapeTimer = setTimeout(() => {
      this.press(this.keys.flush());
    }, this.keys.patience);
  }

  private press(keys: readonly Key[]): void {
    if (keys.length === 0 || this.leaving) return;
    this.dashboard.size = this.terminal.size;
    const host = {
      quit: () => {
        this.leave('key');
      },
      suspend: () => {
        this.suspend();
      },
      redraw: () => {
        this.terminal.redraw();
        this.pace.reset();
      },
      save: () => {
        const text = settingsText({ ...this.dashboard.keep(), theme: this.themeName });
        return this.options.save?.(text) ?? NOWHERE;
      },
    };
    handleKeys(this.dashboard, host, keys, this.options.now());
    this.terminal.setMouse(this.dashboard.mouse);
    if (this.dashboard.intervalMs !== this.tickInterval && this.tickTimer !== null) {
      clearTimeout(this.tickTimer);
      this.schedule();
    }
    this.requestFrame();
  }

  /** A frame soon: at once when the last one is long ago, else when its time has come. */
  private requestFrame(): void {
    if (this.frameTimer !== null || this.leaving) return;
    const wait = Math.max(0, this.lastFrame + MIN_FRAME_MS - this.options.now());
    this.frameTimer = setTimeout(() => {
      this.frameTimer = null;
      this.draw();
    }, wait);
  }

  private draw(): void {
    if (this.leaving) return;
    this.lastFrame = this.options.now();
    const wait = this.pace.wait(this.options.now());
    if (wait > 0) {
      this.waitForTerminal(wait);
      return;
    }
    this.dashboard.size = this.terminal.size;
    this.terminal.draw(renderDashboard(this.dashboard, this.lastFrame), () =>
      this.pace.ask(this.lastFrame),
    );
  }

  /** The terminal has not come to the last frame: another one follows its answer, or comes when none does. */
  private waitForTerminal(ms: number): void {
    if (this.patienceTimer !== null) clearTimeout(this.patienceTimer);
    this.patienceTimer = setTimeout(() => {
      this.patienceTimer = null;
      this.requestFrame();
    }, ms);
  }

  private leave(reason: QuitReason): void {
    if (this.leaving) return;
    this.leaving = true;
    const timers = [this.tickTimer, this.frameTimer, this.escapeTimer, this.patienceTimer];
    for (const timer of timers) {
      if (timer !== null) clearTimeout(timer);
    }
    void this.terminal.close(reason === 'gone' ? Promise.resolve() : this.lastAnswer()).then(() => {
      this.finish(reason);
    });
  }

  /** The terminal has answered everything that it was asked, or does not. */
  private lastAnswer(): Promise<void> {
    const { pendingMs } = this.pace;
    if (pendingMs === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, pendingMs);
      this.settled = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
