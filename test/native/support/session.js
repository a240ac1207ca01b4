'use strict';

// What the scripts of the life-cycle tests share. Plain JavaScript: they run in processes and workers of
// their own, without a compiler in between.

const path = require('node:path');
const fs = require('node:fs');

const addon = require(path.join(__dirname, '..', '..', '..', 'build', 'Release', 'pagefault.node'));

const columns = new Map(addon.batchColumns.map((column) => [column.name, column]));
const names = columns.get('names');
const BATCH_BYTES = names.offset + names.rows;
const VIEWS = { u32: Uint32Array, u8: Uint8Array };

/** A storm waits for its first session (withStorm in captures.ts). */
function goOn(pids) {
  for (const pid of pids) if (pid > 0) outcome(() => process.kill(pid, 'SIGCONT'));
}

/** A storm waits for the next session: what starts meanwhile would have a third of the CPUs. */
function rest(pid) {
  process.kill(pid, 'SIGSTOP');
}

/** A session and what it has captured: faults by thread, with all their addresses where asked for. */
class Capture {
  constructor(options, keepAddresses = false) {
    this.buffer = new ArrayBuffer(BATCH_BYTES);
    this.header = new Uint32Array(this.buffer, 0, 16);
    const view = (name) => {
      const { type, offset, rows } = columns.get(name);
      return new VIEWS[type](this.buffer, offset, rows);
    };
    this.addressLow = view('addrLo');
    this.addressHigh = view('addrHi');
    this.pid = view('pid');
    this.tid = view('tid');
    this.flags = view('flags');
    this.byTid = new Map();
    this.pids = new Set();
    this.completed = 0;
    this.unresolved = 0;
    this.addresses = keepAddresses ? [] : undefined;
    this.wakes = 0;
    goOn(options.pids ?? []);
    this.session = addon.start({
      pids: [],
      children: true,
      ringPages: 0,
      onWake: () => {
        this.wakes += 1;
        this.drain();
      },
      ...options,
    });
  }

  drain() {
    while (this.session.drain(this.buffer)) {
      for (let i = 0; i < this.header[0]; i += 1) {
        if ((this.flags[i] & 3) === 0) this.unresolved += 1;
        else this.completed += 1;
        if (this.addresses !== undefined) {
          this.addresses.push([this.tid[i], this.addressHigh[i] * 2 ** 32 + this.addressLow[i]]);
        }
        this.pids.add(this.pid[i]);
        this.byTid.set(this.tid[i], (this.byTid.get(this.tid[i]) ?? 0) + 1);
      }
    }
  }

  /** Everything that was captured is here, and the kernel's own counts beside it. */
  finish() {
    this.session.stop();
    this.drain();
    const { kernel, ...counters } = this.session.counters();
    const info = this.session.info;
    this.session.close();
    return {
      completed: this.completed,
      kernel: kernel.minor + kernel.major,
      exact: kernel.exact,
      counters,
      info: { ...info, startNs: Number(info.startNs) },
      byTid: [...this.byTid],
      pids: [...this.pids],
      addresses: this.addresses,
    };
  }
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(condition, ms = 15000) {
  const end = Date.now() + ms;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`waited ${ms} ms in vain for ${condition}`);
    await sleep(5);
  }
}

/** code, errno and syscall of what body throws; its value otherwise. */
function outcome(body) {
  try {
    return body();
  } catch (error) {
    return { code: error.code, errno: error.errno, syscall: error.syscall, text: error.message };
  }
}

const descriptors = () => fs.readdirSync('/proc/self/fd').length;
const threads = () => fs.readdirSync('/proc/self/task').length;
const residentKb = () =>
  Number(/^VmRSS:\s+(\d+)/m.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1]);
const print = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

module.exports = {
  addon,
  BATCH_BYTES,
  Capture,
  descriptors,
  outcome,
  print,
  residentKb,
  rest,
  sleep,
  threads,
  until,
};
