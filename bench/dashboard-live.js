'use strict';

/** The dashboard of the real program on live targets: start, answers to keys, cost, memory, losses. */
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { mkdtempSync, rmSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { compile } = require('./targets');
const { Terminal } = require('./terminal');

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
/** The last words of the last line of a full frame. */
const FULL_FRAME = 'q quit';
const ALL_CPUS = os.cpus().length;

function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];
}

/** Runs a target while `body` looks at it with its pid. */
async function withTarget(command, body) {
  const child = spawn(command[0], command.slice(1), { stdio: ['pipe', 'ignore', 'inherit'] });
  const ended = once(child, 'exit');
  try {
    return await body(child.pid, ended);
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}

async function withDashboard(pid, body) {
  const terminal = new Terminal(['-p', String(pid)]);
  const first = (await terminal.shown(FULL_FRAME)) - terminal.started;
  const result = await body(terminal);
  return { ...result, first, ...(await terminal.quit()) };
}

/** ms from the command to the first full frame. */
function firstFrame(programs, turns) {
  const target = [programs.pace, '--rate', '1000', '--seconds', '600'];
  return withTarget(target, async (pid) => {
    const times = [];
    for (let k = 0; k < turns; k++) {
      times.push((await withDashboard(pid, () => ({}))).first);
    }
    return { p50: quantile(times, 0.5), max: Math.max(...times) };
  });
}

/** ms from a key to the frame that it brings, under as many faults as the machine can make. */
function keyToPaint(programs, keys) {
  const target = [programs.storm, '--threads', String(ALL_CPUS), '--seconds', '600'];
  return withTarget(target, (pid) =>
    withDashboard(pid, async (terminal) => {
      await sleep(3000);
      const began = process.hrtime.bigint();
      const cpu = terminal.cpuNs();
      const times = [];
      for (let k = 0; k < keys; k++) {
        const there = k % 2 === 0;
        times.push(await terminal.answer(there ? '2' : '1', there ? '2 Threads]' : '1 Regions]'));
        // Off the beat of the refreshes, so that some keys fall into one.
        await sleep(60 + Math.random() * 200);
      }
      const share = (terminal.cpuNs() - cpu) / Number(process.hrtime.bigint() - began);
      return {
        p50: quantile(times, 0.5),
        p99: quantile(times, 0.99),
        max: Math.max(...times),
        share,
        seconds: Number(process.hrtime.bigint() - began) / 1e9,
      };
    }),
  );
}

/** What starting left behind is collected and compiled by then: a dashboard is left open for hours. */
const SETTLED_MS = 30_000;

/** Share of one CPU that the analyzer takes, at its default refresh. */
function cpuShare(command, seconds) {
  return withTarget(command, (pid) =>
    withDashboard(pid, async (terminal) => {
      await sleep(SETTLED_MS);
      const began = process.hrtime.bigint();
      const cpu = terminal.cpuNs();
      await sleep(seconds * 1000);
      return { share: (terminal.cpuNs() - cpu) / Number(process.hrtime.bigint() - began) };
    }),
  );
}

/** Memory after so many faults in 10,000 regions. */
function memory(programs, faults) {
  const size = ['--regions', '10000', '--pages', '16'];
  const target = [programs.pace, ...size, '--faults', String(faults)];
  return withTarget(target, (pid, ended) =>
    withDashboard(pid, async (terminal) => {
      await sleep(3000);
      const early = terminal.memory().now;
      const began = process.hrtime.bigint();
      const cpu = terminal.cpuNs();
      await ended;
      const share = (terminal.cpuNs() - cpu) / Number(process.hrtime.bigint() - began);
      await sleep(2500);
      const { now, most } = terminal.memory();
      return { early, now, most, share };
    }),
  );
}

async function benchLive({ faults, keys, seconds, turns, say }) {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'pagefault-bench-'));
  try {
    const programs = compile(directory);
    const paced = (rate) => [programs.pace, '--rate', String(rate), '--seconds', '600'];
    const storm = [programs.storm, '--threads', String(ALL_CPUS), '--seconds', '600'];
    say('first frame');
    const first = await firstFrame(programs, turns);
    say(`${keys} keys under a storm`);
    const key = await keyToPaint(programs, keys);
    const cpu = {};
    const loads = {
      idle: ['sleep', '600'],
      '10k': paced(10_000),
      '100k': paced(100_000),
      most: storm,
    };
    for (const [name, command] of Object.entries(loads)) {
      say(`CPU: ${name}`);
      cpu[name] = await cpuShare(command, seconds);
    }
    say(`${faults} faults in 10,000 regions`);
    return { first, key, cpu, memory: await memory(programs, faults) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

module.exports = { benchLive };
