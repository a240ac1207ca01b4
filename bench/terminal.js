'use strict';

/** The program in a pseudo-terminal, as a user has it: what it paints, when, and what it costs. */
const { readdirSync, readFileSync } = require('node:fs');
const path = require('node:path');
const { performance } = require('node:perf_hooks');
const pty = require('node-pty');

const ANALYZER = path.join(__dirname, '..', 'bin', 'pagefault-analyzer');
/** Text that is kept to be searched; a frame is some 10 KB at most. */
const KEPT = 1 << 17;

/** What the program wrote, without its sequences; blanks that it jumps over are blanks. */
function plain(text) {
  return (
    text
      // Control characters are what this is about.
      // eslint-disable-next-line no-control-regex
      .replace(/\x1b\[(\d*)C/g, (_, count) => ' '.repeat(Number(count) || 1))
      // eslint-disable-next-line no-control-regex
      .replace(/\x1b(?:\[[0-9;?]*[A-Za-z]|[78])/g, '')
  );
}

class Terminal {
  constructor(args, columns = 200, rows = 50) {
    this.text = '';
    this.wanted = null;
    this.started = performance.now();
    this.pty = pty.spawn(ANALYZER, args, {
      name: 'xterm-256color',
      cols: columns,
      rows,
      env: { ...process.env, LANG: 'C.UTF-8' },
    });
    this.ended = new Promise((resolve) => this.pty.onExit(resolve));
    this.pty.onData((data) => {
      this.text = (this.text + data).slice(-KEPT);
      this.look();
    });
  }

  look() {
    if (this.wanted === null || !plain(this.text).includes(this.wanted.text)) return;
    const { resolve, timer } = this.wanted;
    clearTimeout(timer);
    this.wanted = null;
    resolve(performance.now());
  }

  /** When a text is written, from now on (or since `forget`); performance.now(). */
  shown(text) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`never shown: ${text}`)), 30_000);
      this.wanted = { text, resolve, timer };
      this.look();
    });
  }

  /** ms from a key to the text that it brings. */
  async answer(key, text) {
    this.text = '';
    const pressed = performance.now();
    this.pty.write(key);
    return (await this.shown(text)) - pressed;
  }

  /** ns of CPU time of all its threads so far. */
  cpuNs() {
    const tasks = `/proc/${this.pty.pid}/task`;
    return readdirSync(tasks).reduce(
      (sum, tid) => sum + Number(readFileSync(`${tasks}/${tid}/schedstat`, 'utf8').split(' ')[0]),
      0,
    );
  }

  /** Resident memory now and at its highest, bytes. */
  memory() {
    const status = readFileSync(`/proc/${this.pty.pid}/status`, 'utf8');
    const kib = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)[1]);
    return { now: kib('VmRSS') * 1024, most: kib('VmHWM') * 1024 };
  }

  /** Leaves it; what its closing text says was captured and lost. */
  async quit() {
    this.text = '';
    this.pty.write('q');
    await this.ended;
    const counts = /captured ([\d,]+) \+ lost ([\d,]+) of the kernel's ([\d,]+)/.exec(
      plain(this.text),
    );
    if (counts === null) throw new Error(`no closing text: ${this.text}`);
    const [captured, lost, kernel] = counts.slice(1).map((n) => Number(n.replaceAll(',', '')));
    return { captured, lost, kernel };
  }
}

module.exports = { Terminal };
