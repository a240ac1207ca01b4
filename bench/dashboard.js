'use strict';

/**
 * npm run bench -- dashboard: what the dashboard costs and how fast it answers. Writes its section of
 * the file it is given. Needs a build, root and gcc; best on a machine that does nothing else.
 */
const { execFileSync } = require('node:child_process');
const os = require('node:os');
const path = require('node:path');
const { benchFrames } = require('./dashboard-frames');
const { benchLive } = require('./dashboard-live');
const { replaceSection, sectionHead } = require('./section');

const FAULTS = 10_000_000;

const ms = (value) => `${value.toFixed(value < 10 ? 1 : 0)} ms`;
const percent = (share) => `${(share * 100).toFixed(1)} %`;
const mib = (bytes) => `${(bytes / (1 << 20)).toFixed(0)} MB`;
const number = (n) => Math.round(n).toLocaleString('en');

function frameLines(frames) {
  return [
    '### Frames',
    '',
    '200x50, of the regions 10 % change between two frames; medians, 99th percentiles in brackets.',
    '',
    '| regions | refresh and frame | to the terminal | a page key |',
    '| ---: | ---: | ---: | ---: |',
    ...frames.map(
      (f) =>
        `| ${number(f.regions)} | ${f.ms.toFixed(2)} ms (${f.ms99.toFixed(2)}) | ${f.bytes} bytes (${f.bytes99}) | ${f.scroll.toFixed(2)} ms |`,
    ),
  ];
}

function loadRow(title, { share, captured, lost, kernel }) {
  return `| ${title} | ${percent(share)} | ${number(captured)} | ${number(lost)} | ${number(kernel)} |`;
}

function liveLines({ first, key, cpu, memory }, synthetic, loads) {
  const { captured, lost, kernel } = memory;
  return [
    '### The program in a terminal',
    '',
    `200x50, refresh every second; CPU from 30 seconds after the start on. The storms run on all ${os.cpus().length} CPUs, those of terminal and analyzer.`,
    '',
    '| what | measured |',
    '| --- | ---: |',
    `| first full frame after the command, median (worst of ${loads.turns}) | ${ms(first.p50)} (${ms(first.max)}) |`,
    `| key to paint under the storm, median of ${loads.keys} | ${ms(key.p50)} |`,
    `| key to paint under the storm, 99th percentile (worst) | ${ms(key.p99)} (${ms(key.max)}) |`,
    `| memory after ${number(FAULTS)} faults in 10,000 regions, live: at rest (peak) | ${mib(memory.now)} (${mib(memory.most)}) |`,
    `| the same before most of them | ${mib(memory.early)} |`,
    `| the same through model and dashboard alone: at a tenth, at the end (peak) | ${mib(synthetic.tenth)}, ${mib(synthetic.now)} (${mib(synthetic.most)}) |`,
    '',
    '| target | CPU of the analyzer | captured | lost | the kernel counted |',
    '| --- | ---: | ---: | ---: | ---: |',
    loadRow('idle', cpu.idle),
    loadRow('10,000 faults/s', cpu['10k']),
    loadRow('100,000 faults/s', cpu['100k']),
    loadRow('storm on all CPUs', cpu.most),
    loadRow(`the same with ${loads.keys} keys`, key),
    loadRow('10,000 regions', { share: memory.share, captured, lost, kernel }),
  ];
}

async function main() {
  const say = (text) => process.stderr.write(`${text}\n`);
  const loads = { faults: FAULTS, keys: 100, seconds: 15, turns: 15, say };
  const [load] = os.loadavg();
  const live = await benchLive(loads);
  say(`${FAULTS} faults through model and dashboard`);
  const program = path.join(__dirname, 'dashboard-memory.js');
  const synthetic = JSON.parse(execFileSync(process.execPath, [program, String(FAULTS)]));
  say('frames');
  const frames = await benchFrames([20, 4000, 8192]);
  const section = [
    ...sectionHead('The dashboard', 'dashboard', load),
    ...liveLines(live, synthetic, loads),
    '',
    ...frameLines(frames),
  ].join('\n');
  replaceSection(process.argv[2], 'dashboard', section);
  console.log(section);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
