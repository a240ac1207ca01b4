'use strict';

/**
 * What a frame of the dashboard costs: 2,000 regions of which 10 % change between refreshes, 200x50,
 * drawn through blessed into a stream that counts.
 */
const { EventEmitter } = require('node:events');
const { performance } = require('node:perf_hooks');
const { setImmediate } = require('node:timers');
const { TerminalScreen } = require('../dist/tui/terminal/screen');
const { Dashboard } = require('../dist/tui/state/dashboard');
const { renderDashboard } = require('../dist/tui/render');
const { makeTheme } = require('../dist/tui/terminal/theme');
const { handleKeys } = require('../dist/tui/keys/keys');
const { EventLog } = require('../dist/tui/state/event-log');
const { CAUSE_NAMES } = require('../dist/core/classify/classes');
const { Batch } = require('../dist/core/wire/batch');
const { Resolved } = require('../dist/core/wire/resolved');

const FRAMES = 300;

class CountingOutput extends EventEmitter {
  constructor(columns, rows) {
    super();
    Object.assign(this, {
      columns,
      rows,
      isTTY: true,
      writable: true,
      writableLength: 0,
      bytes: 0,
    });
  }
  write(text) {
    this.bytes += Buffer.byteLength(text);
    return true;
  }
}

class SilentInput extends EventEmitter {
  resume() {}
  pause() {}
}

/** What the dashboard's header says of a capture to which nothing has happened. */
function headerOf(now) {
  const none = {};
  for (const name of ['lostMinor', 'lostMajor', 'mailboxMinor', 'mailboxMajor']) none[name] = 0;
  return {
    targets: [{ pid: 100, comm: 'worker', commandLine: 'worker --serve', threads: 8, state: 'S' }],
    ended: null,
    elapsedNs: now,
    capture: {
      mode: { cpus: 2, ringBytes: 8 << 20 },
      received: { minor: 1, major: 1, unresolved: 0 },
      lost: { ring: 0, mailbox: 0, exact: true },
      kernel: { minor: 1, major: 1, exact: true },
      inFlight: 0,
      records: none,
    },
    limits: [],
    rssBytes: 1 << 30,
    inFlight: [],
    captureFilter: '',
  };
}

/** A world of `count` regions, two to a group; step() lets `share` of them take faults. */
class World {
  constructor(count) {
    this.now = 0;
    this.events = new EventLog();
    this.names = {
      regionLabel: (slot) => this.rows[slot].label,
      regionPath: () => '',
      regionSection: () => '',
      regionKind: () => 0,
      regionId: (slot) => slot + 1,
      commName: () => 'worker',
      code: () => null,
      data: () => null,
    };
    this.rows = Array.from({ length: count }, (_, k) => this.row(k));
    this.look();
  }

  row(k) {
    const weight = Math.random();
    return {
      id: k + 1,
      weight,
      faults: 1000 * weight,
      byClass: [10, Math.floor(1000 * weight), 5, 0],
      byCause: CAUSE_NAMES.map((name) =>
        name === 'demand-zero' ? Math.floor(1000 * weight) : name === 'file-read' ? 10 : 0,
      ),
      causeNs: CAUSE_NAMES.map((name) => (name === 'demand-zero' ? 1e6 * weight : 0)),
      uniquePages: 900,
      refaults: 100,
      stallNs: 1e6 * weight,
      maxNs: 1e6,
      p50Ns: 900,
      p90Ns: 1500,
      p99Ns: 30000,
      stallShare: weight / 100,
      stalled: 0,
      rate: 0,
      history: [],
      lastTime: 0,
      members: 1,
      sumsUp: '',
      addLatencies: () => 0,
      kind: 'file',
      label: `lib${k >> 1}.so.6 .text`,
      path: `/usr/lib/lib${k >> 1}.so.6`,
      section: '.text',
      permissions: 'r-xp',
      pid: 100,
      comm: 'worker',
      size: 1 << 20,
      startPage: k * 1000,
      endPage: k * 1000 + 256,
    };
  }

  step(share) {
    this.now += 1e9;
    const batch = new Batch();
    const resolved = new Resolved();
    let n = 0;
    this.rows = this.rows.map((row, slot) => {
      const more = Math.random() < share ? 1 + Math.floor(Math.random() * 50 * row.weight) : 0;
      const history = [...row.history.slice(-59), more];
      if (more === 0) return { ...row, rate: 0, stalled: 0, history };
      batch.time[n] = this.now;
      batch.tid[n] = 100;
      batch.pid[n] = 100;
      batch.addrLo[n] = slot * 4096;
      batch.latency[n] = 900;
      resolved.faultClass[n] = 1;
      resolved.region[n] = slot;
      resolved.fileOffset[n] = -1;
      n++;
      const byClass = [row.byClass[0], row.byClass[1] + more, row.byClass[2], 0];
      return {
        ...row,
        faults: row.faults + more,
        byClass,
        rate: more,
        history,
        stallNs: row.stallNs + more * 1000,
        stalled: more / 1e6,
      };
    });
    batch.faults = n;
    this.events.add(batch, resolved, this.names);
    this.look();
  }

  /** Made outside the measured time: in the program it is the model's work. */
  snapshot() {
    return this.picture;
  }

  look() {
    const totals = { ...this.rows[0], byClass: [0, 0, 0, 0], byCause: CAUSE_NAMES.map(() => 0) };
    for (const row of this.rows) row.byClass.forEach((c, k) => (totals.byClass[k] += c));
    totals.stallNs = this.rows.reduce((sum, row) => sum + row.stallNs, 0);
    totals.stalled = this.rows.reduce((sum, row) => sum + row.stalled, 0);
    totals.stallShare = this.now > 0 ? totals.stallNs / this.now : 0;
    this.picture = {
      now: this.now,
      elapsed: this.now,
      totals,
      regions: this.rows,
      threads: [],
      processes: [],
      sites: [],
      siteRegions: () => [],
      latency: [],
      latencyOverTime: () => ({ times: [], columns: [], count: 0 }),
      pairs: () => ({ regions: [], threads: [], faults: [] }),
      since: 0,
      causeFacts: {
        swapInUse: false,
        numaBalancing: false,
        rereadShare: 0,
        answerer: 'unknown',
        busReasons: [],
      },
      caps: [],
    };
  }

  header() {
    return headerOf(this.now);
  }

  detail() {
    return null;
  }
  output() {
    return null;
  }
}

/** blessed collects what it writes until the next turn of the event loop. */
const flushed = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

async function measure(regions, columns, rows) {
  const output = new CountingOutput(columns, rows);
  const env = { TERM: 'xterm-256color', LANG: 'C.UTF-8' };
  const ignore = () => undefined;
  const terminal = new TerminalScreen(
    { input: new SilentInput(), output, env, ascii: false, stopProcess: ignore },
    { onText: ignore, onResize: ignore, onDrain: ignore, onGone: ignore },
  );
  const world = new World(regions);
  const dashboard = new Dashboard(world, { theme: makeTheme(terminal.traits), intervalMs: 1000 });
  dashboard.size = terminal.size;
  const frame = () => terminal.draw(renderDashboard(dashboard, world.now / 1e6));
  const times = [];
  const bytes = [];
  const scrolls = [];
  for (let k = 0; k < FRAMES; k++) {
    world.step(0.1);
    const before = output.bytes;
    let started = performance.now();
    dashboard.refresh();
    frame();
    times.push(performance.now() - started);
    await flushed();
    bytes.push(output.bytes - before);
    started = performance.now();
    handleKeys(dashboard, {}, ['pagedown'], 0);
    frame();
    scrolls.push(performance.now() - started);
    handleKeys(dashboard, {}, ['home'], 0);
    frame();
    await flushed();
  }
  void terminal.close();
  // The first frames warm the compiler and fill the screen.
  const tail = (values) => values.slice(30).sort((a, b) => a - b);
  const at = (values, q) => tail(values)[Math.floor(tail(values).length * q)];
  return {
    regions,
    ms: at(times, 0.5),
    ms99: at(times, 0.99),
    bytes: at(bytes, 0.5),
    bytes99: at(bytes, 0.99),
    scroll: at(scrolls, 0.5),
  };
}

/** A row of the table for every number of regions. */
async function benchFrames(numbers) {
  const results = [];
  for (const regions of numbers) results.push(await measure(regions, 200, 50));
  return results;
}

module.exports = { benchFrames, CountingOutput, SilentInput, flushed, headerOf };
