import type { Word } from '../../core/columns/words';
import { aboutOf, isEstimate } from '../../core/columns/row-columns';
import { causeTable } from '../../core/columns/cause-rows';
import type { ExportTable, ExportTables } from '../../core/columns/table-export';
import { CAUSE_NAMES, CLASS_NAMES } from '../../core/classify/classes';
import {
  bytes,
  count,
  counted,
  grouped,
  latency,
  percent,
  rate,
  stalledShare,
} from '../../core/text/format';
import type { PairedRow, SharedRow, StatRow } from '../../core/snapshot/snapshot';
import { Line } from '../layout/line';
import { sparkline } from '../layout/spark';
import { LOG_CAPACITY, type EventsOf } from '../state/event-log';
import type { Picture } from '../state/picture';
import type { Scene } from '../state/scene';
import { CLASS_STYLE, type Theme } from '../terminal/theme';
import { labelled, LABEL_CELLS, partLines, type Part } from './detail-lines';
import { explainRow } from './explain';
import { eventSection, eventTable } from './event-lines';
import { leadOn, type Lead } from './lead';
import { RowLatency } from './row-latency';
import type { Area, Navigation, View, ViewActions } from './view';

/** What the detail of one kind of row has beyond what all rows have. */
export interface RowDetail<Row extends StatRow> {
  readonly name: string;
  /** The row as it is in a picture, undefined when it is gone. */
  readonly row: (picture: Picture) => Row | undefined;
  /** Looks up what is to be known of the row beside its numbers: once per picture. */
  readonly look?: (row: Row) => void;
  /** Its events. */
  readonly events: EventsOf;
  readonly title: (line: Line, row: Row) => void;
  /** Lines below the title, and above the time. */
  readonly where?: (theme: Theme, columns: number, row: Row) => string[];
  readonly who?: (theme: Theme, columns: number) => string[];
  /** A picture above its events, in `height` lines at most; none where that is too few. */
  readonly picture?: (theme: Theme, columns: number, height: number) => string[];
  /** Shows what it has as a tree from its other end. */
  readonly turn?: () => void;
  readonly table: (row: Row) => ExportTable;
  /** Where one can go from it; null for nowhere. */
  readonly lead: (row: Row) => Lead | null;
  /** Behind its own table. */
  readonly tables?: () => ExportTable[];
}

/** From so many cells on costs are told in words. */
const WORDS_WANT = 100;
/** Cells of what stands before and behind a history. */
const BESIDE_HISTORY = 44;
/** Lines of events that a picture leaves, with their rule. */
const LEAST_EVENTS = 4;
/** And so many of latencies at most: a read from disk among faults of a microsecond makes twenty. */
const MOST_LATENCY = 13;

/** One row in full: where its faults fall, when, who made them and why, and what they cost. */
export class RowDetailView<Row extends StatRow & SharedRow> implements View {
  readonly name: string;
  readonly eventsBelow = false;
  readonly actions: ViewActions;
  private readonly latency = new RowLatency();

  constructor(
    private readonly scene: Scene,
    navigation: Navigation,
    private row: Row,
    private readonly detail: RowDetail<Row>,
  ) {
    this.name = detail.name;
    const lead = (): void => {
      const to = detail.lead(this.row);
      if (to !== null) leadOn(navigation, `this ${detail.name}`, to);
    };
    const { turn } = detail;
    this.actions = {
      ...(detail.lead(row) === null ? {} : { open: lead, lead }),
      ...(turn === undefined ? {} : { family: turn }),
    };
    detail.look?.(row);
  }

  follow(): boolean {
    const row = this.detail.row(this.scene.picture);
    if (row === undefined) return false;
    this.row = row;
    this.latency.renew();
    this.detail.look?.(row);
    return true;
  }

  explain(): readonly Word[] {
    return explainRow(this.row, this.scene.picture.snapshot.causeFacts);
  }

  draw({ theme, columns, height }: Area): string[] {
    const lines = this.lines(theme, columns);
    const free = (): number => height - lines.length - LEAST_EVENTS;
    lines.push(...(this.detail.picture?.(theme, columns, free()) ?? []));
    lines.push(...this.latency.lines(theme, columns, Math.min(free(), MOST_LATENCY), this.row));
    const room = height - lines.length - 1;
    return room < 1 ? lines : [...lines, ...this.events(theme, columns, room)];
  }

  text(theme: Theme, columns: number): string[] {
    return [
      ...this.lines(theme, columns),
      ...(this.detail.picture?.(theme, columns, Infinity) ?? []),
      ...this.latency.lines(theme, columns, Infinity, this.row),
      ...this.events(theme, columns, LOG_CAPACITY),
    ];
  }

  private events(theme: Theme, columns: number, most: number): string[] {
    const sequences = this.scene.newestEvents(most, this.detail.events);
    return eventSection(theme, columns, this.scene.picture.log, sequences);
  }

  private lines(theme: Theme, columns: number): string[] {
    const { row, detail } = this;
    const title = new Line(theme, columns).add(' ');
    detail.title(title, row);
    return [
      title.end(),
      ...(detail.where?.(theme, columns, row) ?? []),
      ...statLines(theme, columns, row),
      ...(detail.who?.(theme, columns) ?? []),
      historyLine(theme, columns, row),
    ];
  }

  tables(): ExportTables {
    const { row, detail, scene } = this;
    const events = eventTable(scene, detail.events);
    const history: ExportTable = {
      name: 'history',
      columns: ['refreshes_ago', 'faults'],
      rows: row.history.map((faults, k) => [row.history.length - 1 - k, faults]),
    };
    const causes = causeTable([row], scene.picture.snapshot.causeFacts);
    return [detail.table(row), ...(detail.tables?.() ?? []), causes, history, events];
  }
}

export function pairedTable(name: string, rows: readonly PairedRow[]): ExportTable {
  return {
    name,
    columns: [name, 'faults'],
    rows: rows.map(({ label, faults }) => [label, faults]),
  };
}

/** What, why, at which cost, and on which pages. */
function statLines(theme: Theme, columns: number, row: StatRow): string[] {
  const about = aboutOf(row);
  const what: Part[] = CLASS_NAMES.flatMap((name, cls) => {
    const n = row.byClass[cls]!;
    const text = name === 'MINOR' || name === 'COW' ? about(grouped(n)) : grouped(n);
    return n > 0 ? [{ text: `${name} ${text}`, style: CLASS_STYLE[name] }] : [];
  });
  const why = row.byCause
    .map((n, cause) => ({ n, name: CAUSE_NAMES[cause]! }))
    .filter(({ n }) => n > 0)
    .sort((a, b) => b.n - a.n)
    .map(({ n, name }) => {
      return { text: `${name} ${about(grouped(n))} (${about(percent(n / row.faults))} %)` };
    });
  return [
    ...partLines(theme, columns, 'what', [...what, { text: `${about(rate(row.rate))}/s` }]),
    ...partLines(theme, columns, 'why', why, 2),
    ...partLines(theme, columns, 'cost', costParts(columns, row, about), 2),
    labelled(theme, columns, 'pages').add(pagesText(row, columns)).end(),
  ];
}

/** Of a sample it is not known which pages were touched. */
function pagesText(row: StatRow, columns: number): string {
  if (isEstimate(row)) return 'n/a';
  const { uniquePages, refaults } = row;
  const touched = `${grouped(uniquePages)} (${bytes(uniquePages * 4096)}) touched`;
  const text = `${touched}, ${counted(refaults, 'fault')} on a page that had faulted before`;
  return LABEL_CELLS + text.length <= columns
    ? text
    : `${touched}, ${counted(refaults, 're-fault')}`;
}

/** In one line where there is room for the longest figures, else always in two: lines that come and go cannot be read. */
function costParts(columns: number, row: StatRow, about: (text: string) => string): Part[] {
  const { p50Ns, p90Ns, p99Ns, maxNs, stallNs, stallShare } = row;
  const times = [
    `p50 ${about(latency(p50Ns)) || '-'}`,
    `p90 ${about(latency(p90Ns)) || '-'}`,
    `p99 ${about(latency(p99Ns)) || '-'}`,
    `max ${about(latency(maxNs))}`,
  ].join('   ');
  const stalled = `stalled ${about(latency(stallNs))}, ${about(stalledShare(stallShare))}`;
  const first = columns < WORDS_WANT ? times.padEnd(columns - LABEL_CELLS) : times;
  return [{ text: first }, { text: stalled }];
}

function historyLine(theme: Theme, columns: number, { history }: StatRow): string {
  const most = history.reduce((largest, n) => Math.max(largest, n), 0);
  return labelled(theme, columns, 'when')
    .add(sparkline(history, Math.min(60, columns - BESIDE_HISTORY), theme.glyphs))
    .add(`  faults per refresh, peak ${count(most)}`, 'dim')
    .end();
}
