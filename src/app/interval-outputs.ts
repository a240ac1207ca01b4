import { AnalyzerError, errorParts } from '../core/facts/errors';
import { wholeText } from '../core/facts/target';
import { printable } from '../core/text/printable';
import { WholeFile } from '../output/files/whole-file';
import type { FdWriter } from '../output/files/writer';
import { SeriesTable } from '../output/intervals/fault-series';
import { metricsText } from '../output/intervals/openmetrics';
import { TableLog } from '../output/intervals/table-log';
import type { IntervalPicture } from '../output/intervals/table-log';
import type { Assembly } from './assemble';
import type { Options } from './options';

/** A collector runs as somebody else. */
const METRICS_MODE = 0o644;
/** Characters of the target in a heading. */
const MAX_TARGET = 60;

/** What is written every interval while a capture runs: tables for a log, counters for a collector. */
export class IntervalOutputs {
  private readonly log: TableLog | null;
  private readonly series = new SeriesTable();
  private cancel: (() => void) | null = null;
  /** Tables that nobody read in time. */
  private skipped = 0;
  private failure = '';
  private tickedAt = 0;
  /** In the last table. */
  private faults = 0;

  /**
   * That the counters can be written, before a capture begins. Throws AnalyzerError OUTPUT: also for what is no regular
   * file, which a collector would wait for.
   */
  static check(path: string): void {
    const file = new WholeFile(path, METRICS_MODE);
    file.abandon();
    if (file.direct !== null) throw new AnalyzerError('OUTPUT', `${path}: it is no regular file`);
  }

  /** `batch`: where tables go, null for nowhere. */
  constructor(
    private readonly options: Pick<Options, 'by' | 'format' | 'intervalMs' | 'openmetrics'>,
    private readonly batch: FdWriter | null,
    private readonly assembly: Assembly,
    private readonly say: (line: string) => void,
  ) {
    const { by, format } = options;
    const grouping = by === 'process' ? null : by;
    this.log =
      batch === null || format === 'folded'
        ? null
        : new TableLog(format, grouping, printable(targetWords(assembly), MAX_TARGET));
  }

  start(): void {
    if (this.log === null && this.options.openmetrics === null) return;
    this.writeMetrics(false);
    const timer = setInterval(() => {
      this.writeTable(this.assembly.capture.now(), true);
      this.writeMetrics(false);
    }, this.options.intervalMs);
    this.cancel = () => {
      clearInterval(timer);
    };
  }

  /** Nothing more is written every interval. */
  stop(): void {
    this.cancel?.();
    this.cancel = null;
  }

  /** What went wrong with the counters the last time, as a line; '' where nothing did. */
  get trouble(): string {
    return this.failure === '' ? '' : `error: cannot write to ${this.failure}`;
  }

  /** The last of both, when all that was captured has been counted. */
  finish(now: number): void {
    this.stop();
    // Rates of next to no time would be noise: those of the last interval stay.
    const short = this.tickedAt > 0 && now - this.tickedAt < this.options.intervalMs * 1e5;
    this.writeTable(now, !short);
    this.writeMetrics(true);
    if (this.skipped > 0) {
      this.say(`note: ${this.skipped} tables were left out: nobody read the ones before in time`);
    }
  }

  /** `ticks`: an interval is over. Else nothing is written where nothing was counted since. */
  private writeTable(now: number, ticks: boolean): void {
    const { log, batch } = this;
    if (log === null || batch === null) return;
    const { model, waiting, run } = this.assembly;
    if (ticks) {
      this.tickedAt = now;
      model.tick(now, waiting.look());
    }
    const counted = model.processes(now);
    if (!ticks && counted.totals.faults === this.faults) return;
    this.faults = counted.totals.faults;
    const picture: IntervalPicture = {
      timeMs: Date.now(),
      now,
      ...counted,
      capture: run.facts(),
    };
    // Memory must not grow with what nobody reads.
    if (!batch.ready) this.skipped += 1;
    else batch.write(Buffer.from(log.table(picture)));
    // As a stream of faults does: `| head`, or a full disk.
    if (batch.failure !== null) run.stop('output');
  }

  private writeMetrics(last: boolean): void {
    const { openmetrics } = this.options;
    if (openmetrics === null) return;
    const { model, capture, run } = this.assembly;
    // Rates are sampled by whoever shows them.
    model.takeAnswers();
    const { processes, since } = model.processes(capture.now());
    this.series.update(processes, since, last);
    try {
      new WholeFile(openmetrics, METRICS_MODE).replace(metricsText(this.series.all, run.facts()));
      this.failure = '';
    } catch (error) {
      const { message } = errorParts(error);
      if (this.failure !== message) this.say(`note: cannot write to ${message}`);
      this.failure = message;
    }
  }
}

function targetWords({ capture, command }: Assembly): string {
  if (capture.whole !== null) return wholeText(capture.whole);
  return command === null ? `pid ${capture.pids.join(', ')}` : command.join(' ');
}
