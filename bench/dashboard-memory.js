'use strict';

/**
 * Memory of model and dashboard in a process of their own: so many faults in 10,000 regions, a frame for
 * every 100,000 of them, all of them open in the table. Run as a program: prints bytes as JSON.
 */
const { Batch, FAULT_CAPACITY, FaultFlag } = require('../dist/core/wire/batch');
const { Model } = require('../dist/core/model');
const { Resolved } = require('../dist/core/wire/resolved');
const { Dashboard } = require('../dist/tui/state/dashboard');
const { EventLog } = require('../dist/tui/state/event-log');
const { renderDashboard } = require('../dist/tui/render');
const { TerminalScreen } = require('../dist/tui/terminal/screen');
const { makeTheme } = require('../dist/tui/terminal/theme');
const { CountingOutput, flushed, headerOf, SilentInput } = require('./dashboard-frames');

const REGIONS = 10_000;
const PAGES = 16;
/** Faults between two frames. */
const PER_FRAME = 100_000;

/** Anonymous memory in pieces, a page of nothing between them. */
function mappings() {
  const backing = { name: '', devMajor: 0, devMinor: 0, ino: '0' };
  return Array.from({ length: REGIONS }, (_, k) => {
    const start = 0x10000 + k * (PAGES + 1);
    return {
      start,
      end: start + PAGES,
      prot: 3,
      shared: false,
      pgoff: 0,
      backing,
      born: -Infinity,
    };
  });
}

class Source {
  constructor() {
    this.now = 0;
    this.events = new EventLog();
    const nothing = () => null;
    const never = () => false;
    const source = {
      ...{ readMaps: nothing, queryPage: nothing, elfImage: nothing, comm: nothing },
      ...{ takeLateImages: never, hasEnded: never },
    };
    this.model = new Model({ source });
    this.names = this.model;
    const maps = { vmas: mappings(), asOf: 0 };
    this.model.addProcess(100, { ppid: 1, comm: 'worker', maps });
    this.batch = new Batch();
    this.resolved = new Resolved();
    this.done = 0;
  }

  /** The next faults, 2 us apart, from region to region. */
  step(faults) {
    const { batch } = this;
    for (let i = 0; i < faults; i++) {
      const k = this.done++;
      const page = 0x10000 + (Math.floor(k / PAGES) % REGIONS) * (PAGES + 1) + (k % PAGES);
      this.now += 2000;
      batch.time[i] = this.now;
      batch.latency[i] = 500 + (k % 997);
      batch.addrLo[i] = (page % 0x100000) * 4096;
      batch.addrHi[i] = Math.floor(page / 0x100000);
      batch.pid[i] = 100;
      batch.tid[i] = 100;
      batch.errorCode[i] = 6;
      batch.flags[i] = FaultFlag.MIN | FaultFlag.ERROR_CODE | FaultFlag.ENTRY;
    }
    batch.faults = faults;
    batch.records = 0;
    batch.horizon = this.now;
    this.model.consume(batch, this.resolved);
    this.events.add(batch, this.resolved, this.model);
  }

  snapshot(reuse) {
    this.model.tick(this.now);
    return this.model.snapshot(this.now, { reuse });
  }
  header() {
    return headerOf(this.now);
  }
  latency(table, ids) {
    return this.model.latencyOf(table, ids);
  }
  detail(id) {
    return this.model.regionDetail(id);
  }
  output() {
    return null;
  }
}

async function main(faults) {
  const env = { TERM: 'xterm-256color', LANG: 'C.UTF-8' };
  const ignore = () => undefined;
  const output = new CountingOutput(200, 50);
  const terminal = new TerminalScreen(
    { input: new SilentInput(), output, env, ascii: false, stopProcess: ignore },
    { onText: ignore, onResize: ignore, onDrain: ignore, onGone: ignore },
  );
  const source = new Source();
  const dashboard = new Dashboard(source, { theme: makeTheme(terminal.traits), intervalMs: 1000 });
  dashboard.size = terminal.size;
  let most = 0;
  let tenth = 0;
  for (let done = 0; done < faults;) {
    for (const end = done + PER_FRAME; done < end; done += FAULT_CAPACITY)
      source.step(FAULT_CAPACITY);
    dashboard.refresh();
    terminal.draw(renderDashboard(dashboard, source.now / 1e6));
    await flushed();
    most = Math.max(most, process.memoryUsage.rss());
    if (tenth === 0 && done >= faults / 10) tenth = process.memoryUsage.rss();
  }
  const rows = dashboard.picture.snapshot.regions.length;
  void terminal.close();
  console.log(JSON.stringify({ rows, tenth, now: process.memoryUsage.rss(), most }));
}

void main(Number(process.argv[2] ?? 10e6));
