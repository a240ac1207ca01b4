import { knowsCow } from '../../core/facts/capture-facts';
import { CAUSE_NAMES } from '../../core/classify/classes';
import {
  PROCESS_COLUMNS,
  REGION_COLUMNS,
  THREAD_COLUMNS,
  type Column,
} from '../../core/columns/row-columns';
import { compileFaultTest, type FaultTest } from '../../core/filter/fault-test';
import type { Filter } from '../../core/filter/ast';
import { classesNamed } from '../../core/filter/text-test';
import { describeFilterError, parseFilter } from '../../core/filter/parse';
import { compileRowTests } from '../../core/filter/row-test';
import type {
  ProcessRow,
  RegionRow,
  Snapshot,
  StatRow,
  ThreadRow,
} from '../../core/snapshot/snapshot';
import type { EventLog } from './event-log';
import { VIEWS, type ViewName } from '../keys/keymap';
import { latencyPicture, type LatencyPicture } from './latency';
import { NORMAL, type Mode } from './mode';
import type { Picture, Size } from './picture';
import type { DashboardSource } from './source';
import type { Style, Theme } from '../terminal/theme';
import { RateHistory } from '../layout/rates';
import { ALL_CLASSES, TableModel } from '../layout/table';
import { causeRows, type CauseRow } from '../views/causes';

export interface DashboardOptions {
  readonly theme: Theme;
  readonly intervalMs: number;
}

/** How long a message stays in the footer, ms. */
const MESSAGE_MS = 4000;

/**
 * What the dashboard shows and how: view, selection, sort, filter, frozen picture. Knows neither the
 * terminal nor a clock: keys.ts changes it, render.ts draws it, app.ts gives both their time.
 */
export class Dashboard {
  view: ViewName = 'regions';
  /** What Enter opened: the id of a row of the present view; null: the table itself. */
  opened: number | null = null;
  mode: Mode = NORMAL;
  intervalMs: number;
  size: Size = { columns: 80, rows: 24 };
  readonly theme: Theme;
  readonly regions: TableModel<RegionRow>;
  readonly threads: TableModel<ThreadRow>;
  readonly processes: TableModel<ProcessRow>;
  causeIndex = 0;
  /** Lines scrolled down in the latency view, and back in the output view. */
  latencyOffset = 0;
  outputBack = 0;
  /** Sequence number at which the event log ends; null: follows. */
  eventsEnd: number | null = null;
  filterText = '';
  filter: Filter | null = null;
  classes = ALL_CLASSES;
  /** When the picture was frozen, ms; null while it is live. */
  frozenAt: number | null = null;
  picture: Picture;
  private message: { text: string; style: Style; until: number } | null = null;
  private readonly history = new RateHistory();
  private live: Picture;
  private ticks = 0;
  /** What Esc undoes, innermost last; each as long as the filter is still the one that it made. */
  private readonly undo: { readonly filter: string; readonly run: () => void }[] = [];
  private latencyOf: {
    readonly snapshot: Snapshot;
    readonly filter: Filter | null;
    readonly picture: LatencyPicture;
  } | null = null;
  private logTest: { readonly log: EventLog; readonly test: FaultTest | null } | null = null;

  constructor(
    readonly source: DashboardSource,
    options: DashboardOptions,
  ) {
    this.theme = options.theme;
    this.intervalMs = options.intervalMs;
    this.live = this.look();
    this.picture = this.live;
    const known = knowsCow(this.live.header.capture.mode);
    this.regions = new TableModel(knownColumns(REGION_COLUMNS, known), 'stall_share');
    this.threads = new TableModel(knownColumns(THREAD_COLUMNS, known), 'stall_share');
    this.processes = new TableModel(knownColumns(PROCESS_COLUMNS, known), 'stall_share');
    this.arrange();
  }

  private look(): Picture {
    // What is frozen stays as it is: its rows are not to be filled again.
    const snapshot = this.source.snapshot(this.frozenAt === null);
    this.history.push(snapshot);
    return {
      snapshot,
      header: this.source.header(),
      rates: this.history.rates(),
      log: this.source.events,
      ticks: this.ticks++,
    };
  }

  /** Takes a new picture; a frozen one stays on the screen. */
  refresh(): void {
    this.source.events.flush();
    this.live = this.look();
    if (this.frozenAt !== null) return;
    this.picture = this.live;
    this.arrange();
  }

  /** Filters and sorts the rows of the picture. */
  private arrange(): void {
    const { snapshot } = this.picture;
    const tests = this.filter === null ? null : compileRowTests(this.filter, snapshot);
    const { asked } = this;
    this.regions.refresh(snapshot.regions, this.classes, tests?.regions ?? null, asked);
    this.threads.refresh(snapshot.threads, this.classes, tests?.threads ?? null, asked);
    this.processes.refresh(snapshot.processes, this.classes, tests?.processes ?? null, asked);
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
    if (this.frozenAt === null) {
      // What is made when it is asked for must be of this moment.
      this.latency();
      this.picture.snapshot.pairs();
      this.frozenAt = nowMs;
      // The log's ring goes on turning: what is on the screen must be kept apart from it.
      this.picture = { ...this.picture, log: this.picture.log.copy() };
      keepHistories(this.picture.snapshot);
    } else {
      this.frozenAt = null;
      this.picture = this.live;
      this.latencyOf = null;
      this.eventsEnd = null;
      this.arrange();
    }
  }

  zero(nowMs: number): void {
    this.source.zero();
    this.history.restart();
    this.refresh();
    this.say('counters set to zero', nowMs);
  }

  /** Puts a filter in force. Returns what is wrong with it, '' when nothing is; then the old one stays. */
  setFilter(text: string): string {
    const { filter, error } = parseFilter(text);
    if (error !== null) return describeFilterError(error);
    this.filterText = text.trim();
    this.filter = filter;
    this.narrowed();
    return '';
  }

  toggleClass(cls: number): void {
    const classes = this.classes ^ (1 << cls);
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
    this.source.events.setFilter(this.filter, this.classes, this.source.names);
    this.logTest = null;
    this.arrange();
  }

  /** Whether a place in the picture's log is shown under filter and class toggles. */
  showsEvent(place: number): boolean {
    const { log } = this.picture;
    if ((this.classes & (1 << log.resolved.faultClass[place]!)) === 0) return false;
    if (this.logTest?.log !== log) {
      const test = this.filter === null ? null : compileFaultTest(this.filter, log.names);
      this.logTest = { log, test };
    }
    const { test } = this.logTest;
    return test === null || test(log.batch, log.resolved, place);
  }

  /** Bit mask of the classes that somebody wants to see: named in the filter, or left when others are hidden. */
  get asked(): number {
    return classesNamed(this.filter) | (this.classes === ALL_CLASSES ? 0 : this.classes);
  }

  /** Causes of what the filter lets through. */
  causes(): CauseRow[] {
    return causeRows(this.causeRows().rows);
  }

  /**
   * The rows whose causes are summed up: everything without a filter, else those of a table of which every row
   * passes as a whole. Where there is none (`partial`) the sums hold more than the filter lets through.
   */
  causeRows(): { readonly rows: readonly StatRow[]; readonly partial: boolean } {
    if (this.filter === null) return { rows: [this.picture.snapshot.totals], partial: false };
    const tables = [this.regions, this.threads, this.processes];
    const exact = tables.find((table) => table.partial === 0 && table.rows.length > 0);
    const { rows, partial } = exact ?? this.regions;
    return { rows, partial: partial > 0 };
  }

  get selectedCause(): string | null {
    const rows = this.causes();
    const row = rows[Math.min(this.causeIndex, rows.length - 1)];
    return row === undefined ? null : CAUSE_NAMES[row.cause]!;
  }

  /** Views there are: Output only when a COMMAND was started. */
  get views(): readonly ViewName[] {
    return this.source.output() === null ? VIEWS.filter((view) => view !== 'output') : VIEWS;
  }

  /** Narrows to the selected cause, within what is shown already. */
  openCause(): void {
    const cause = this.selectedCause;
    if (cause === null) return;
    const { filterText, filter, causeIndex } = this;
    if (!this.canUndo) this.undo.length = 0;
    const inner = filter?.op === 'or' ? `(${filterText})` : filterText;
    const tables = [this.regions, this.threads, this.processes].map((table) => table.keepPlace());
    this.setFilter(`${inner} cause:${cause}`);
    this.go('regions');
    this.undo.push({
      filter: this.filterText,
      run: () => {
        this.setFilter(filterText);
        this.go('causes');
        this.causeIndex = causeIndex;
        for (const back of tables) back();
      },
    });
  }

  /** Esc goes back from something. */
  get canGoBack(): boolean {
    return this.opened !== null || this.canUndo;
  }

  private get canUndo(): boolean {
    return this.undo.at(-1)?.filter === this.filterText;
  }

  /** Closes what is open, else undoes the opening of a cause. */
  back(): void {
    if (this.opened !== null) this.opened = null;
    else if (this.canUndo) this.undo.pop()!.run();
  }

  go(view: ViewName): void {
    this.view = view;
    this.opened = null;
  }

  /** Does something with the table of the present view; null when the view has none. */
  withTable<T>(use: <Row extends StatRow>(table: TableModel<Row>) => T): T | null {
    switch (this.view) {
      case 'regions':
        return use(this.regions);
      case 'threads':
        return use(this.threads);
      case 'processes':
        return use(this.processes);
      case 'causes':
      case 'latency':
      case 'events':
      case 'output':
        return null;
    }
  }

  say(text: string, nowMs: number, style: Style = 'good'): void {
    this.message = { text, style, until: nowMs + MESSAGE_MS };
  }

  /** The message to show now. */
  messageAt(nowMs: number): { readonly text: string; readonly style: Style } | null {
    if (this.message !== null && nowMs >= this.message.until) this.message = null;
    return this.message;
  }
}

/** Where COW is not told apart its column says so: a 0 would be a claim. */
function knownColumns<Row extends StatRow>(
  columns: readonly Column<Row>[],
  cow: boolean,
): readonly Column<Row>[] {
  if (cow) return columns;
  return columns.map((column) =>
    column.id === 'cow' ? { ...column, value: () => NaN, format: () => 'n/a' } : column,
  );
}

/** Rows copy their history when it is asked for: what is on the screen must not change with the next tick. */
function keepHistories({ regions, threads, processes }: Snapshot): void {
  for (const rows of [regions, threads, processes]) rows.forEach(({ history }) => history);
}
