'use strict';

/**
 * npm run bench -- soak [--seconds N]: memory of the analyzer under storms of faults, forks and mappings
 * that go on and on. Flat: what it takes after a tenth of the time is what it takes in the end.
 */
const { spawn, spawnSync } = require('node:child_process');
const { mkdtempSync, readdirSync, readFileSync, rmSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { clearInterval, setInterval } = require('node:timers');

const { replaceSection, sectionHead } = require('./section');
const { compile } = require('./targets');
const { ANALYZER } = require('./tools');

const SAMPLE_MS = 500;

function storms(storm, seconds) {
  const stressNg = (name) => ['stress-ng', '--quiet', `--${name}`, '1', '--timeout', `${seconds}`];
  return [
    { title: 'faults', command: [storm, '--threads', '2', '--seconds', `${seconds}`] },
    { title: 'forks', command: stressNg('fork') },
    { title: 'mappings', command: stressNg('mmapmany') },
  ];
}

/** Resident bytes of the analyzer and of the processes it started to help it, COMMAND left out. */
function residentBytes(pid) {
  const helpers = childrenOf(pid).filter((child) => nameOf(child).startsWith('pagefault-'));
  return [pid, ...helpers].reduce((sum, each) => sum + rss(each), 0);
}

function childrenOf(pid) {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((tid) =>
      readFileSync(`/proc/${pid}/task/${tid}/children`, 'utf8').split(' ').filter(Boolean),
    );
  } catch {
    return []; // It has ended.
  }
}

function nameOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return '';
  }
}

function rss(pid) {
  try {
    return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024;
  } catch {
    return 0;
  }
}

function soak({ title, command }, seconds) {
  return new Promise((resolve) => {
    const args = ['-q', '--report-format', 'json', '--', ...command];
    const child = spawn(ANALYZER, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const began = Date.now();
    const samples = [];
    let tenth = 0;
    const timer = setInterval(() => {
      samples.push(residentBytes(child.pid));
      if (tenth === 0 && Date.now() - began >= seconds * 100) tenth = samples.at(-1);
    }, SAMPLE_MS);
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (more) => (text += more));
    child.on('close', () => {
      clearInterval(timer);
      const line = text.split('\n').find((each) => each.startsWith('{"schema_version"'));
      const { summary, completeness } = JSON.parse(line);
      // The last sample with something in it: after it the analyzer is on its way out.
      const end = samples.filter((bytes) => bytes > 0).at(-2) ?? 0;
      const most = Math.max(...samples);
      resolve({ title, faults: summary.faults, lost: completeness.lost, tenth, end, most });
    });
  });
}

async function main(output, seconds) {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'pagefault-soak-'));
  const [load] = os.loadavg();
  const lines = [
    ...sectionHead(`Memory in ${seconds} s of each storm`, `soak --seconds ${seconds}`, load),
    '| storm | faults | lost | memory after a tenth | at the end | highest |',
    '| --- | ---: | ---: | ---: | ---: | ---: |',
  ];
  const mb = (bytes) => `${(bytes / (1 << 20)).toFixed(0)} MB`;
  try {
    for (const storm of storms(compile(directory).storm, seconds)) {
      const { title, faults, lost, tenth, end, most } = await soak(storm, seconds);
      const counts = [faults, lost].map((count) => count.toLocaleString('en'));
      lines.push(`| ${[title, ...counts, mb(tenth), mb(end), mb(most)].join(' | ')} |`);
      process.stderr.write(`${lines.at(-1)}\n`);
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  replaceSection(output, 'soak', `${lines.join('\n')}\n`);
}

if (spawnSync('stress-ng', ['--version']).status !== 0) {
  console.error('bench: soak needs stress-ng');
  process.exitCode = 2;
} else {
  void main(process.argv[2], Number(process.argv[3] ?? 600));
}
