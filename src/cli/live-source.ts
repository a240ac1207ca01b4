import { captureLimits } from '../core/capture-facts';
import type { RegionDetail } from '../core/detail';
import { errorParts } from '../core/errors';
import { hexText } from '../core/fields';
import type { LatencyHistogram, Snapshot, TableName } from '../core/snapshot';
import { summaryLine } from '../out/summary';
import { WholeFile } from '../out/whole-file';
import { EventLog, type EventNames } from '../tui/event-log';
import type {
  CommandOutput,
  DashboardSource,
  HeaderInfo,
  InFlightFault,
  TargetInfo,
} from '../tui/source';
import type { Assembly } from './assemble';
import { summaryCounts } from './closing';
import type { Outlets } from './outlets';

/** Targets named in the header; more are only counted. */
const MAX_TARGETS = 64;
/** Open faults looked at per refresh. */
const MAX_PENDING = 64;
/** An open fault younger than this is not worth a look into /proc, ns. */
const PENDING_NS = 10e6;

interface Target {
  readonly info: TargetInfo;
  readonly rssPages: number;
}

/** The running capture as the dashboard sees it. */
export class LiveSource implements DashboardSource {
  readonly names: EventNames;
  /** How the target ended, in words; null while it lives. */
  ended: string | null = null;
  /** Session time at which capture ended; null while it runs. Shares and rates must not fade after it. */
  endedAt: number | null = null;
  /** What the capture had to do differently, in words. */
  readonly notes: string[] = [];
  private last: Snapshot | null = null;
  private readonly lastSeen = new Map<number, Target>();

  constructor(
    private readonly assembly: Assembly,
    readonly events: EventLog,
    private readonly captureFilter: string,
    private readonly outlets: Outlets,
    private readonly commandOutput: { readonly state: CommandOutput } | null,
  ) {
    this.names = assembly.model;
  }

  private get now(): number {
    return this.endedAt ?? this.assembly.capture.now();
  }

  snapshot(reuse: boolean): Snapshot {
    const { model } = this.assembly;
    const { now } = this;
    model.tick(now);
    this.last = model.snapshot(now, { reuse });
    return this.last;
  }

  header(): HeaderInfo {
    const facts = this.assembly.run.facts();
    const targets = this.targets();
    return {
      targets: targets.map(({ info }) => info),
      ended: this.ended,
      elapsedNs: this.now,
      capture: facts,
      limits: [...captureLimits(facts.mode), ...this.notes],
      rssBytes: targets.reduce((sum, { rssPages }) => sum + rssPages, 0) * facts.mode.pageSize,
      inFlight: this.inFlight(),
      captureFilter: this.captureFilter,
    };
  }

  private get pids(): readonly number[] {
    const { capture } = this.assembly;
    return capture.pids.length > 0 ? capture.pids : [capture.session.info.commandPid];
  }

  private targets(): Target[] {
    return this.pids.slice(0, MAX_TARGETS).map((pid) => {
      const seen = this.look(pid) ?? this.lastSeen.get(pid);
      if (seen !== undefined) this.lastSeen.set(pid, seen);
      return (
        seen ?? {
          info: { pid, comm: this.nameOf(pid), commandLine: '', threads: 0, state: '' },
          rssPages: NaN,
        }
      );
    });
  }

  /** A COMMAND may be gone before the first look: the records know its name. */
  private nameOf(pid: number): string {
    return this.last?.processes.find((row) => row.pid === pid)?.comm ?? '';
  }

  /** A process as it is now, undefined when it is gone: it keeps the name it had. */
  private look(pid: number): Target | undefined {
    const { proc } = this.assembly.capture;
    const stat = proc.stat(pid);
    if (stat === null || typeof stat !== 'object' || stat.state === 'Z') return undefined;
    const { comm, threads, state, rssPages } = stat;
    const line = proc.cmdline(pid);
    const commandLine = Array.isArray(line) ? line.join(' ') : '';
    return { info: { pid, comm, commandLine, threads, state }, rssPages };
  }

  /**
   * Faults whose thread is still blocked in them. An entry without completion may also be one that ended
   * in a signal: /proc says whether the thread really waits there.
   */
  private inFlight(): InFlightFault[] {
    const { capture } = this.assembly;
    const { now } = this;
    return capture.session
      .pending(MAX_PENDING)
      .filter(
        ({ pid, tid, ip, entered }) =>
          now - entered > PENDING_NS && capture.blockedAt(pid, tid, ip),
      )
      .map(({ pid, tid, address, entered }) => ({
        tid,
        address: hexText(Number(address >> 32n), Number(address & 0xffffffffn)),
        region: this.regionAt(pid, Number(address >> 12n)),
        forNs: now - entered,
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

  zero(): void {
    this.assembly.model.zero(this.now);
  }

  summaryLine(): string {
    const { model, run } = this.assembly;
    return summaryLine(summaryCounts(model.snapshot(this.now), run.facts()));
  }

  save(path: string, text: string): string | null {
    try {
      this.outlets.deliver(new WholeFile(path), text);
      return null;
    } catch (error) {
      // The prompt shows the name already.
      return `cannot write: ${errorParts(error).message.replace(`${path}: `, '')}`;
    }
  }

  output(): CommandOutput | null {
    return this.commandOutput?.state ?? null;
  }
}
