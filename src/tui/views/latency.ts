import type { ExportTables } from '../../core/columns/table-export';
import type { TimeGrid } from '../../core/stats/over-time';
import { clock } from '../../core/text/format';
import { columnAt, pointer, timeOf } from '../layout/heat-map';
import type { Scene } from '../state/scene';
import { PICTURES, type PictureName, type ViewSettings } from '../state/settings';
import type { Theme } from '../terminal/theme';
import { latencyHeat, latencyLines, type PlacedHeat } from './latency-lines';
import { moving, type Area, type Closing, type Pointed } from './view';
import type { View, ViewActions, ViewEntry } from './view';

/** How long faults take: a histogram per class. */
export const latency: ViewEntry = {
  name: 'latency',
  title: 'Latency',
  make: (scene) => new LatencyView(scene),
};

class LatencyView implements View {
  readonly name = latency.name;
  readonly eventsBelow = false;
  readonly actions: ViewActions;
  /** Of a recording: a time of the heat map, by the number of its column. */
  readonly pointed: Pointed = {
    rowAt: (line, { theme, columns }, cell) => {
      const heat = this.scene.source.replay === undefined ? null : this.heat(theme, columns);
      const first = this.histograms(theme, columns).length + 1;
      const within = line + this.scrolled - first;
      if (heat === null || within < 0 || within >= heat.lines.length) return null;
      return columnAt(heat.place, this.grid, cell);
    },
    select: (column) => {
      this.column = column;
      return true;
    },
  };
  readonly closing: Closing = {
    always: true,
    lines: (theme, columns) => this.histograms(theme, columns),
  };
  /** Lines scrolled down. */
  private scrolled = 0;
  private shown: PictureName = 'linear';
  /** Of the heat map's grid, that is pointed at. */
  private column: number | null = null;

  constructor(private readonly scene: Scene) {
    this.actions = {
      ...moving((by) => {
        this.scrolled = Math.max(0, this.scrolled + by);
      }),
      scale: () => {
        this.shown = PICTURES[(PICTURES.indexOf(this.shown) + 1) % PICTURES.length]!;
      },
      ...this.timeLine(),
    };
  }

  private get grid(): TimeGrid {
    return this.scene.picture.snapshot.latencyOverTime();
  }

  /** The heat map of a recording is a time line: one points at a time, and goes there. */
  private timeLine(): ViewActions {
    const { replay } = this.scene.source;
    if (replay === undefined) return {};
    const move = (by: number): void => {
      const { count, times } = this.grid;
      const to = this.column === null ? count - 1 : this.column + by;
      this.column = Math.max(count - times.length, Math.min(to, count - 1));
      // To be seen: it is what stands last.
      this.scrolled = Infinity;
    };
    return {
      collapse: () => {
        move(-1);
      },
      expand: () => {
        move(1);
      },
      open: () => {
        const time = this.column === null ? null : timeOf(this.grid, this.column);
        this.column = null;
        if (time !== null) replay.seek(time);
      },
    };
  }

  keep(): ViewSettings {
    return { picture: this.shown };
  }

  restore({ picture }: ViewSettings): void {
    this.shown = picture ?? this.shown;
  }

  layout({ theme, columns, height }: Area): void {
    const most = this.text(theme, columns).length - height;
    this.scrolled = Math.max(0, Math.min(this.scrolled, most));
  }

  draw({ theme, columns }: Area): string[] {
    return this.text(theme, columns).slice(this.scrolled);
  }

  text(theme: Theme, columns: number): string[] {
    const heat = this.heat(theme, columns);
    const histograms = this.histograms(theme, columns);
    if (heat === null) return histograms;
    return [...histograms, '', ...heat.lines, ...this.pointer(theme, columns, heat)];
  }

  private heat(theme: Theme, columns: number): PlacedHeat | null {
    const { classes, filter } = this.scene;
    return latencyHeat(theme, columns, this.grid, classes, filter !== null);
  }

  private pointer(theme: Theme, columns: number, { place }: PlacedHeat): string[] {
    const { column } = this;
    const time = column === null ? null : timeOf(this.grid, column);
    if (column === null || time === null) return [];
    return pointer(theme, columns, place, column, `${clock(time)}: Enter goes there`);
  }

  private histograms(theme: Theme, columns: number): string[] {
    return latencyLines(theme, columns, this.scene.latency(), this.scene.classes, this.shown);
  }

  tables(): ExportTables {
    const { histograms, classes } = this.scene.latency();
    const shown = classes & this.scene.classes;
    return [
      {
        name: 'latency',
        columns: ['class', 'low_ns', 'high_ns', 'faults'],
        rows: histograms
          .filter((_, cls) => (shown & (1 << cls)) !== 0)
          .flatMap((h) => h.buckets.map((b) => [h.faultClass, b.lowNs, b.highNs, b.count])),
      },
    ];
  }

  notes(): string[] {
    return [this.scene.latency().beyond];
  }
}
