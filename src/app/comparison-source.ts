import type { Comparison } from '../core/compare/compare';
import { NO_COUNTERS } from '../core/facts/capture-facts';
import type { CaptureFacts } from '../core/facts/capture-facts';
import { Model } from '../core/model';
import type { Snapshot } from '../core/snapshot/snapshot';
import { RecordedSource } from '../sources/recording/recorded-source';
import { EventLog } from '../tui/state/event-log';
import type { Comparisons, DashboardSource, HeaderInfo } from '../tui/state/source';
import type { Outlets } from './outlets';
import { NOTHING_SHOWN } from './replay-source';
import { saveWhole } from './save';

const NO_CAPTURE: CaptureFacts = {
  mode: {
    entrySource: 'tracepoint',
    unmapTracepoints: true,
    signalTracepoint: true,
    userOnly: false,
    wide: false,
    cpus: 1,
    threads: 0,
    descriptors: 0,
    ringBytes: 0,
    pageSize: 4096,
    recorded: true,
  },
  received: { minor: 0, major: 0, unresolved: 0 },
  lost: { ring: 0, mailbox: 0, exact: true },
  kernel: { minor: 0, major: 0, exact: false },
  inFlight: 0,
  inFlightNs: 0,
  records: NO_COUNTERS,
};

/** Two runs that are compared, as the dashboard sees them: nothing goes on, and nothing is counted. */
export class ComparisonSource implements DashboardSource {
  readonly shown = NOTHING_SHOWN;
  readonly events = new EventLog();
  /** Of a run in which nothing was: what views ask of one run has an answer. */
  readonly names: Model;
  private readonly nothing: Snapshot;
  private readonly files = new RecordedSource();
  private readonly comparison: Comparison;

  constructor(
    readonly comparisons: Comparisons,
    private readonly outlets: Outlets,
  ) {
    this.comparison = comparisons.region;
    this.names = new Model({ source: this.files, depth: 'rows' });
    this.nothing = this.names.snapshot(0);
  }

  snapshot(): Snapshot {
    return this.nothing;
  }

  header(): HeaderInfo {
    return {
      targets: [],
      comparison: this.comparison,
      ended: '',
      failed: false,
      elapsedNs: 0,
      startedAt: null,
      capture: NO_CAPTURE,
      limits: [],
      rssBytes: NaN,
      inFlight: [],
      captureFilter: '',
    };
  }

  detail(): null {
    return null;
  }

  latency(): [] {
    return [];
  }

  open(): void {
    // There are no processes.
  }

  keepApart(): void {
    // Nor rows of them.
  }

  zero(): void {
    // Nothing is counted.
  }

  summaryLine(): string {
    return '';
  }

  save(path: string, text: string): string | null {
    return saveWhole(this.outlets, path, text);
  }

  output(): null {
    return null;
  }

  close(): void {
    this.files.files.close();
  }
}
