import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { reportIn, startAnalyzer } from '../support/analyzer';
import { ROOT, workload } from '../support/build';
import { besidePerfStat } from '../support/perf';
import { removeScratch, scratchDirectory } from '../support/scratch';

let scratch: string;

beforeAll(() => {
  scratch = scratchDirectory();
  writeFileSync(
    join(scratch, 'hello.c'),
    '#include <stdio.h>\n#include <stdlib.h>\nint main(void) { puts("hello"); return 0; }\n',
  );
});
afterAll(() => {
  removeScratch(scratch);
});

const PYTHON =
  'import json, threading; t = [threading.Thread(target=lambda: [0] * 1000000) for _ in range(4)]; [x.start() for x in t]; [x.join() for x in t]';

const PROGRAMS: readonly (readonly [name: string, command: readonly string[]])[] = [
  ['gcc', ['gcc', '-O2', '-o', 'hello', 'hello.c']],
  ['python3 with threads', ['python3', '-c', PYTHON]],
  ['node', [process.execPath, '-e', 'const a = []; for (let i = 0; i < 1e6; i++) a.push({ i });']],
  ['git', ['git', '-c', `safe.directory=${ROOT}`, '-C', ROOT, 'log', '--stat', '-n', '20']],
  ['a shell with children', ['sh', '-c', 'for i in 1 2 3 4 5; do ls / | sort | wc -l; done']],
];

test.each(PROGRAMS)('%s: as many faults as perf stat counts', async (_, command) => {
  const { target, tracer, perf } = await besidePerfStat(command, scratch, (pid) =>
    startAnalyzer(['-q', '--report-format', 'json', '-p', String(pid)]),
  );
  expect(target.status).toBe(0);
  expect(tracer.status).toBe(0);
  const { summary, completeness } = reportIn(tracer);
  expect(completeness).toMatchObject({ lost: 0, difference: 0 });
  expect({
    minor: summary.minor! + summary.cow!,
    major: summary.major,
  }).toEqual(perf);
  expect(perf.minor).toBeGreaterThan(100);
});

test('a storm on all CPUs: as many faults as perf stat counts', async () => {
  const command = [workload('storm'), '--threads', '0', '--seconds', '1'];
  const { tracer, perf } = await besidePerfStat(command, scratch, (pid) =>
    startAnalyzer(['-q', '--report-format', 'json', '-p', String(pid)]),
  );
  const { summary, completeness } = reportIn(tracer);
  expect(completeness.lost).toBe(0);
  expect({ minor: summary.minor! + summary.cow!, major: summary.major }).toEqual(perf);
});
