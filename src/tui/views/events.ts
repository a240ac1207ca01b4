import type { ExportTables } from '../../core/columns/table-export';
import { LOG_CAPACITY } from '../state/event-log';
import type { Scene } from '../state/scene';
import type { Theme } from '../terminal/theme';
import { eventLines, eventSection, eventsTitle, eventTable } from './event-lines';
import { moving, pageHeight, type Area } from './view';
import type { View, ViewActions, ViewEntry } from './view';

/** The faults as they come. */
export const events: ViewEntry = {
  name: 'events',
  title: 'Events',
  make: (scene) => new EventsView(scene),
};

export class EventsView implements View {
  readonly name = events.name;
  readonly eventsBelow = false;
  readonly actions: ViewActions = {
    ...moving((by, area) => {
      this.scroll(by, pageHeight(area));
    }),
    last: () => {
      this.end = null;
    },
  };
  /** Sequence number at which the window ends; null: it follows. */
  end: number | null = null;

  constructor(private readonly scene: Scene) {}

  thaw(): void {
    this.end = null;
  }

  /** Moves the window; at the newest event it follows again. */
  private scroll(by: number, height: number): void {
    const { log } = this.scene.picture;
    const end = this.end ?? log.count;
    if (by > 0) {
      if (this.end === null) return;
      const last = log.from(end, by, this.passes).at(-1);
      const rest = last === undefined ? [] : log.from(last + 1, 1, this.passes);
      this.end = rest.length === 0 ? null : last! + 1;
      return;
    }
    // The window must stay full: one cannot scroll to before the oldest event.
    const above = log.newest(height - by, end, this.passes);
    if (above.length > height) this.end = above[height - 1]! + 1;
  }

  private readonly passes = (place: number): boolean => this.scene.showsEvent(place);

  draw({ theme, columns, height }: Area): string[] {
    const { log } = this.scene.picture;
    return [
      eventsTitle(theme, columns, log, this.end === null),
      ...eventLines(theme, columns, log, this.visible(height - 1)),
    ];
  }

  /** The sequence numbers of the events in a window of `height` lines, oldest first. */
  private visible(height: number): number[] {
    const { log } = this.scene.picture;
    if (height <= 0) return [];
    if (this.end === null) return log.newest(height, log.count, this.passes);
    const shown = log.newest(height, this.end, this.passes);
    // What one looks at has left the ring: the oldest that are there take its place.
    return shown.length < height ? log.from(log.oldest, height, this.passes) : shown;
  }

  text(theme: Theme, columns: number): string[] {
    const sequences = this.scene.newestEvents(LOG_CAPACITY);
    return eventSection(theme, columns, this.scene.picture.log, sequences);
  }

  tables(): ExportTables {
    return [eventTable(this.scene)];
  }
}
