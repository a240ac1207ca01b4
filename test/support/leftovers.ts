import { readdirSync, readFileSync } from 'node:fs';

const TASKS = '/proc/self/task';

/** Children that one of our threads has started and that still run (proc(5)). */
function childrenOf(tid: string): number[] {
  try {
    const pids = readFileSync(`${TASKS}/${tid}/children`, 'utf8').split(' ');
    return pids.filter((pid) => pid !== '').map(Number);
  } catch {
    return []; // The thread has ended.
  }
}

// A test that fails leaves its target waiting: its pipes would keep Jest from ever ending, and a
// storm would take a CPU from all tests after it.
afterAll(() => {
  for (const pid of readdirSync(TASKS).flatMap(childrenOf)) {
    // Where all suites run in one process, it is a child of ours (tracepoints.js).
    if (String(pid) === process.env.TRACEPOINT_HOLDER) continue;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Ended since it was listed.
    }
  }
});
