/**
 * A process that holds model and dashboard: so many faults in 10,000 regions, a frame for every 100,000 of
 * them, all of them open in the table. Prints its memory (DashboardMemory) as JSON.
 */
import { DEFAULT_LIMITS } from '../src/core/stats/limits';
import { FAULT_CAPACITY } from '../src/core/wire/batch';
import { renderDashboard } from '../src/tui/render';
import { Dashboard } from '../src/tui/state/dashboard';
import { makeTheme } from '../src/tui/terminal/theme';
import { FakeSource } from '../test/support/fake-source';
import { Rig } from '../test/support/model-kit';
import { vma } from '../test/support/vma-kit';
import { countingScreen, flushed } from './counting-terminal';
import type { DashboardMemory } from './dashboard-page';

const REGIONS = 10_000;
const PAGES = 16;
/** The first page of all. */
const BASE = 0x10000;
/** Faults between two frames. */
const PER_FRAME = 100_000;

/** A model of one process, as the dashboard sees it. */
class ModelSource extends FakeSource {
  private readonly rig = new Rig(DEFAULT_LIMITS);
  private done = 0;

  constructor() {
    super();
    // Anonymous memory in pieces, a page of nothing between them.
    const mappings = Array.from({ length: REGIONS }, (_, k) => {
      const start = BASE + k * (PAGES + 1);
      return vma(start, start + PAGES);
    });
    this.rig.attach(100, mappings);
    const { model } = this.rig;
    this.names = model;
    this.snapshot = (reuse) => {
      model.tick(this.rig.now);
      return model.snapshot(this.rig.now, { reuse });
    };
    this.latency = (table, ids) => model.latencyOf(table, ids);
  }

  get now(): number {
    return this.rig.now;
  }

  override header(): ReturnType<FakeSource['header']> {
    return { ...this.info, elapsedNs: this.now };
  }

  override detail(id: number): ReturnType<FakeSource['detail']> {
    return this.rig.model.regionDetail(id);
  }

  /** A batch of the next faults, from region to region. */
  step(): void {
    const { rig } = this;
    for (let i = 0; i < FAULT_CAPACITY; i++) {
      const k = this.done++;
      const page = BASE + (Math.floor(k / PAGES) % REGIONS) * (PAGES + 1) + (k % PAGES);
      rig.fault({ page, latency: 500 + (k % 997) });
    }
    if (!rig.consumes()) throw new Error('the model waits for an answer');
    this.events.add(rig.batch, rig.resolved, rig.model);
    rig.clear();
  }
}

async function main(faults: number): Promise<void> {
  const { screen } = countingScreen();
  const source = new ModelSource();
  const dashboard = new Dashboard(source, { theme: makeTheme(screen.traits), intervalMs: 1000 });
  dashboard.size = screen.size;
  let most = 0;
  let tenth = 0;
  for (let done = 0; done < faults;) {
    for (const end = done + PER_FRAME; done < end; done += FAULT_CAPACITY) source.step();
    dashboard.refresh();
    screen.draw(renderDashboard(dashboard, source.now / 1e6));
    await flushed();
    most = Math.max(most, process.memoryUsage.rss());
    if (tenth === 0 && done >= faults / 10) tenth = process.memoryUsage.rss();
  }
  const rows = dashboard.scene.picture.snapshot.regions.length;
  void screen.close();
  const measured: DashboardMemory = { rows, tenth, now: process.memoryUsage.rss(), most };
  process.stdout.write(JSON.stringify(measured));
}

void main(Number(process.argv[2]));
