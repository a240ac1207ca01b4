import type { Filter } from '../../core/filter/ast';
import { compileFaultTest } from '../../core/filter/fault-test';
import { withPids } from '../../core/filter/owner-terms';
import { isOfSite } from '../../core/code/site-table';
import type { ExportTables } from '../../core/columns/table-export';
import { LOG_CAPACITY } from '../state/event-log';
import type { Scene } from '../state/scene';
import type { ViewSettings } from '../state/settings';
import type { Theme } from '../terminal/theme';
import {
  codeLine,
  eventHeading,
  eventLines,
  eventsTitle,
  eventTable,
  hidesCode,
  type EventForm,
} from './event-lines';
import { moving, type Area, type Navigation } from './view';
import type { Pointed, View, ViewActions, ViewEntry } from './view';

/** The faults as they come. */
export const events: ViewEntry = {
  name: 'events',
  title: 'Events',
  make: (scene, navigation) => new EventsView(scene, navigation),
};

export class EventsView implements View {
  readonly name = events.name;
  readonly eventsBelow = false;
  readonly actions: ViewActions = {
    ...moving((by) => {
      this.move(by);
    }),
    last: () => {
      this.end = null;
    },
    open: () => {
      this.choose();
    },
    lead: () => {
      this.choose();
    },
    clock: () => {
      this.byDay = !this.byDay;
    },
    search: () => {
      this.navigation.search((filter) => this.search(filter));
    },
    'older-match': () => {
      this.toMatch(-1);
    },
    'newer-match': () => {
      this.toMatch(1);
    },
  };
  readonly pointed: Pointed = {
    rowAt: (line) => this.drawn[line - HEAD] ?? null,
    select: (sequence) => {
      const isThere = sequence >= this.scene.picture.log.oldest;
      if (isThere) this.end = sequence + 1;
      return isThere;
    },
  };
  /** Sequence numbers of the events in the window. */
  private drawn: readonly number[] = [];
  /** Sequence number behind the event that is selected; null: the newest one, whichever that is. */
  end: number | null = null;
  /** Times are of the day. */
  private byDay = false;
  /** What was searched for last; null for nothing. */
  private sought: Filter | null = null;

  constructor(
    private readonly scene: Scene,
    private readonly navigation: Navigation,
  ) {}

  keep(): ViewSettings {
    return { byDay: this.byDay };
  }

  restore({ byDay }: ViewSettings): void {
    this.byDay = byDay ?? this.byDay;
  }

  thaw(): void {
    this.end = null;
  }

  private readonly passes = (place: number): boolean => this.scene.showsEvent(place);

  /** Selects another event; from the newest one on it follows again. */
  private move(by: number): void {
    const { log } = this.scene.picture;
    const end = this.end ?? log.count;
    if (by > 0) {
      if (this.end === null) return;
      const last = log.from(end, by, this.passes).at(-1);
      const rest = last === undefined ? [] : log.from(last + 1, 1, this.passes);
      this.end = rest.length === 0 ? null : last! + 1;
      return;
    }
    const above = log.newest(Math.min(1 - by, LOG_CAPACITY), end, this.passes);
    if (above.length < 2) return;
    this.end = above[0]! + 1;
  }

  /** Selects the newest event that matches. What is wrong, '' for nothing. */
  private search(filter: Filter): string {
    const { log } = this.scene.picture;
    const [newest] = log.newest(1, log.count, this.matching(filter));
    if (newest === undefined) return 'none of the events that are kept and shown matches';
    this.sought = filter;
    this.end = newest + 1;
    return '';
  }

  /** Selects the next match before or behind the selected event; without one nothing happens. */
  private toMatch(step: -1 | 1): void {
    const { sought, selected } = this;
    if (sought === null || selected < 0) return;
    const { log } = this.scene.picture;
    const matches = this.matching(sought);
    const [next] = step < 0 ? log.newest(1, selected, matches) : log.from(selected + 1, 1, matches);
    if (next !== undefined) this.end = next + 1;
  }

  private matching(filter: Filter): (place: number) => boolean {
    const { log, snapshot } = this.scene.picture;
    const test = compileFaultTest(withPids(filter, snapshot.processes), log.names, true);
    return (place) => this.passes(place) && test(log.batch, log.resolved, place);
  }

  /** The sequence number of the selected event, -1 for none. */
  private get selected(): number {
    const { log } = this.scene.picture;
    return (
      log.newest(1, this.end ?? log.count, this.passes)[0] ??
      log.from(log.oldest, 1, this.passes)[0] ??
      -1
    );
  }

  /** Asks which of the things that the event names is to be opened. */
  private choose(): void {
    const { scene, navigation, selected } = this;
    if (selected < 0) return;
    const things = thingsOf(scene, selected);
    if (things.length === 0) return;
    const items = things.map(({ text }) => text);
    navigation.choose('Open of this event', items, 0, (index) => {
      const { view, id } = things[index]!;
      const detail = navigation.detail(view, id);
      if (detail !== null) navigation.open(detail);
    });
  }

  private get form(): EventForm {
    const { startedAt } = this.scene.picture.header;
    return {
      startedAt: this.byDay ? startedAt : null,
      selected: this.end === null ? -1 : this.selected,
    };
  }

  layout({ columns, height }: Area): void {
    this.drawn = this.visible(height - HEAD - (hidesCode(columns) ? 1 : 0));
  }

  draw({ theme, columns }: Area): string[] {
    const { log } = this.scene.picture;
    return [
      eventsTitle(theme, columns, log, this.end === null),
      eventHeading(theme, columns, this.form),
      ...eventLines(theme, columns, log, this.drawn, this.form),
      ...(hidesCode(columns) ? [codeLine(theme, columns, log, this.selected)] : []),
    ];
  }

  /** The sequence numbers of the events in a window of `height` lines, oldest first. */
  private visible(height: number): number[] {
    const { log } = this.scene.picture;
    if (height <= 0) return [];
    const shown = log.newest(height, this.end ?? log.count, this.passes);
    // There is nothing before it, or that has left the ring: the window stays full.
    return shown.length < height && this.end !== null
      ? log.from(log.oldest, height, this.passes)
      : shown;
  }

  text(theme: Theme, columns: number): string[] {
    const { log } = this.scene.picture;
    const sequences = this.scene.newestEvents(LOG_CAPACITY);
    const form = { ...this.form, selected: -1 };
    return [
      eventsTitle(theme, columns, log, true),
      eventHeading(theme, columns, form),
      ...eventLines(theme, columns, log, sequences, form),
      ...(hidesCode(columns) ? [codeLine(theme, columns, log, this.selected)] : []),
    ];
  }

  tables(): ExportTables {
    return [eventTable(this.scene)];
  }
}

/** The title and the heading. */
const HEAD = 2;

/** A row of a view that an event belongs to. */
interface Thing {
  readonly view: string;
  readonly id: number;
  readonly text: string;
}

/** What an event names, as far as there is a row of it. */
function thingsOf({ picture: { log, snapshot } }: Scene, sequence: number): Thing[] {
  const at = log.at(sequence);
  const tid = log.batch.tid[at]!;
  const pid = log.batch.pid[at]!;
  const code = log.names.code(log.resolved.code[at]!);
  const region = log.regionIdAt(at);
  const thread = snapshot.threads.find((row) => row.tid === tid);
  const process = snapshot.processes.find((row) => row.pid === pid);
  const site = code === null ? undefined : snapshot.sites.find((row) => isOfSite(code, row));
  return [
    { view: 'regions', id: region, text: `region    ${log.names.regionLabel(at)}` },
    { view: 'threads', id: thread?.id, text: `thread    ${tid} ${log.names.commName(at)}` },
    { view: 'code', id: site?.id, text: `code      ${site?.label ?? ''}` },
    { view: 'processes', id: process?.id, text: `process   ${pid} ${process?.comm ?? ''}` },
  ].flatMap(({ view, id, text }) => (id === undefined ? [] : [{ view, id, text }]));
}
