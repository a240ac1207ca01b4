import type { Batch } from './wire/batch';
import type { Answerer, SystemFacts } from './classify/cause-text';
import { Cause, RegionKind } from './classify/classes';
import type { CodeAddress } from './code/address';
import type { SiteTable } from './code/site-table';
import { stackFrames } from './code/stack-names';
import type { StackTable } from './code/stack-table';
import { attributionOf } from './resolve/attribution';
import type { Attribution } from './resolve/attribution';
import { RegionBinder } from './regions/region-resolver';
import { CommTable } from './tasks/comm-names';
import { Counters } from './resolve/counters';
import { Folding } from './resolve/folding';
import { OnDemand } from './resolve/on-demand';
import { latencyOfRows } from './snapshot/latency-histogram';
import { regionDetail } from './snapshot/region-detail';
import type { RegionDetail } from './snapshot/region-detail';
import { FaultColumns } from './wire/fault-columns';
import { FaultLoop } from './resolve/fault-loop';
import type { KeepTest } from './resolve/fault-loop';
import { BusWatch } from './resolve/bus-watch';
import { GuardWatch } from './resolve/guard-watch';
import { HugePageWatch } from './resolve/huge-page-watch';
import { InFlight } from './resolve/in-flight';
import { Cell } from './stats/cells';
import { DEFAULT_LIMITS } from './stats/limits';
import type { Limits } from './stats/limits';
import type { PendingFaults } from './wire/pending-faults';
import { pagePool } from './stats/page-set';
import type { ProcSource, Reached, ServerSource } from './ports';
import type { InitialProcess, ModelOptions } from './resolve/model-options';
import { RecordApplier } from './resolve/apply-records';
import { RegionTable } from './regions/region-table';
import { forgetUnsure } from './resolve/mapped-regions';
import { MapRepair } from './resolve/map-repair';
import { OwnerWatch } from './resolve/owner-watch';
import type { Resolved } from './wire/resolved';
import { SnapshotBuilder } from './snapshot/build';
import type { SnapshotOptions } from './snapshot/build';
import type { LatencyHistogram, Snapshot, TableName } from './snapshot/snapshot';
import { statPool } from './stats/row-histograms';
import { Tasks } from './tasks/tasks';
import { VmaMap } from './vma/vma-map';
import { VmaPool } from './vma/vma-pool';

/**
 * What is known of the target: its address spaces, and every fault counted by region, thread and
 * process. Fed with batches, asked for snapshots; knows no clock, no files and no screen.
 */
export class Model {
  readonly limits: Limits;
  readonly comms = new CommTable();
  readonly regions: RegionTable;
  readonly tasks: Tasks;
  readonly counters: Counters;
  readonly pages;
  readonly stats;
  readonly spaces: VmaPool;
  /** A filter may drop a fault when it ends: what it waits until then is not counted before. */
  countInFlight = true;
  private readonly columns = new FaultColumns();
  private readonly source: ProcSource;
  private readonly loop: FaultLoop;
  private readonly records: RecordApplier;
  private readonly repair: MapRepair;
  private readonly inFlight: InFlight;
  private readonly watch: GuardWatch | null;
  private readonly busWatch: BusWatch | null;
  readonly hugePages: HugePageWatch;
  readonly servers: ServerSource | null;
  private readonly owners: OwnerWatch | null;
  private readonly attribution: Attribution | null;
  private readonly folding: Folding;
  /** null where every process is kept in detail. */
  private readonly onDemand: OnDemand | null;
  private readonly snapshots: SnapshotBuilder;
  private systemFacts: SystemFacts = { swapInUse: false, numaBalancing: false };
  /** Faults and records of the current batch that are resolved and applied; -1 between batches. */
  private faultsDone = -1;
  private recordsDone = 0;
  private zeroedAt: number;
  private tickedAt: number;
  private readonly reached: { horizon: number } & Reached;

  constructor(options: ModelOptions) {
    this.source = options.source;
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.zeroedAt = options.startedAt ?? 0;
    this.tickedAt = this.zeroedAt;
    this.pages = pagePool(this.limits.pageChunks);
    this.stats = statPool(this.limits.statBlocks);
    this.regions = new RegionTable(this.stats, this.limits.regions);
    this.spaces = new VmaPool(this.limits.vmaLeaves, undefined, this.regions.noteExtent);
    const { source, pages, comms, spaces } = this;
    this.tasks = new Tasks(this.stats, pages, comms, source, this.limits, spaces);
    const { owners = null, guards = null, bus = null, hugePages = null } = options;
    this.servers = options.servers ?? null;
    this.owners = owners === null ? null : new OwnerWatch(owners, this.tasks);
    const depth = options.depth ?? 'detail';
    const { tasks, regions, columns, stats, limits } = this;
    this.reached = { horizon: 0, spaceOf: (pid) => tasks.process(pid)?.space.keyPrefix };
    this.attribution = attributionOf(options, {
      tasks,
      regions,
      columns,
      stats,
      cap: limits.sites,
    });
    this.counters = new Counters(regions, tasks, depth, this.sites);
    const binder = new RegionBinder(regions, this.comms, source, tasks, limits.sectionBytes);
    binder.memoryOnly = depth === 'totals' && Boolean(options.spaces);
    this.repair = new MapRepair(options.source, this.tasks);
    this.records = new RecordApplier(
      tasks,
      this.comms,
      binder,
      this.repair,
      this.attribution?.makers ?? null,
      this.owners?.brief ?? null,
      this.counters,
    );
    this.loop = new FaultLoop(tasks, binder, this.repair, this.columns, depth !== 'totals');
    this.inFlight = new InFlight(this.tasks, this.loop, this.counters, this.columns, this.zeroedAt);
    this.watch = guards === null ? null : new GuardWatch(guards, this.tasks);
    this.hugePages = new HugePageWatch(hugePages, this.tasks, this.regions);
    this.busWatch =
      bus === null
        ? null
        : new BusWatch(bus, this.tasks, binder, (slot) => ({
            id: this.regionId(slot),
            hugePages: this.regions.rows.stats.get(slot, Cell.byCause + Cause.HUGE_PAGE),
          }));
    const { counters, attribution } = this;
    this.onDemand = options.spaces
      ? new OnDemand(options.spaces, { tasks, regions, counters, attribution, binder })
      : null;
    this.folding = new Folding(this.regions, this.tasks, this.counters, (...moved) => {
      this.inFlight.remap(...moved);
      this.onDemand?.remap(moved[1], moved[2]);
    });
    this.snapshots = new SnapshotBuilder(this);
  }

  /** Faults by the code that causes them; null where nobody asked for it. */
  get sites(): SiteTable | null {
    return this.attribution?.sites ?? null;
  }

  /** Call stacks; null where nobody asked for them. */
  get stacks(): StackTable | null {
    return this.attribution?.stacks ?? null;
  }

  get makersCapped(): boolean {
    return this.attribution?.makers?.capped ?? false;
  }

  /** A process that is attached to. */
  addProcess(pid: number, initial: InitialProcess): void {
    const comm = this.comms.intern(initial.comm);
    const process = this.tasks.begin(pid, initial.ppid, comm, new VmaMap(this.spaces));
    for (const tid of initial.tids ?? [pid]) {
      const name = tid === pid ? null : this.source.comm(pid, tid);
      this.tasks.beginThread(process, tid, name === null ? comm : this.comms.intern(name));
    }
    if (initial.maps !== null) this.tasks.adopt(process, initial.maps.vmas, initial.maps.asOf);
    else process.space.unread = process.pid !== 0;
  }

  /**
   * Resolves and counts the faults of a batch, with its records in between where they belong. False where
   * it stopped because an answer is on its way (ProcSource): to be called again with the same batch, and
   * no other, until it is true. Nothing of the batch is counted before that.
   */
  consume(batch: Batch, resolved: Resolved): boolean {
    if (this.faultsDone < 0) {
      if (this.onDemand?.settle() === false) return false;
      this.maintain(batch, resolved);
      this.faultsDone = 0;
      this.recordsDone = 0;
    }
    if (!this.repair.rereadDoubtful()) return false;
    const { faults, records } = batch;
    for (; this.recordsDone < records; this.recordsDone++) {
      const taken = this.attribution?.takeStack(batch, resolved, this.recordsDone);
      if (taken === true) continue;
      if (taken === false) return false;
      const at = Math.min(batch.recAt[this.recordsDone]!, faults);
      if (!this.resolveTo(batch, resolved, at)) return false;
      if (!this.records.apply(batch, this.recordsDone)) return false;
    }
    if (!this.resolveTo(batch, resolved, faults)) return false;
    if (this.attribution?.settle(batch, resolved) === false) return false;
    this.watch?.look(batch, resolved);
    const { errors } = this.counters.total;
    this.counters.add(batch, resolved, this.columns);
    if (this.loop.leftOpen > 0) this.onDemand?.keep(batch, resolved, this.columns);
    this.loop.leftOpen = 0;
    this.stacks?.add(batch, resolved);
    if (this.counters.total.errors !== errors) this.busWatch?.look(batch, resolved);
    this.inFlight.settle(batch, resolved);
    const last = faults > 0 ? batch.time[faults - 1]! : 0;
    this.reached.horizon = Math.max(this.reached.horizon, batch.horizon, last);
    this.faultsDone = -1;
    return true;
  }

  private resolveTo(batch: Batch, resolved: Resolved, end: number): boolean {
    const from = this.faultsDone;
    if (from < end) {
      this.faultsDone = this.loop.run(batch, resolved, from, end);
      this.attribution?.run(batch, resolved, from, this.faultsDone);
    }
    return this.faultsDone >= end;
  }

  /** What of the machine qualifies the causes. */
  get system(): SystemFacts {
    return this.systemFacts;
  }
  set system(facts: SystemFacts) {
    this.systemFacts = facts;
    this.watch?.setSwapInUse(facts.swapInUse);
  }

  /** A program answers faults by userfaultfd, as far as is known which. */
  get answerer(): Answerer {
    return this.watch?.answerer ?? 'unknown';
  }

  /** Why faults ended in SIGBUS, in words. */
  get busReasons(): readonly string[] {
    this.busWatch?.takeAnswers();
    return this.busWatch?.reasons ?? [];
  }

  /** Faults for which it is false are resolved and not counted; null counts all. */
  setKeep(keep: KeepTest | null): void {
    this.loop.keep = keep;
    this.counters.filtered = keep !== null;
  }

  private maintain(batch: Batch, resolved: Resolved): void {
    const now = batch.horizon;
    this.tasks.releaseEnded();
    this.watch?.takeAnswers(this.reached);
    this.hugePages.look(now, this.reached);
    this.owners?.look(this.reached);
    this.onDemand?.look(now);
    this.spaces.clock++;
    this.spaces.makeRoom();
    this.repair.beginBatch();
    this.attribution?.beginBatch(batch, resolved);
    if (this.source.takeLateImages()) forgetUnsure(this.tasks, this.regions);
    this.folding.look(now);
  }

  /** Somebody looks at these processes: they are kept in detail from now on. */
  open(pids: Iterable<number>): void {
    this.onDemand?.open(pids);
  }

  /** Takes over what has come for owners, maps, stacks and code, and asks for what is new of it. */
  takeAnswers(): void {
    this.owners?.look(this.reached);
    // Within a batch its faults are resolved in part, by the maps as they were.
    if (this.faultsDone < 0) this.onDemand?.settle();
    this.attribution?.takeAnswers();
  }

  /**
   * Samples rates and histories, at the refresh interval. With `open`, what the faults in it have waited
   * since the last tick is counted now instead of when they end.
   */
  tick(now: number, open: PendingFaults | null = null): void {
    this.owners?.again(now);
    this.takeAnswers();
    this.attribution?.tick(now);
    const before = this.inFlight.accountedUntil;
    const asOf = this.accountable(now, open);
    if (open !== null) this.watch?.lookAtOpen(open);
    this.inFlight.advance(this.countInFlight ? open : null, asOf);
    this.counters.tick(now - this.tickedAt, asOf - before, now);
    this.tickedAt = now;
  }

  /** Up to when all is known of faults that ended and of faults that did not. */
  private accountable(now: number, open: PendingFaults | null): number {
    let asOf = now;
    if (open !== null) asOf = open.behind ? Math.min(open.asOf, this.reached.horizon) : open.asOf;
    return Math.max(asOf, this.inFlight.accountedUntil);
  }

  /**
   * All counters to zero: from here on what is counted is of the time since, re-faults and the waits of
   * faults that have not ended too. Maps, rows and their ids stay.
   */
  zero(now: number, open: PendingFaults | null = null): void {
    const asOf = this.accountable(now, open);
    this.counters.zero();
    this.tasks.zero();
    this.attribution?.zero();
    this.onDemand?.zero();
    this.hugePages.zero();
    this.inFlight.zero(asOf);
    for (const { space } of this.tasks.live()) space.pages.clear();
    this.loop.filteredOut = 0;
    this.zeroedAt = asOf;
    this.tickedAt = now;
  }

  snapshot(now: number, options: SnapshotOptions = {}): Snapshot {
    return this.snapshots.build(now, now - this.zeroedAt, options);
  }

  /** The whole and the processes of it, whose rows are filled anew the next time. */
  processes(now: number): Pick<Snapshot, 'since' | 'totals' | 'processes'> {
    return { since: this.zeroedAt, ...this.snapshots.buildProcesses(now - this.zeroedAt) };
  }

  /** What the drill-down into a region shows; null when the row is gone. */
  regionDetail(id: number): RegionDetail | null {
    return regionDetail(this, id);
  }

  /** Latencies of some rows of a table, by their ids; one histogram per class. */
  latencyOf(table: TableName, ids: ReadonlySet<number>): LatencyHistogram[] {
    const { regions, tasks, sites } = this;
    if (table === 'sites') return sites === null ? [] : latencyOfRows(sites.rows.stats, ids);
    const { stats } = table === 'regions' ? regions.rows : tasks[table];
    return latencyOfRows(stats, ids);
  }

  /** Faults kept out by the filter since the start or the last zero(). */
  get filteredOut(): number {
    return this.loop.filteredOut;
  }

  /** Records lost so far, as the batches said. */
  get lostRecords(): number {
    return this.records.lost;
  }

  /** Processes that live, as far as the records say. */
  *livingPids(): IterableIterator<number> {
    for (const { pid, alive } of this.tasks.live()) if (alive) yield pid;
  }

  // What the slots in resolved columns mean. Valid until the next consume().

  /** Changes whenever a region slot may have got another meaning. */
  get epoch(): number {
    return this.regions.epoch;
  }

  regionKind(slot: number): number {
    return this.regions.rows.info(slot)?.kind ?? RegionKind.UNKNOWN;
  }

  regionLabel(slot: number): string {
    return this.regions.rows.info(slot)?.label ?? '';
  }

  regionSection(slot: number): string {
    return this.regions.rows.info(slot)?.section ?? '';
  }

  regionPath(slot: number): string {
    return this.regions.rows.info(slot)?.path ?? '';
  }

  /** Stable while the row lives, unlike its slot: the `id` of snapshot rows. */
  regionId(slot: number): number {
    return this.regions.rows.stats.id(slot);
  }

  threadId(slot: number): number {
    return this.tasks.threads.stats.id(slot);
  }

  commName(id: number): string {
    return this.comms.names[id] ?? '';
  }

  code(number: number): CodeAddress | null {
    return this.attribution?.code(number) ?? null;
  }

  data(number: number): CodeAddress | null {
    return this.attribution?.data(number) ?? null;
  }

  stack(number: number): readonly string[] {
    return this.stacks === null ? [] : stackFrames(this.stacks, number);
  }

  comm(id: number): string {
    return this.commName(id);
  }
}
