'use strict';

/**
 * npm run bench [-- capture|start|dashboard|maps|soak] [--turns N] [--faults N] [--tools ID,ID] [--seconds N]
 *     [--output FILE]
 *
 * Each bench (capture is the default) replaces its section of docs/benchmarks.md; capture with --tools
 * has one of its own. Needs root, perf and gcc.
 */

const { spawnSync } = require('node:child_process');
const { existsSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');

const TRACEFS = '/sys/kernel/tracing';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    turns: { type: 'string', default: '5' },
    faults: { type: 'string', default: '2000000' },
    // Fewer tools, more turns: for differences smaller than the machine's noise. Storms only.
    tools: { type: 'string', default: '' },
    // Of each storm of soak.
    seconds: { type: 'string', default: '600' },
    output: { type: 'string', default: path.join(__dirname, '..', 'docs', 'benchmarks.md') },
  },
});

/** perf needs tracefs mounted, which we do not: mounted for the run, and no longer. */
async function withTracefs(body) {
  if (existsSync(`${TRACEFS}/events`)) return body();
  spawnSync('mount', ['-t', 'tracefs', 'nodev', TRACEFS], { stdio: 'inherit' });
  try {
    return await body();
  } finally {
    spawnSync('umount', [TRACEFS], { stdio: 'inherit' });
  }
}

async function capture() {
  const { benchCapture } = require('./capture');
  const { captureSection } = require('./page');
  const { replaceSection } = require('./section');
  const repetitions = Number(values.turns);
  const faults = Number(values.faults);
  const tools = values.tools === '' ? null : values.tools.split(',');
  const [load] = os.loadavg();
  const tables = await withTracefs(() =>
    benchCapture({ repetitions, faults, tools, say: (line) => process.stderr.write(`${line}\n`) }),
  );
  const section = captureSection(tables, { repetitions, faults, tools, load });
  replaceSection(values.output, tools === null ? 'capture' : 'capture --tools', section);
  process.stdout.write(section);
}

const [what = 'capture'] = positionals;
if (what === 'capture') {
  capture().catch((error) => {
    console.error(error);
    process.exitCode = 1;
  });
} else if (['start', 'dashboard', 'maps', 'soak'].includes(what)) {
  const script = path.join(__dirname, `${what}.js`);
  const args = [script, values.output, values.seconds];
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
  process.exitCode = status ?? 1;
} else {
  console.error(`bench: ${what}: capture, start, dashboard, maps or soak`);
  process.exitCode = 2;
}
