import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { analyze, reportIn } from '../support/analyzer';
import { DEMO, ROOT, workload } from '../support/build';
import { knownToBoth } from '../support/replayed';
import { removeScratch, scratchDirectory } from '../support/scratch';
import { asked, share } from '../support/share';

let scratch: string;
beforeAll(() => {
  scratch = scratchDirectory();
});
afterAll(() => {
  removeScratch(scratch);
});

const PYTHON =
  'import json, threading; t = [threading.Thread(target=lambda: [0] * 1000000) for _ in range(4)]; [x.start() for x in t]; [x.join() for x in t]';

type Case = readonly [name: string, command: (directory: string) => readonly string[]];

const REAL: readonly Case[] = [
  ['gcc', (to) => ['sh', '-c', `echo 'int main(void){}' | gcc -O2 -x c -o ${to}/out -`]],
  ['g++', (to) => ['sh', '-c', `echo '#include <map>' | g++ -O1 -x c++ -c -o ${to}/out.o -`]],
  ['python3 with threads', () => ['python3', '-c', PYTHON]],
  ['node', () => [process.execPath, '-e', 'const a = []; for (let i = 0; i < 1e6; i++) a.push(i)']],
  ['git', () => ['git', '-c', `safe.directory=${ROOT}`, '-C', ROOT, 'log', '--stat', '-n', '20']],
  ['a shell with children', () => ['sh', '-c', 'for i in 1 2 3; do ls / | sort | wc -l; done']],
  ['perl', () => ['perl', '-e', 'my %h; $h{$_} = $_ x 10 for 1 .. 100000']],
  ['tar', () => ['sh', '-c', `tar -cf - -C ${ROOT} src | gzip -1 | wc -c`]],
  ['find', () => ['find', join(ROOT, 'src'), '-name', '*.ts', '-size', '+10k']],
  ['awk', () => ['awk', 'BEGIN { for (i = 0; i < 200000; i++) a[i] = i "x" }']],
];

const FIXED: readonly Case[] = [
  ...['cow', 'kinds', 'threads', 'churn'].map((name): Case => [
    name,
    (to) => [workload(name), '--dir', to, ...(name === 'churn' ? ['--turns', '300'] : [])],
  ]),
  ['demo', (to) => [DEMO, '--dir', to]],
];

/** Runs that a recording is compared with: of the fixed programs so many each. */
const TRIALS = 20;
const all = [...REAL, ...FIXED.flatMap((one) => new Array<Case>(TRIALS).fill(one))];
const CASES = asked() === '' ? share('replays', [...REAL, ...FIXED], 2) : all;

// Without names: of the kernel and the vdso a replay has none.
const REPORT = ['--report-format', 'json', '--no-symbols'];

test.each(CASES)(
  '%s: the stream of a replay is that of the live run, byte for byte, and so is what its report says',
  async (_, command) => {
    const [file, live, replayed] = ['run.data', 'live.ndjson', 'replayed.ndjson'].map((name) =>
      join(scratch, name),
    );
    const args = [...REPORT, '--format', 'ndjson', '-o'];
    const before = await analyze(['--record', file!, ...args, live!, '--', ...command(scratch)]);
    const after = await analyze(['-i', file!, ...args, replayed!]);
    const summary = expect.stringMatching(/^Summary: .*\n$/) as string;
    expect(after).toMatchObject({ status: 0, stderr: summary });
    const text = readFileSync(live!, 'utf8');
    expect(text.split('\n').length).toBeGreaterThan(50);
    expect(readFileSync(replayed!, 'utf8') === text).toBe(true);
    const report = reportIn(before);
    expect(report).toMatchObject({
      completeness: { comparable: true, difference: 0 },
      capture: { ring_bytes: expect.any(Number) as number },
    });
    expect(knownToBoth(reportIn(after))).toEqual(knownToBoth(report));
  },
  120_000,
);
