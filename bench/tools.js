'use strict';

/**
 * What is compared: how each tool is attached to a process (or, with `wraps`, starts it), and how many
 * faults it has to show afterwards. `faultShare` shortens the run for a tool that slows the target so much that the others'
 * number of faults would take minutes: rates are compared, not times.
 */

const { execFileSync } = require('node:child_process');
const { createReadStream, readFileSync } = require('node:fs');
const path = require('node:path');
const readline = require('node:readline');

const ANALYZER = path.join(__dirname, '..', 'bin', 'pagefault-analyzer');
const EVENTS = 'minor-faults,major-faults,exceptions:page_fault_user,exceptions:page_fault_kernel';

/** Summary: major=1 minor=37 cow=12 error=3 lost=4 */
function summary(text) {
  const line = text.split('\n').findLast((one) => one.startsWith('Summary: '));
  const counts = Object.fromEntries(line.split(' ').map((word) => word.split('=')));
  const count = (name) => Number(counts[name] ?? 0);
  return { captured: count('major') + count('minor') + count('cow'), lost: count('lost') };
}

function lastLines(file) {
  return execFileSync('tail', ['-n', '3', file], { encoding: 'utf8', maxBuffer: 1 << 26 });
}

function ours(id, title, options) {
  return {
    id,
    title,
    faultShare: 1,
    command: (pid, output) => {
      const stream = options.length === 0 ? ['-q'] : [...options, '-o', output];
      return [ANALYZER, ...stream, '-p', String(pid)];
    },
    // The summary follows a text stream into its file, and goes to stdout or stderr otherwise.
    result: (output, said) => summary(said.includes('Summary: ') ? said : lastLines(output)),
  };
}

/** perf's own count of samples per event: what was lost is what is missing. */
function perfRecordResult(output) {
  const stats = execFileSync('perf', ['report', '--stats', '-i', output], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 1 << 26,
  });
  let captured = 0;
  let event = '';
  for (const line of stats.split('\n')) {
    event = /^(\S+) stats:/.exec(line)?.[1] ?? event;
    const samples = /SAMPLE events:\s+(\d+)/.exec(line);
    if (samples !== null && /^(minor|major)-faults/.test(event)) captured += Number(samples[1]);
  }
  return { captured };
}

async function perfTraceResult(output) {
  let captured = 0;
  for await (const line of readline.createInterface({ input: createReadStream(output) })) {
    if (/ (minfault|majfault) /.test(line)) captured += 1;
  }
  return { captured };
}

const TOOLS = [
  { id: 'none', title: 'untraced', faultShare: 1, command: () => null, result: () => ({}) },
  {
    id: 'perf-record',
    title: 'perf record -c 1 -d',
    faultShare: 1,
    command: (pid, output) => [
      ...['perf', 'record', '-q', '-m', '8M', '-e', EVENTS, '-c', '1', '-d'],
      ...['-o', output, '-p', String(pid)],
    ],
    result: perfRecordResult,
  },
  {
    id: 'perf-trace',
    title: 'perf trace -F all',
    faultShare: 0.1,
    // With -p it does not follow the threads that the process starts later: it starts the process.
    wraps: true,
    command: (target, output) => [
      ...['perf', 'trace', '-F', 'all', '--no-syscalls', '-o', output, '--', ...target],
    ],
    result: perfTraceResult,
  },
  ours('quiet', 'pagefault-analyzer -q', []),
  ours('text', 'pagefault-analyzer -o FILE', ['--stream']),
  ours('csv', 'pagefault-analyzer --format csv -o FILE', ['--format', 'csv']),
  ours('ndjson', 'pagefault-analyzer --format ndjson -o FILE', ['--format', 'ndjson']),
];

/** Version lines for the head of the table. */
function versions() {
  const first = (command, args) => execFileSync(command, args, { encoding: 'utf8' }).split('\n')[0];
  const cpuinfo = readFileSync('/proc/cpuinfo', 'utf8');
  return [
    `CPU: ${/^model name\s*:\s*(.*)$/m.exec(cpuinfo)?.[1] ?? 'unknown'}, ${require('node:os').cpus().length} online`,
    `kernel: Linux ${require('node:os').release()}`,
    `node: ${process.version}; ${first('perf', ['--version'])}; ${first('gcc', ['--version'])}`,
  ];
}

module.exports = { ANALYZER, TOOLS, versions };
