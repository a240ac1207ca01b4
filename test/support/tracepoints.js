'use strict';

// Whoever closes the last event of a tracepoint waits until no CPU is in it any more
// (perf_trace_event_unreg in kernel/trace/trace_event_perf.c), 0.3 to 0.4 s for those of one session. While tests
// run, another process keeps one of each open, which never counts.

const { spawn } = require('node:child_process');
const { readFileSync } = require('node:fs');
const { join } = require('node:path');

const EVENTS = join(__dirname, '..', '..', 'addon', 'perf', 'events.cc');

/** Those that the addon opens, as perf spells them. */
function tracepoints() {
  const names = readFileSync(EVENTS, 'utf8').matchAll(/"([a-z]+)\/(\w+)"/g);
  return [...names].map(([, system, name]) => `${system}:${name}`);
}

/** Where perf or the right is missing, nothing is held: sessions only take longer to close. */
module.exports = function hold() {
  const args = ['stat', '-D', '-1', '-o', '/dev/null', '-e', tracepoints().join(), '--', 'cat'];
  // However Jest ends, its end of the pipe is closed with it, and cat and perf end.
  const holder = spawn('perf', args, { stdio: ['pipe', 'ignore', 'ignore'] });
  holder.on('error', () => undefined);
  holder.stdin.on('error', () => undefined);
  holder.unref();
  holder.stdin.unref();
  // For who ends what tests leave behind, and for the test that does without.
  if (holder.pid !== undefined) process.env.TRACEPOINT_HOLDER = String(holder.pid);
};
