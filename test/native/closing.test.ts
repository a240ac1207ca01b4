import { readFileSync } from 'node:fs';
import { until } from '../support/running';
import { accounted, withStorm } from './support/captures';
import type { Finished } from './support/captures';
import { answer } from './support/script';

// Runs after all others: from here on nobody holds the tracepoints (support/tracepoints.js).

/** perf has closed them: it is gone, or waits for its parent to hear of it. */
function hasEnded(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return true;
  }
}

beforeAll(async () => {
  const holder = Number(process.env.TRACEPOINT_HOLDER ?? 0);
  if (holder === 0 || hasEnded(holder)) return;
  process.kill(holder, 'SIGTERM');
  await until('the end of who holds the tracepoints', () => hasEnded(holder));
});

test('sessions that close the last event of each tracepoint lose nothing and leave nothing', async () => {
  await withStorm(async (pid) => {
    const seen = await answer<{
      results: Finished[];
      before: number[];
      after: number[];
      ms: number;
    }>(
      `new Capture({ pids: [+target] }).finish();
       const before = [descriptors(), threads()], results = [];
       let ms = 0;
       for (let i = 0; i < 4; i += 1) {
         const capture = new Capture({ pids: [+target] });
         await until(() => capture.completed > 1000);
         const start = performance.now();
         results.push(capture.finish());
         ms = Math.max(ms, performance.now() - start);
       }
       await until(() => threads() <= before[1]);
       print({ results, before, after: [descriptors(), threads()], ms });`,
      { args: [pid] },
    );
    expect(seen.after).toEqual(seen.before);
    for (const result of seen.results) {
      accounted(result);
      expect(result.counters.malformed).toBe(0);
    }
    process.stdout.write(`closing a session took ${Math.round(seen.ms)} ms at most\n`);
  });
});
