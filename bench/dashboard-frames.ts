import { performance } from 'node:perf_hooks';
import { handleKeys, type Host } from '../src/tui/keys/keys';
import { renderDashboard } from '../src/tui/render';
import { Dashboard } from '../src/tui/state/dashboard';
import { makeTheme } from '../src/tui/terminal/theme';
import { BusyWorld } from './busy-world';
import { countingScreen, flushed } from './counting-terminal';
import { quantile } from './figures';

const FRAMES = 300;
/** The first frames warm the compiler and fill the screen. */
const WARM = 30;

/** What a frame costs: medians and 99th percentiles. */
export interface FrameCost {
  readonly regions: number;
  /** Of that what the model does, its tick and snapshot; and the rest, the dashboard's refresh and frame. Medians, ms. */
  readonly model: number;
  readonly dashboard: number;
  /** Refresh and drawing, ms. */
  readonly ms: number;
  readonly ms99: number;
  /** To the terminal. */
  readonly bytes: number;
  readonly bytes99: number;
  /** A page key, ms. */
  readonly scroll: number;
}

/** So many regions of which 10 % change between refreshes, drawn through blessed into a stream that counts. */
export async function frameCost(regions: number): Promise<FrameCost> {
  const { screen, output } = countingScreen();
  const world = new BusyWorld(regions);
  const dashboard = new Dashboard(world, { theme: makeTheme(screen.traits), intervalMs: 1000 });
  dashboard.size = screen.size;
  const frame = (): void => {
    screen.draw(renderDashboard(dashboard, world.now / 1e6));
  };
  const press = (key: string): void => {
    handleKeys(dashboard, NO_HOST, [key], 0);
    frame();
  };
  const times: number[] = [];
  const models: number[] = [];
  const others: number[] = [];
  const bytes: number[] = [];
  const scrolls: number[] = [];
  for (let k = 0; k < FRAMES; k++) {
    world.step(0.1);
    const before = output.bytes;
    const whole = took(() => {
      dashboard.refresh();
      frame();
    });
    times.push(whole);
    models.push(world.modelMs);
    others.push(whole - world.modelMs);
    await flushed();
    bytes.push(output.bytes - before);
    scrolls.push(
      took(() => {
        press('pagedown');
      }),
    );
    press('home');
    await flushed();
  }
  void screen.close();
  const at = (values: readonly number[], q: number): number => quantile(values.slice(WARM), q);
  return {
    regions,
    model: at(models, 0.5),
    dashboard: at(others, 0.5),
    ms: at(times, 0.5),
    ms99: at(times, 0.99),
    bytes: at(bytes, 0.5),
    bytes99: at(bytes, 0.99),
    scroll: at(scrolls, 0.5),
  };
}

const NO_HOST: Host = {
  quit: () => undefined,
  suspend: () => undefined,
  redraw: () => undefined,
  save: () => ({ ok: true, words: '' }),
};

/** ms */
function took(work: () => void): number {
  const began = performance.now();
  work();
  return performance.now() - began;
}
