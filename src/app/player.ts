import { errorParts } from '../core/facts/errors';
import { clock } from '../core/text/format';
import type { ReplayControls, ReplayState } from '../tui/state/source';
import { Passage } from './passage';
import type { PassageRequest } from './passage';

/** Between two steps of what is played, ms. */
const BEAT_MS = 40;
/** A long recording is entered in the middle where the way there takes longer than this, ms. */
const PATIENCE_MS = 300;
/** Steps of the speed. */
const SPEEDS = [0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 100, 300, 1000] as const;

export interface PlayerOptions {
  /** ns of the recorded time: the part that is looked at. */
  readonly fromNs: number;
  readonly toNs: number;
  /** 0: as fast as it can. */
  readonly speed: number;
  /** Any monotonic clock, ms. */
  readonly now: () => number;
}

/**
 * Plays a recording: moves on with the clock, or to where somebody wants to be. What lies behind is reached from the
 * beginning, by another passage that takes the place of the present one when it is there. A long recording is entered
 * shortly before that time instead; a passage from the beginning follows, and takes the place of this one.
 */
export class Player implements ReplayControls {
  /** ns of an interval of the dashboard: a tick of the model, and a step. */
  intervalNs = 1e9;
  private position: number;
  /** Where somebody wants to be; null while it just plays. */
  private target: number | null = null;
  private opening = false;
  /** Counts from the beginning on, where the one on the screen does not. */
  private whole: Passage | null = null;
  private openingWhole = false;
  /** When it set out for the target, and whether the recording was entered near it. */
  private setOutAt = 0;
  private entered = false;
  private playing = true;
  private speed: number;
  private since: number;
  private at: number;
  private timer: NodeJS.Timeout | null = null;
  private listener: (anew: boolean) => void = () => undefined;
  private closed = false;
  trouble = '';

  private constructor(
    private readonly request: PassageRequest,
    private readonly options: PlayerOptions,
    private current: Passage,
  ) {
    this.position = this.since = options.fromNs;
    this.speed = options.speed;
    this.at = options.now();
    this.timer = setInterval(() => {
      this.beat();
    }, BEAT_MS);
  }

  /** Throws AnalyzerError RECORDING. */
  static async open(request: PassageRequest, options: PlayerOptions): Promise<Player> {
    let player: Player | null = null;
    const tickNs = (): number => player?.intervalNs ?? 1e9;
    player = new Player(request, options, await Passage.open(request, options.fromNs, tickNs));
    return player;
  }

  get passage(): Passage {
    return this.current;
  }

  get state(): ReplayState {
    const { playing, speed, target } = this;
    const since = Math.max(this.since, this.current.since);
    // On its way, what is counted is ahead of where it was.
    const position =
      target === null
        ? this.position
        : Math.max(this.position, Math.min(this.current.reached, target));
    return {
      position,
      length: this.length,
      playing: playing && target === null,
      speed,
      since,
      movingTo: target,
    };
  }

  private get length(): number | null {
    const { toNs } = this.options;
    const end = this.current.endNs ?? this.current.assembly.capture.lengthNs;
    if (end === null) return toNs === Infinity ? null : toNs;
    return Math.min(end, toNs);
  }

  /** What of the time before is not counted yet, in words; '' for nothing. */
  get note(): string {
    if (!this.current.isPart) return '';
    const share = (this.whole?.reached ?? 0) / Math.max(this.position, 1);
    const percent = Math.floor(100 * Math.min(share, 1));
    return `counted from ${clock(this.current.since)} on; what was before follows, ${percent} % of it are there`;
  }

  onMoved(listener: (anew: boolean) => void): void {
    this.listener = listener;
  }

  toggle(): void {
    // At the end there is nothing to play but from the beginning.
    if (!this.playing && this.position >= (this.length ?? Infinity)) this.seek(this.since);
    this.playing = !this.playing;
    if (!this.playing) this.hold();
  }

  /** What is read as fast as it can goes no farther than it is. */
  private hold(): void {
    if (this.speed !== 0 || this.target !== null) return;
    const { reached } = this.current;
    this.position = Math.max(this.position, Math.min(reached, this.options.toNs));
    this.current.goTo(this.position);
  }

  step(intervals: number): string {
    this.playing = false;
    return this.seek((this.target ?? this.position) + intervals * this.intervalNs);
  }

  faster(): void {
    if (this.speed === 0) return;
    this.speed = SPEEDS.find((speed) => speed > this.speed) ?? this.speed;
  }

  slower(): void {
    this.hold();
    const before = this.speed === 0 ? Infinity : this.speed;
    this.speed = SPEEDS.findLast((speed) => speed < before) ?? this.speed;
  }

  seek(ns: number): string {
    const to = Math.max(this.options.fromNs, Math.min(ns, this.length ?? Infinity));
    // On its way to somewhere else, more has been counted than where it was.
    const isBehind = to < Math.max(this.position, this.current.reached);
    if (isBehind && this.request.file === '-') return 'a pipe cannot be gone back in';
    this.target = to;
    this.setOutAt = this.options.now();
    this.entered = false;
    if (this.opening) return '';
    if (isBehind) void this.change(this.current.isLong);
    else this.current.goTo(to);
    return '';
  }

  /** What is counted begins where it is now. */
  zero(): void {
    const { position } = this.state;
    this.since = position;
    this.current.zero(position);
    this.dropWhole();
  }

  close(): void {
    this.closed = true;
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    this.dropWhole();
    this.current.close();
  }

  /** To another passage; with `enter` to one that begins shortly before the target. */
  private async change(enter: boolean): Promise<void> {
    this.opening = true;
    // Two that count take twice as long.
    this.current.hold();
    this.whole?.hold();
    try {
      const next = await this.openFor(enter);
      if (next === null) return;
      this.entered = enter;
      this.takeOver(next);
      this.trouble = '';
      this.position = next.since;
      this.listener(true);
      next.goTo(this.target!);
    } catch (error) {
      // The file has gone meanwhile, or is another one: what was read stays on the screen.
      this.trouble = errorParts(error).message;
      this.target = null;
    } finally {
      this.opening = false;
    }
  }

  /** A passage to where somebody wants to be, who may have thought of another place meanwhile. null: closed. */
  private async openFor(enter: boolean): Promise<Passage | null> {
    for (;;) {
      const target = this.target!;
      const since = target < this.since ? this.options.fromNs : this.since;
      const near = enter ? target : undefined;
      const next = await Passage.open(this.request, since, () => this.intervalNs, near);
      const isIt = enter ? target === this.target : since <= this.target!;
      if (!this.closed && isIt) {
        if (since !== this.since) this.dropWhole();
        this.since = since;
        return next;
      }
      next.close();
      if (this.closed) return null;
    }
  }

  /** `next` is on the screen; what counts from the beginning, and has not passed the target, goes on behind it. */
  private takeOver(next: Passage): void {
    const before = this.current;
    this.current = next;
    const { whole } = this;
    const counts = before.isPart ? whole : before;
    const goesOn = next.isPart && counts !== null && counts.reached <= this.target!;
    for (const one of [before, whole]) if (one !== counts || !goesOn) one?.close();
    this.whole = goesOn ? counts : null;
  }

  private dropWhole(): void {
    this.whole?.close();
    this.whole = null;
  }

  /** What counts from the beginning comes after, and takes over where it has come as far. */
  private follow(): void {
    const { current, whole, position } = this;
    if (!current.isPart) return;
    if (whole === null) {
      if (!this.openingWhole) void this.openWhole();
    } else if (whole.arrived && whole.goal >= position) {
      this.whole = null;
      this.current = whole;
      current.close();
      whole.idleUntil(position);
      this.listener(true);
    } else {
      whole.goTo(position);
    }
  }

  private async openWhole(): Promise<void> {
    const { current, since } = this;
    this.openingWhole = true;
    try {
      const whole = await Passage.open(this.request, since, () => this.intervalNs);
      const isWanted = !this.closed && this.current === current && current.isPart;
      if (isWanted && this.whole === null && this.since === since) this.whole = whole;
      else whole.close();
    } catch (error) {
      this.trouble = errorParts(error).message;
      // Not again: what is on the screen is all that there is.
      current.isPart = false;
    } finally {
      this.openingWhole = false;
    }
  }

  private beat(): void {
    const now = this.options.now();
    const passed = (now - this.at) * 1e6;
    this.at = now;
    if (this.opening) return;
    if (this.target !== null) {
      if (this.current.arrived) this.arrive(this.target);
      else if (!this.entered && this.current.isLong && now - this.setOutAt > PATIENCE_MS) {
        void this.change(true);
      }
      return;
    }
    this.follow();
    if (!this.playing) return;
    // What lags behind is waited for.
    if (this.speed === 0) this.goOn(this.options.toNs, this.current.reached);
    else if (this.current.arrived) this.moveTo(this.position + passed * this.speed);
  }

  private moveTo(ns: number): void {
    const to = Math.min(ns, this.length ?? Infinity);
    this.goOn(to, to);
  }

  private goOn(limit: number, position: number): void {
    this.current.goTo(limit);
    this.position = Math.max(this.position, Math.min(position, this.options.toNs));
    if (this.current.arrived) this.current.idleUntil(this.position);
    if (this.position >= (this.current.endNs ?? this.options.toNs)) this.playing = false;
  }

  private arrive(at: number): void {
    this.target = null;
    this.position = Math.min(at, this.length ?? Infinity);
    this.current.idleUntil(this.position);
    this.listener(false);
  }
}
