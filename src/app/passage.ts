import type { Debug } from '../core/facts/debug';
import type { Limits } from '../core/stats/limits';
import { TotalStats } from '../core/snapshot/total-stats';
import { RecordedCapture } from '../sources/recording/recorded-capture';
import type { RateSample } from '../tui/layout/rates';
import { EventLog } from '../tui/state/event-log';
import { assembleRecording } from './assemble';
import type { Assembly, Wake } from './assemble';
import type { Options } from './options';

/** What a way through a recording is asked for. */
export interface PassageRequest {
  readonly options: Options;
  readonly file: string;
  readonly limits: Partial<Limits>;
  readonly debug: Debug;
  readonly say: (line: string) => void;
  /** Ends the waiting for a recording that says nothing. */
  readonly interrupt?: AbortSignal;
  /** Faults that are counted within a moment: a recording of more than twice as many is entered in the middle. */
  readonly momentFaults?: number;
}

/** PassageRequest.momentFaults. */
const MOMENT_FAULTS = 400_000;

/** Ticks that are made up for where nothing happened for long: more is on no screen. */
const MOST_TICKS = 240;

/**
 * One way through a recording, from its beginning up to where it is told to go. The model is then as it was at that time
 * in a live run, with a tick for every interval of the recorded time.
 */
export class Passage {
  readonly events = new EventLog();
  /** What the ticks since the last look at them have counted. */
  private samples: RateSample[] = [];
  private readonly assembled: Assembly<RecordedCapture>;
  private tickedAt: number;
  private finished = false;
  /** There is so much in the recording that it takes long to count all of it. */
  readonly isLong: boolean;

  private constructor(
    request: PassageRequest,
    capture: RecordedCapture,
    wake: Wake,
    /** ns of the recorded time: what is counted begins there. */
    readonly since: number,
    /** More was asked for than is counted: it was entered in the middle. */
    public isPart: boolean,
    private readonly tickNs: () => number,
  ) {
    this.tickedAt = since;
    const { options, limits, debug, say, momentFaults = MOMENT_FAULTS } = request;
    this.isLong = capture.session.faults > 2 * momentFaults;
    capture.session.until = since;
    const ports = {
      depth: 'detail',
      limits,
      stream: null,
      onBatch: () => {
        this.take();
      },
      say,
      debug,
    } as const;
    this.assembled = assembleRecording({ ...options, fromNs: since }, ports, capture, wake);
    const { run } = this.assembled;
    void run.done.then(() => {
      this.finished = true;
    });
    run.start();
  }

  /**
   * To count from `since` on; with `near`, ns, only what comes shortly before that time. `tickNs`: the interval, as it is
   * now. Throws AnalyzerError RECORDING.
   */
  static async open(
    request: PassageRequest,
    since: number,
    tickNs: () => number,
    near?: number,
  ): Promise<Passage> {
    const { file, interrupt, momentFaults: faults = MOMENT_FAULTS } = request;
    const wake: Wake = { run: null };
    const onWake = (): void => wake.run?.wake();
    const capture = await RecordedCapture.open({
      file,
      onWake,
      ...(interrupt === undefined ? {} : { interrupt }),
      ...(near === undefined ? {} : { entrance: { toNs: near, faults } }),
    });
    const from = Math.max(since, capture.session.beginsNs);
    return new Passage(request, capture, wake, from, from > since, tickNs);
  }

  get assembly(): Assembly<RecordedCapture> {
    return this.assembled;
  }

  /** On to a time, ns, also where it was told to go farther; what has been counted stays. */
  goTo(ns: number): void {
    const { capture, run } = this.assembled;
    capture.session.until = Math.max(ns, this.reached);
    run.wake();
  }

  /** Goes no farther than it is. */
  hold(): void {
    this.goTo(0);
  }

  /** Where it was told to go, ns. */
  get goal(): number {
    return this.assembled.capture.session.until;
  }

  /** Everything up to there has been counted. */
  get arrived(): boolean {
    return this.finished || this.assembled.capture.session.isAhead;
  }

  /** Up to where everything has been counted, ns. */
  get reached(): number {
    return this.assembled.capture.now();
  }

  /** Where the recording ends, ns: null before it has been read so far. */
  get endNs(): number | null {
    return this.finished ? this.reached : null;
  }

  /** Ticks up to a time at which nothing more has happened. */
  idleUntil(ns: number): void {
    const tickNs = this.tickNs();
    const due = Math.floor((ns - this.tickedAt) / tickNs);
    if (due > MOST_TICKS) this.tickedAt += (due - MOST_TICKS) * tickNs;
    while (ns - this.tickedAt >= tickNs) this.tick(this.tickedAt + tickNs);
  }

  /** What was counted from tick to tick since this was last asked, oldest first. */
  takeSamples(): RateSample[] {
    const { samples } = this;
    this.samples = [];
    return samples;
  }

  zero(ns: number): void {
    const { model, waiting } = this.assembled;
    model.zero(ns, waiting.lookAsOf(ns));
    this.tickedAt = ns;
    this.samples = [];
    this.isPart = false;
  }

  close(): void {
    this.assembled.run.stop('interrupt');
    this.assembled.capture.close();
  }

  private take(): void {
    const { view, model } = this.assembled;
    this.events.add(view.batch, view.resolved, model);
    this.idleUntil(view.batch.horizon);
  }

  private tick(now: number): void {
    const { model, waiting } = this.assembled;
    model.tick(now, waiting.lookAsOf(now));
    this.tickedAt = now;
    const totals = new TotalStats(model.counters.total, now - this.since);
    this.samples.push({ now, totals });
    if (this.samples.length > MOST_TICKS) this.samples.shift();
  }
}
