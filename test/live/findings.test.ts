import { join } from 'node:path';
import { analyze } from '../support/analyzer';
import { workload } from '../support/build';
import { removeScratch, scratchDirectory } from '../support/scratch';

let scratch: string;
beforeAll(() => {
  scratch = scratchDirectory();
});
afterAll(() => {
  removeScratch(scratch);
});

/** Fills memory, and writes to all of it once more in a child. */
const SNAPSHOT = `
import os
memory = bytearray(128 << 20)
if os.fork() == 0:
    for at in range(0, len(memory), 4096): memory[at] = 1
    os._exit(0)
os.wait()
`;

interface Finding {
  readonly id: string;
  readonly text: string;
  readonly figures: { readonly faults: number; readonly stall_ns: number };
  readonly regions: readonly string[];
}

function findingsIn(stdout: string): readonly Finding[] {
  const json = stdout.split('\n').find((line) => line.startsWith('{"schema_version"'))!;
  return (JSON.parse(json) as { readonly findings: readonly Finding[] }).findings;
}

/** What is found while the command runs, and in its recording. */
async function found(command: readonly string[]): Promise<(readonly Finding[])[]> {
  const file = join(scratch, 'recorded');
  const report = ['-q', '--report-format', 'json'];
  const live = await analyze([...report, '--record', file, '--', ...command]);
  const again = await analyze([...report, '-i', file]);
  return [findingsIn(live.stdout), findingsIn(again.stdout)];
}

test.each([
  [
    'memory that is given back in a loop',
    'given-back',
    () => [workload('storm'), '--faults', '200000'],
    200_000,
  ],
  [
    'a heap that is trimmed and grows again',
    'heap-regrown',
    () => [workload('brkheap'), '--pages', '2000', '--rounds', '100'],
    200_000,
  ],
  ['writes after a fork', 'copy-on-write', () => ['python3', '-c', SNAPSHOT], 32_768],
  [
    'a file that is not in memory',
    'cold-file',
    () => [workload('majors'), '--dir', scratch, '--pages', '300'],
    300,
  ],
])('%s', async (_, id, command, faults) => {
  for (const all of await found(command())) {
    const finding = all.find((one) => one.id === id);
    expect([id, all.map((one) => one.id)]).toEqual([id, expect.arrayContaining([id])]);
    expect(finding!.figures.faults).toBeGreaterThanOrEqual(faults * 0.9);
    expect(finding!.figures.stall_ns).toBeGreaterThan(0);
    expect(finding!.regions.length).toBeGreaterThan(0);
  }
});
