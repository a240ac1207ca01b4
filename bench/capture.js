'use strict';

/**
 * The cost of tracing: target's slowdown, tracer's CPU time and memory, and what it lost; all tools
 * on all targets in one run, in turns, so that a machine that changes its speed changes it for all.
 */

const { spawn } = require('node:child_process');
const {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
} = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { compilation, compile, storm } = require('./targets');
const { TOOLS } = require('./tools');

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function start(command, env) {
  const child = spawn(command[0], command.slice(1), {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  const running = { child, stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => (running.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (running.stderr += text));
  child.stdin.on('error', () => undefined);
  running.ended = new Promise((resolve) => child.on('close', resolve));
  return running;
}

async function until(what, look) {
  const end = Date.now() + 30_000;
  while (!look()) {
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await sleep(10);
  }
}

/** The tracer itself: `measure` is its parent. */
function tracerPid(tracer) {
  const { pid } = tracer.child;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return children === '' ? 0 : Number(children.split(' ')[0]);
}

function eventDescriptors(tracer) {
  const pid = tracerPid(tracer);
  if (pid === 0) return 0;
  let count = 0;
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    try {
      if (readlinkSync(`/proc/${pid}/fd/${fd}`).includes('perf_event')) count += 1;
    } catch {
      // Closed meanwhile.
    }
  }
  return count;
}

/** What a process itself, without its children, has cost so far; null when it has ended. */
function costNow(pid) {
  try {
    const rss = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1];
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [utime, stime] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13);
    // Clock ticks: 100 a second on every Linux that Node runs on.
    return { rss: Number(rss) * 1024, cpu: (Number(utime) + Number(stime)) / 100 };
  } catch {
    return null;
  }
}

/** Until the tracer's events are all open: their number has been the same for 300 ms. */
async function attached(tracer) {
  let last = 0;
  let since = Date.now();
  await until(`the events of ${tracer.stderr}`, () => {
    const now = eventDescriptors(tracer);
    if (now !== last) {
      last = now;
      since = Date.now();
    }
    return now > 0 && Date.now() - since > 300;
  });
}

/** What a tracer cost and has to show, once it has ended. */
async function outcome(tool, tracer, output, cost) {
  const status = await tracer.ended;
  if (status !== 0) throw new Error(`${tool.title}: status ${status}: ${tracer.stderr}`);
  const { user, system, rss } = JSON.parse(readFileSync(cost, 'utf8'));
  const result = await tool.result(output, tracer.stdout + tracer.stderr);
  rmSync(output, { force: true });
  return { cpu: user + system, rss, ...result };
}

function sampleOf(target, stdout, { cpu, rss, captured, lost }) {
  const faults = target.faults(stdout) || captured;
  return {
    speed: target.speed(stdout),
    cpuPerFault: cpu / faults,
    rss,
    lost: lost ?? Math.max(0, faults - captured),
    faults,
  };
}

/** One run of a tool that starts the target: rusage would count both, so its cost is looked at as it runs. */
async function onceWrapped(tool, target, programs, directory) {
  const output = path.join(directory, 'output');
  const command = tool.command(target.command(tool.faultShare), output);
  const tracer = start([programs.measure, path.join(directory, 'cost.json'), ...command], {
    WORKLOAD_WAIT: '1',
  });
  await until('the target', () => tracer.stdout.includes('"ready"'));
  const pid = tracerPid(tracer);
  tracer.child.stdin.end('\n');
  let last = costNow(pid);
  let running = true;
  void tracer.ended.then(() => (running = false));
  while (running) {
    await sleep(20);
    last = costNow(pid) ?? last;
  }
  const result = await outcome(tool, tracer, output, path.join(directory, 'cost.json'));
  return sampleOf(target, tracer.stdout, { ...result, ...last });
}

/** One run of one tool on one target. */
async function once(tool, target, programs, directory) {
  if (tool.wraps) return onceWrapped(tool, target, programs, directory);
  const running = start(target.command(tool.faultShare), { WORKLOAD_WAIT: '1' });
  await until('the target', () => running.stdout.includes('"ready"'));
  const output = path.join(directory, 'output');
  const cost = path.join(directory, 'cost.json');
  const command = tool.command(running.child.pid, output);
  const tracer = command === null ? null : start([programs.measure, cost, ...command], {});
  if (tracer !== null) await attached(tracer);
  running.child.stdin.end('\n');
  await running.ended;
  if (tracer === null) return { speed: target.speed(running.stdout) };
  return sampleOf(target, running.stdout, await outcome(tool, tracer, output, cost));
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function rows(tools, samples, baseline) {
  return tools.map((tool) => {
    const own = samples.get(tool.id);
    const of = (key) => median(own.map((sample) => sample[key]));
    if (tool.id === 'none') return { tool: tool.title, speed: of('speed'), slowdown: 1 };
    return {
      tool: tool.title,
      speed: of('speed'),
      slowdown: baseline / of('speed'),
      cpu: of('cpuPerFault'),
      rss: Math.max(...own.map((sample) => sample.rss)),
      lost: own.reduce((sum, sample) => sum + sample.lost, 0),
      faults: own.reduce((sum, sample) => sum + sample.faults, 0),
    };
  });
}

/** Runs everything; `say` gets a line of progress. Returns one table per target. */
async function benchCapture({ repetitions, faults, tools: ids, say }) {
  const tools = ids === null ? TOOLS : TOOLS.filter((tool) => ids.includes(tool.id));
  const parent = existsSync('/var/tmp') ? '/var/tmp' : os.tmpdir();
  const directory = mkdtempSync(path.join(parent, 'pagefault-bench-'));
  try {
    const programs = compile(directory);
    const cpus = os.cpus().length;
    const targets = [
      storm(programs.storm, 'storm, one thread', 1, faults),
      storm(programs.storm, `storm, ${cpus} threads (one per CPU)`, cpus, faults),
      ...(ids === null ? [compilation(directory, 300)] : []),
    ];
    const tables = [];
    for (const target of targets) {
      const samples = new Map(tools.map((tool) => [tool.id, []]));
      for (let turn = 0; turn < repetitions; turn++) {
        // Another one begins each turn: who comes behind perf record finds its data still being written.
        const first = turn % tools.length;
        for (const tool of [...tools.slice(first), ...tools.slice(0, first)]) {
          const sample = await once(tool, target, programs, directory);
          samples.get(tool.id).push(sample);
          say(`${target.title}, turn ${turn + 1}: ${tool.title}: ${JSON.stringify(sample)}`);
        }
      }
      const baseline = median(samples.get('none').map((sample) => sample.speed));
      tables.push({ target, rows: rows(tools, samples, baseline) });
    }
    return tables;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

module.exports = { benchCapture };
