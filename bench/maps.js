'use strict';

/**
 * npm run bench -- maps: what address-space records cost the model, by the number of mappings of the process,
 * and what the mappings of many and large processes take. Writes its section of the file it is given.
 * Needs a build and nothing else: the records are made here.
 */
const { spawnSync } = require('node:child_process');
const os = require('node:os');
const { Batch, RECORD_CAPACITY, RecordType } = require('../dist/core/wire/batch');
const { Model } = require('../dist/core/model');
const { Resolved } = require('../dist/core/wire/resolved');
const { replaceSection, sectionHead } = require('./section');

const SIZES = [100, 10_000, 262_144];
/** Records of each measurement; the best of so many turns counts. */
const RECORDS = 400_000;
const TURNS = 5;
const NAME = Buffer.from('//anon');

/** A model whose processes do what is asked for, in full batches of records. */
class Feeder {
  constructor() {
    const nothing = () => null;
    const source = {
      readMaps: nothing,
      queryPage: nothing,
      elfImage: nothing,
      elfImageOf: nothing,
      comm: nothing,
    };
    this.model = new Model({ source });
    this.batch = new Batch();
    this.resolved = new Resolved();
    this.now = 0;
    this.batch.names.set(NAME, 0);
    this.batch.nameBytes = NAME.length;
  }

  process(pid) {
    this.model.addProcess(pid, { ppid: 1, comm: 'worker', maps: { vmas: [], asOf: 0 } });
    this.record(RecordType.BRK, pid, 0, 0);
    this.full();
  }

  /** Returns the record's row, for the columns that only its type has; then full(). */
  record(type, pid, start, end, prot = 0) {
    const { batch } = this;
    const r = batch.records++;
    this.now += 1000;
    batch.recType[r] = type;
    batch.recTime[r] = this.now;
    batch.recAt[r] = 0;
    batch.recPid[r] = pid;
    batch.recTid[r] = pid;
    batch.recStart[r] = start;
    batch.recEnd[r] = end;
    batch.recProt[r] = prot;
    batch.recFlags[r] = 2;
    batch.recNameOffset[r] = 0;
    batch.recNameLength[r] = NAME.length;
    return r;
  }

  /** Once a record has all of its columns. */
  full() {
    if (this.batch.records === RECORD_CAPACITY) this.flush();
  }

  map(pid, start, end, prot = 3) {
    const r = this.record(RecordType.MMAP, pid, start, end, prot);
    this.batch.recPgoff[r] = start;
    this.full();
  }

  unmap(pid, start, end) {
    // Entered after all that was recorded before.
    const r = this.record(RecordType.UNMAP, pid, start, end);
    this.batch.recEntered[r] = this.now;
    this.full();
  }

  fork(parent, child) {
    const r = this.record(RecordType.FORK, child, 0, 0);
    this.batch.recParentPid[r] = parent;
    this.batch.recParentTid[r] = parent;
    this.full();
  }

  flush() {
    this.model.consume(this.batch, this.resolved);
    this.batch.records = 0;
  }
}

/** Places of a process of `size` mappings, without order: no two neighbours follow each other. */
function scattered(size) {
  let at = 1;
  return () => {
    at = (at * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((at / 2_147_483_648) * size) * 8;
  };
}

/** CPU time (ns) per record of `step`, which makes `records` of them with each call. */
function cost(feeder, records, step) {
  let best = Infinity;
  for (let turn = 0; turn < TURNS; turn++) {
    const began = process.cpuUsage();
    for (let i = 0; i < RECORDS / records; i++) step(i);
    feeder.flush();
    const { user, system } = process.cpuUsage(began);
    best = Math.min(best, (user + system) / RECORDS);
  }
  return best * 1e3;
}

/** Kinds of change in a process that has `size` mappings of 4 pages, 4 pages apart. */
function costs(size) {
  const feeder = new Feeder();
  feeder.process(100);
  const place = scattered(size);
  for (let i = 0; i < size; i++) feeder.map(100, i * 8, i * 8 + 4);
  feeder.flush();
  const inserted = cost(feeder, 2, () => {
    const at = place() + 5;
    feeder.map(100, at, at + 1);
    feeder.unmap(100, at, at + 1);
  });
  const cut = cost(feeder, 2, () => {
    const at = place();
    feeder.map(100, at + 1, at + 2, 1);
    feeder.map(100, at, at + 4);
  });
  const { map } = feeder.model.tasks.process(100);
  let found = 0;
  const looked = cost(feeder, 1, () => {
    found += map.find(place());
  });
  if (found === 0 || map.length !== size) throw new Error('the map is not what was made');
  return [inserted, cut, looked];
}

const MEMORY = {
  'nothing, the tables of an idle model': () => new Feeder(),
  'one process of 1,000,000 mappings': () => {
    const feeder = new Feeder();
    feeder.process(100);
    for (let i = 0; i < 1_000_000; i++) feeder.map(100, i * 2, i * 2 + 1);
    feeder.flush();
    return feeder;
  },
  '100 children of a process of 64,000, each with ten changed': () => {
    const feeder = new Feeder();
    feeder.process(100);
    for (let i = 0; i < 64_000; i++) feeder.map(100, i * 2, i * 2 + 1);
    for (let child = 101; child <= 200; child++) {
      feeder.fork(100, child);
      for (let i = 0; i < 10; i++) feeder.map(child, i * 12_000, i * 12_000 + 1, 1);
    }
    feeder.flush();
    return feeder;
  },
  '100 processes that made 64,000 each, more than is kept': () => {
    const feeder = new Feeder();
    for (let pid = 100; pid < 200; pid++) {
      feeder.process(pid);
      for (let i = 0; i < 64_000; i++) feeder.map(pid, i * 2, i * 2 + 1);
    }
    feeder.flush();
    return feeder;
  },
};

/** In a process of its own: prints its memory in bytes, and the mappings known, as JSON. */
function measureMemory(what) {
  const feeder = MEMORY[what]();
  globalThis.gc();
  globalThis.gc();
  let mappings = 0;
  for (const { map } of feeder.model.tasks.live()) mappings += map.length;
  const { rss, heapUsed } = process.memoryUsage();
  process.stdout.write(JSON.stringify({ rss, heapUsed, mappings }));
}

function memory(what) {
  const { stdout, status } = spawnSync(
    process.execPath,
    ['--expose-gc', process.argv[1], '--memory', what],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  );
  if (status !== 0) throw new Error(`${what}: status ${status}`);
  return JSON.parse(stdout);
}

function main(output) {
  const [load] = os.loadavg();
  const rows = SIZES.map((size) => [size, costs(size)]);
  const least = rows[0][1];
  const number = (n) => n.toLocaleString('en-US');
  const lines = [
    ...sectionHead('Mappings: what a change costs the analyzer', 'maps', load),
    `ns of CPU per record, places at random, best of ${TURNS} times ${number(RECORDS)}; in brackets`,
    'the multiple of the first line.',
    '',
    '| mappings of the process | mmap and munmap | mprotect of a part and back | look-up |',
    '|---:|---:|---:|---:|',
    ...rows.map(([size, values]) => {
      const cells = values.map((ns, k) => `${ns.toFixed(0)} (${(ns / least[k]).toFixed(1)})`);
      return `| ${number(size)} | ${cells.join(' | ')} |`;
    }),
    '',
    'Memory of a process that holds the model and nothing else, after garbage collection, MB.',
    '',
    '| what was fed to it, as records | mappings known | resident | JavaScript heap |',
    '|---|---:|---:|---:|',
    ...Object.keys(MEMORY).map((what) => {
      const { rss, heapUsed, mappings } = memory(what);
      const [resident, heap] = [rss, heapUsed].map((bytes) => (bytes / 1e6).toFixed(0));
      return `| ${what} | ${number(mappings)} | ${resident} | ${heap} |`;
    }),
  ];
  const section = `${lines.join('\n')}\n`;
  replaceSection(output, 'maps', section);
  process.stdout.write(section);
}

if (process.argv[2] === '--memory') measureMemory(process.argv[3]);
else main(process.argv[2]);
