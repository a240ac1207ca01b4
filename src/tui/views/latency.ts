import type { ExportTables } from '../../core/columns/table-export';
import type { Scene } from '../state/scene';
import { PICTURES, type PictureName, type ViewSettings } from '../state/settings';
import type { Theme } from '../terminal/theme';
import { latencyHeat, latencyLines } from './latency-lines';
import { moving, type Area, type Closing } from './view';
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
  readonly actions: ViewActions = {
    ...moving((by) => {
      this.scrolled = Math.max(0, this.scrolled + by);
    }),
    scale: () => {
      this.shown = PICTURES[(PICTURES.indexOf(this.shown) + 1) % PICTURES.length]!;
    },
  };
  readonly closing: Closing = {
    always: true,
    lines: (theme, columns) => this.histograms(theme, columns),
  };
  /** Lines scrolled down. */
  private scrolled = 0;
  private shown: PictureName = 'linear';

  constructor(private readonly scene: Scene) {}

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
    const { scene } = this;
    const grid = scene.picture.snapshot.latencyOverTime();
    const heat = latencyHeat(theme, columns, grid, scene.classes, scene.filter !== null);
    return [...this.histograms(theme, columns), ...(heat.length === 0 ? [] : ['', ...heat])];
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
