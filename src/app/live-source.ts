import { captureLimits, factsSince, isSampled, limitsMet } from '../core/facts/capture-facts';
import type { CaptureFacts } from '../core/facts/capture-facts';
import type { RegionDetail } from '../core/snapshot/region-detail';
import { wholeText } from '../core/facts/target';
import { printable } from '../core/text/printable';
import { hexText } from '../core/text/format';
import { Waits } from '../core/wire/pending-faults';
import type { LatencyHistogram, Snapshot, TableName } from '../core/snapshot/snapshot';
import { summaryLine } from '../output/report/summary';
import { EventLog, type EventNames } from '../tui/state/event-log';
import type {
  CommandOutput,
  DashboardSource,
  HeaderInfo,
  InFlightFault,
  MemoryInfo,
  ShownSource,
  TargetInfo,
} from '../tui/state/source';
import { MachineWatch } from '../sources/live/machine-watch';
import { TargetWatch, type SeenTarget } from '../sources/live/target-watch';
import type { LiveCapture } from '../sources/live/live-capture';
import type { Assembly } from './assemble';
import { summaryCounts } from './closing';
import type { Outlets } from './outlets';
import { saveWhole } from './save';

/** Targets named in the header; more are only counted. */
const MAX_TARGETS = 64;
/** Open faults shown. */
const MAX_PENDING = 64;

/** How a target ended. */
export interface TargetEnd {
  readonly words: string;
  readonly failed: boolean;
}

/** The running capture as the dashboard sees it. */
export class LiveSource implements DashboardSource {
  readonly names: EventNames;
  /** How the target ended; null while it lives. The status of COMMAND may come later than its last record. */
  ended: (() => TargetEnd) | null = null;
  /** The target is the built-in workload. */
  isDemo = false;
  /** Session time at which capture ended; null while it runs. Shares and rates must not fade after it. */
  endedAt: number | null = null;
  /** What the capture had to do differently, in words. */
  readonly notes: string[] = [];
  readonly shown: ShownSource;
  private last: Snapshot | null = null;
  /** As they were when the counters were last set to zero. */
  private zeroedAt: CaptureFacts | null = null;
  private began = NaN;
  private readonly machine = new MachineWatch(() => performance.now());
  private readonly watch: TargetWatch;

  constructor(
    private readonly assembly: Assembly<LiveCapture>,
    readonly events: EventLog,
    private readonly captureFilter: string,
    private readonly outlets: Outlets,
    private readonly commandOutput: { readonly state: CommandOutput } | null,
  ) {
    this.names = assembly.model;
    this.shown = assembly.capture.shown;
    this.watch = new TargetWatch(assembly.capture.reader);
  }

  private get now(): number {
    return this.endedAt ?? this.assembly.capture.now();
  }

  /** What was captured in the time that the counters are of. */
  private get facts(): CaptureFacts {
    const facts = this.assembly.run.facts();
    return this.zeroedAt === null ? facts : factsSince(facts, this.zeroedAt);
  }

  snapshot(reuse: boolean): Snapshot {
    const { model } = this.assembly;
    const { now } = this;
    model.tick(now, this.assembly.waiting.look());
    this.last = model.snapshot(now, { reuse });
    return this.last;
  }

  header(): HeaderInfo {
    const { facts } = this;
    const end = this.ended?.();
    const { whole } = this.assembly.capture;
    const pids = this.pids.slice(0, MAX_TARGETS);
    this.watch.look(pids);
    return {
      targets: pids.map((pid) => this.target(pid)),
      ...(whole === null ? {} : { whole: printable(wholeText(whole), 60) }),
      isDemo: this.isDemo,
      ended: end?.words ?? null,
      failed: end?.failed ?? false,
      elapsedNs: this.now,
      startedAt: this.startedAt(),
      capture: facts,
      behindNs: this.endedAt === null ? this.assembly.run.behindNs : 0,
      limits: [...limitsMet(facts.records), ...captureLimits(facts.mode), ...this.notes],
      rssBytes: whole === null ? this.sumOf(pids, ({ rss }) => rss) : NaN,
      memory: this.memory(pids),
      inFlight: this.inFlight(),
      captureFilter: this.captureFilter,
    };
  }

  private memory(pids: readonly number[]): MemoryInfo {
    const { capture } = this.assembly;
    const machine = this.machine.look();
    if (capture.whole !== null) return { swap: NaN, before: null, machine };
    return { swap: this.sumOf(pids, ({ swap }) => swap), before: capture.accounts.past, machine };
  }

  /** Of all targets, bytes; NaN where it is not known of each. */
  private sumOf(pids: readonly number[], bytes: (seen: SeenTarget) => number): number {
    return pids.reduce((sum, pid) => {
      const seen = this.watch.of(pid);
      return sum + (seen === undefined ? NaN : bytes(seen));
    }, 0);
  }

  /** CLOCK_MONOTONIC stands still while the machine sleeps, and the day goes on: what is seen now shall be right. */
  private startedAt(): number {
    if (this.endedAt === null) this.began = Date.now() - this.now / 1e6;
    return this.began;
  }

  private get pids(): readonly number[] {
    const { capture } = this.assembly;
    return capture.command === null ? capture.pids : [capture.session.info.commandPid];
  }

  private target(pid: number): TargetInfo {
    const seen = this.watch.of(pid);
    const commandLine = this.watch.commandLine(pid);
    if (seen === undefined) {
      return { pid, comm: this.nameOf(pid), commandLine, threads: 0, state: '' };
    }
    const { comm, threads, state } = seen;
    return { pid, comm, commandLine, threads, state };
  }

  /** A COMMAND may be gone before the first look: the records know its name. */
  private nameOf(pid: number): string {
    return this.last?.processes.find((row) => row.pid === pid)?.comm ?? '';
  }

  /** Faults whose thread is blocked in them, as of the last snapshot; the oldest ones. */
  private inFlight(): InFlightFault[] {
    const { faults } = this.assembly.waiting;
    const { now } = this;
    const blocked: number[] = [];
    for (let i = 0; i < faults.count; i++) if (faults.waits[i] === Waits.BLOCKED) blocked.push(i);
    return blocked
      .sort((a, b) => faults.entered[a]! - faults.entered[b]!)
      .slice(0, MAX_PENDING)
      .map((i) => ({
        tid: faults.tid[i]!,
        address: hexText(faults.addrHi[i]!, faults.addrLo[i]!),
        region: this.regionAt(faults.pid[i]!, faults.page(i)),
        forNs: now - faults.entered[i]!,
      }));
  }

  /** Label of the smallest known region around a page; '' where nothing has faulted there before. */
  private regionAt(pid: number, page: number): string {
    let best: { readonly label: string; readonly pages: number } | null = null;
    for (const row of this.last?.regions ?? []) {
      if (row.pid !== pid || page < row.startPage || page >= row.endPage) continue;
      const pages = row.endPage - row.startPage;
      if (best === null || pages < best.pages) best = { label: row.label, pages };
    }
    return best?.label ?? '';
  }

  detail(regionId: number): RegionDetail | null {
    return this.assembly.model.regionDetail(regionId);
  }

  latency(table: TableName, ids: ReadonlySet<number>): LatencyHistogram[] {
    return this.assembly.model.latencyOf(table, ids);
  }

  open(pids: Iterable<number>): void {
    this.assembly.model.open(pids);
  }

  keepApart(pids: readonly number[]): void {
    this.assembly.model.tasks.endedRows.keepApart(pids);
  }

  zero(): void {
    const { model, run, waiting } = this.assembly;
    model.zero(this.now, waiting.look());
    this.zeroedAt = run.facts();
  }

  summaryLine(): string {
    const { facts, assembly } = this;
    const { model } = assembly;
    return summaryLine(summaryCounts(model.snapshot(this.now), facts), isSampled(facts.mode));
  }

  save(path: string, text: string): string | null {
    return saveWhole(this.outlets, path, text);
  }

  output(): CommandOutput | null {
    return this.commandOutput?.state ?? null;
  }
}
