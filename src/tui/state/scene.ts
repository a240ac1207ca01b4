import { knownColumns } from '../../core/columns/row-columns';
import { compileFaultTest, type FaultTest } from '../../core/filter/fault-test';
import { lateFields, type Filter } from '../../core/filter/ast';
import { withPids } from '../../core/filter/owner-terms';
import { findings, type Finding } from '../../core/findings/findings';
import { StandingVerdict, verdictOf } from '../../core/findings/verdict';
import { classesNamed } from '../../core/filter/text-test';
import { describeFilterError, parseFilter } from '../../core/filter/parse';
import { isOfNames } from '../../core/filter/name-test';
import { compileRowTests, type RowTest, type RowTests } from '../../core/filter/row-test';
import type { GroupableRow } from '../../core/snapshot/groups';
import type { Snapshot, StatRow, TableName } from '../../core/snapshot/snapshot';
import { RateHistory } from '../layout/rates';
import { ALL_CLASSES } from '../layout/choice';
import { TableModel, type TableSpec } from '../layout/table';
import { everyEvent, type EventLog, type EventsOf } from './event-log';
import { latencyPicture, type LatencyPicture } from './latency-picture';
import type { Picture } from './picture';
import type { DashboardSource } from './source';

const ONLY_NAMES = 'of a comparison names are known alone: words, ~regex, and or not';

/** A table of the pictures' rows, of whichever kind. */
interface SceneTable {
  readonly model: Pick<
    TableModel<GroupableRow>,
    'matching' | 'partial' | 'keepPlace' | 'keepPercentiles'
  >;
  readonly rowsOf: (snapshot: Snapshot) => readonly StatRow[];
  readonly arrange: (snapshot: Snapshot, tests: RowTests | null) => void;
}

/**
 * What all views draw from: the picture of one moment, live or frozen, and the filter and classes that narrow
 * it. Knows neither views nor terminal nor a clock.
 */
export class Scene {
  filterText = '';
  filter: Filter | null = null;
  /** Bit mask of the classes that are not hidden. */
  classes = ALL_CLASSES;
  /** When the picture was frozen, ms; null while it is live. */
  frozenAt: number | null = null;
  picture: Picture;
  private readonly history = new RateHistory();
  private readonly standing = new StandingVerdict();
  private readonly tables: SceneTable[] = [];
  private live: Picture;
  private ticks = 0;
  private latencyOf: {
    readonly snapshot: Snapshot;
    readonly filter: Filter | null;
    readonly picture: LatencyPicture;
  } | null = null;
  private found: { readonly snapshot: Snapshot; readonly findings: readonly Finding[] } | null =
    null;
  private logTest: {
    readonly log: EventLog;
    readonly snapshot: Snapshot;
    readonly test: FaultTest | null;
  } | null = null;

  constructor(readonly source: DashboardSource) {
    this.live = this.look();
    this.picture = this.live;
  }

  private look(): Picture {
    // What is frozen stays as it is: its rows are not to be filled again.
    const snapshot = this.source.snapshot(this.frozenAt === null);
    this.sample(snapshot);
    const header = this.source.header();
    const { cpus } = header.capture.mode;
    const verdict = verdictOf(snapshot, cpus, header.ended !== null, this.standing.last);
    return {
      snapshot,
      header,
      rates: this.history.rates(),
      verdict: this.standing.next(verdict, snapshot.now),
      log: this.source.events,
      ticks: this.ticks++,
    };
  }

  /** A recording has ticks of its own time, however many refreshes lie between them. */
  private sample(snapshot: Snapshot): void {
    const samples = this.source.takeSamples?.() ?? [snapshot];
    for (const sample of samples) this.history.push(sample);
  }

  /** A recording has been gone back in: nothing of before holds any more. */
  restart(): void {
    this.history.restart();
    this.standing.restart();
    this.narrowed();
    this.refresh();
  }

  /** Takes a new picture; a frozen one stays. */
  refresh(): void {
    this.source.events.flush();
    this.live = this.look();
    if (this.frozenAt !== null) return;
    this.picture = this.live;
    this.arrange();
  }

  /** A table of some rows of the pictures, which is filtered and sorted with each. `of`: where they are all of a table. */
  table<Row extends GroupableRow>(
    spec: Omit<TableSpec<Row>, 'sortBy'> & { readonly sortBy?: string },
    rowsOf: (snapshot: Snapshot) => readonly Row[],
    testOf: (tests: RowTests, filter: Filter) => RowTest<Row>,
    of?: TableName,
  ): TableModel<Row> {
    const columns = knownColumns(spec.columns, this.live.header.capture.mode);
    const model = new TableModel({ sortBy: 'stall_now', ...spec, columns });
    const table: SceneTable = {
      model,
      rowsOf,
      arrange: (snapshot, tests) => {
        const test = tests === null ? null : testOf(tests, this.filter!);
        const told = of === undefined ? null : (snapshot.changes[of] ?? null);
        model.refresh(rowsOf(snapshot), this.classes, test, this.asked, snapshot.now, told);
      },
    };
    this.tables.push(table);
    table.arrange(this.picture.snapshot, this.rowTests());
    return model;
  }

  private rowTests(): RowTests | null {
    return this.filter === null ? null : compileRowTests(this.filter, this.picture.snapshot);
  }

  /** Filters and sorts the rows of the picture. */
  private arrange(): void {
    const tests = this.rowTests();
    for (const table of this.tables) table.arrange(this.picture.snapshot, tests);
  }

  /** The selections of all tables as they are now, and the way back to them. */
  keepPlaces(): () => void {
    const places = this.tables.map(({ model }) => model.keepPlace());
    return () => {
      for (const back of places) back();
    };
  }

  /**
   * Rows that add up to what the filter lets through: everything without a filter, else those of a table of
   * which every row passes as a whole. Where there is none (`partial`) the sums hold more than that.
   */
  sumRows(): { readonly rows: readonly StatRow[]; readonly partial: boolean } {
    const models = this.tables.map(({ model }) => model);
    if (this.filter === null) return { rows: [this.picture.snapshot.totals], partial: false };
    const exact = models.find((model) => model.partial === 0 && model.matching.length > 0);
    const { matching, partial } = exact ?? models[0]!;
    return { rows: matching, partial: partial > 0 };
  }

  /** What dominates in the picture, whatever the filter lets through. */
  findings(): readonly Finding[] {
    const { snapshot } = this.picture;
    if (this.found?.snapshot !== snapshot) this.found = { snapshot, findings: findings(snapshot) };
    return this.found.findings;
  }

  /** The histograms of what the filter lets through, of the moment of the picture where that is still known. */
  latency(): LatencyPicture {
    const { filter, latencyOf } = this;
    const { snapshot } = this.picture;
    if (latencyOf?.snapshot === snapshot && latencyOf.filter === filter) return latencyOf.picture;
    const picture = latencyPicture(filter, snapshot, this.source);
    this.latencyOf = { snapshot, filter, picture: this.asOf(picture) };
    return this.latencyOf.picture;
  }

  private asOf(picture: LatencyPicture): LatencyPicture {
    if (this.frozenAt === null || !picture.rounded) return picture;
    const now = 'as it is now: of a filter set since the picture was frozen nothing was kept';
    const beyond = picture.beyond === '' ? now : `${picture.beyond}; ${now}`;
    return { ...picture, beyond };
  }

  freeze(nowMs: number): void {
    // What is made when it is asked for must be of this moment.
    this.latency();
    this.findings();
    this.picture.snapshot.latencyOverTime();
    this.picture.snapshot.pairs();
    this.picture.snapshot.siteRegions(0);
    this.picture.snapshot.siteStacks(0);
    this.picture.snapshot.rowSites('threads', 0);
    this.picture.snapshot.rowSites('processes', 0);
    this.frozenAt = nowMs;
    // The log's ring goes on turning: what is on the screen must be kept apart from it.
    this.picture = { ...this.picture, log: this.picture.log.copy() };
    // Rows copy their history, and make their percentiles, when these are asked for: the next tick must not change them.
    for (const { rowsOf, model } of this.tables) {
      model.keepPercentiles();
      rowsOf(this.picture.snapshot).forEach(({ p50Ns, history }) => [p50Ns, history]);
    }
  }

  /** Back to the live picture. */
  thaw(): void {
    this.frozenAt = null;
    this.picture = this.live;
    this.latencyOf = null;
    this.arrange();
  }

  zero(): void {
    this.source.zero();
    this.history.restart();
    this.standing.restart();
    this.refresh();
  }

  /** Puts a filter in force. Returns what is wrong with it, '' when nothing is; then the old one stays. */
  setFilter(text: string): string {
    const { filter, error } = parseFilter(text);
    if (error !== null) return describeFilterError(error);
    if (this.source.comparisons !== undefined && !isOfNames(filter)) return ONLY_NAMES;
    this.filterText = text.trim();
    this.filter = filter;
    this.narrowed();
    return '';
  }

  toggleClass(cls: number): void {
    this.showClasses(this.classes ^ (1 << cls));
  }

  /** Hides all classes but those of a bit mask. */
  showClasses(classes: number): void {
    // Nothing at all is never what one wants to see.
    if (classes === 0) return;
    this.classes = classes;
    this.narrowed();
  }

  showEverything(): void {
    this.classes = ALL_CLASSES;
    this.setFilter('');
  }

  private narrowed(): void {
    // Of whom it will be known later whose they are: what the log takes is chosen when it is shown.
    const { filter } = this;
    const taken =
      filter !== null && lateFields(filter).some((field) => field !== 'function') ? null : filter;
    this.source.events.setFilter(taken, this.classes, this.source.names);
    this.logTest = null;
    this.arrange();
  }

  /** Bit mask of the classes that somebody wants to see: named in the filter, or left when others are hidden. */
  get asked(): number {
    return classesNamed(this.filter) | (this.classes === ALL_CLASSES ? 0 : this.classes);
  }

  /** Whether a place in the picture's log is shown under filter and class toggles. */
  showsEvent(place: number): boolean {
    const { log } = this.picture;
    if ((this.classes & (1 << log.resolved.faultClass[place]!)) === 0) return false;
    const { snapshot } = this.picture;
    if (this.logTest?.log !== log || this.logTest.snapshot !== snapshot) {
      const asked = this.filter === null ? null : withPids(this.filter, snapshot.processes);
      const test = asked === null ? null : compileFaultTest(asked, log.names, true);
      this.logTest = { log, snapshot, test };
    }
    const { test } = this.logTest;
    return test === null || test(log.batch, log.resolved, place);
  }

  /** Sequence numbers of the newest events `of` something that are shown, oldest first. */
  newestEvents(most: number, of: EventsOf = everyEvent): number[] {
    return of(this.picture.log, most, (place) => this.showsEvent(place));
  }
}
