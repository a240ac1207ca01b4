import { captureLimits, factsSince } from '../core/facts/capture-facts';
import type { CaptureFacts } from '../core/facts/capture-facts';
import type { RegionDetail } from '../core/snapshot/region-detail';
import type { LatencyHistogram, Snapshot, TableName } from '../core/snapshot/snapshot';
import { printable } from '../core/text/printable';
import { summaryLine } from '../output/report/summary';
import type { RateSample } from '../tui/layout/rates';
import type { EventLog, EventNames } from '../tui/state/event-log';
import type { DashboardSource, HeaderInfo, ShownSource } from '../tui/state/source';
import { summaryCounts } from './closing';
import type { Outlets } from './outlets';
import type { Passage } from './passage';
import type { Player } from './player';
import { saveWhole } from './save';

/** Of what ran then nothing can be read any more. */
export const NOTHING_SHOWN: ShownSource = {
  lookAtProcesses: () => undefined,
  lookAtCgroups: () => undefined,
  memory: () => null,
  cgroup: () => null,
};

/** A recording that is played, as the dashboard sees it. */
export class ReplaySource implements DashboardSource {
  readonly shown = NOTHING_SHOWN;
  readonly replay: Player;
  /** Processes that somebody looked at, and the passage that has been told of them. */
  private readonly opened = new Set<number>();
  private apart: readonly number[] = [];
  private told: Passage | null = null;
  /** As they were when the counters were last set to zero. */
  private zeroedAt: { readonly passage: Passage; readonly facts: CaptureFacts } | null = null;

  constructor(
    player: Player,
    private readonly file: string,
    private readonly captureFilter: string,
    private readonly outlets: Outlets,
  ) {
    this.replay = player;
  }

  get events(): EventLog {
    return this.replay.passage.events;
  }

  get names(): EventNames {
    return this.replay.passage.assembly.model;
  }

  private get facts(): CaptureFacts {
    const { passage } = this.replay;
    const facts = passage.assembly.run.facts();
    return this.zeroedAt?.passage === passage ? factsSince(facts, this.zeroedAt.facts) : facts;
  }

  snapshot(reuse: boolean): Snapshot {
    const { passage, state } = this.replay;
    // Another passage begins with nothing, and is told before it goes on.
    if (this.told !== passage) {
      passage.assembly.model.tasks.endedRows.keepApart(this.apart);
      passage.assembly.model.open(this.opened);
    }
    this.told = passage;
    return passage.assembly.model.snapshot(state.position, { reuse });
  }

  takeSamples(): RateSample[] {
    return this.replay.passage.takeSamples();
  }

  header(): HeaderInfo {
    const { facts } = this;
    const { passage, state, trouble, note } = this.replay;
    const { capture } = passage.assembly;
    const { text } = capture.ending;
    const notes = [trouble, note, text, ...capture.notes].filter((note) => note !== '');
    return {
      targets: [],
      whole: `recording ${printable(this.file, 60)}`,
      replay: state,
      ended: null,
      failed: false,
      elapsedNs: state.position,
      startedAt: null,
      capture: facts,
      limits: [...notes, ...captureLimits(facts.mode)],
      rssBytes: NaN,
      inFlight: [],
      captureFilter: this.captureFilter,
    };
  }

  detail(regionId: number): RegionDetail | null {
    return this.replay.passage.assembly.model.regionDetail(regionId);
  }

  latency(table: TableName, ids: ReadonlySet<number>): LatencyHistogram[] {
    return this.replay.passage.assembly.model.latencyOf(table, ids);
  }

  open(pids: Iterable<number>): void {
    for (const pid of pids) this.opened.add(pid);
    this.replay.passage.assembly.model.open(this.opened);
  }

  keepApart(pids: readonly number[]): void {
    this.apart = pids;
    this.replay.passage.assembly.model.tasks.endedRows.keepApart(pids);
  }

  zero(): void {
    const { passage } = this.replay;
    this.replay.zero();
    this.zeroedAt = { passage, facts: passage.assembly.run.facts() };
  }

  summaryLine(): string {
    return summaryLine(summaryCounts(this.snapshot(false), this.facts));
  }

  save(path: string, text: string): string | null {
    return saveWhole(this.outlets, path, text);
  }

  output(): null {
    return null;
  }
}
