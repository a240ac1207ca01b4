import { execFileSync } from 'node:child_process';
import { copyFileSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { analyze, readFaults } from '../support/analyzer';
import { withLines, workload } from '../support/build';
import type { NamedFault } from '../support/formats';
import { removeScratch, scratchDirectory } from '../support/scratch';

let scratch: string;
beforeAll(() => {
  scratch = scratchDirectory();
});
afterAll(() => {
  removeScratch(scratch);
});

/** Another file at a path: what runs there keeps the one that it has. */
function put(program: string, path: string): void {
  unlinkSync(path);
  copyFileSync(program, path);
}

async function replayed(recording: string): Promise<NamedFault[]> {
  const out = join(scratch, 'named.ndjson');
  const args = ['-i', recording, '--symbols', '--format', 'ndjson', '-o', out];
  expect(await analyze(args)).toMatchObject({ status: 0 });
  return (await readFaults(out)) as NamedFault[];
}

/** What is said of the code and of the memory of a program: each once. */
function said(faults: readonly NamedFault[], program: string): { code: string[]; data: string[] } {
  const code = faults
    .filter(({ object }) => object === program)
    .map((fault) => fault.function ?? 'no name');
  const data = faults.filter(({ file }) => file === program).map(({ section }) => section ?? '');
  return { code: [...new Set(code)].sort(), data: [...new Set(data)].sort() };
}

/** The events of docs/recordings.md. */
const EVENTS = ['minor-faults', 'major-faults', 'exceptions:page_fault_user'].join(',');

async function record(recorder: string, file: string, program: string): Promise<void> {
  if (recorder === 'perf') {
    const args = ['record', '-q', '-c', '1', '-d', '-e', EVENTS, '-o', file, '--', program];
    execFileSync('perf', args, { stdio: 'ignore' });
  } else {
    expect(await analyze(['-q', '--record', file, '--', program])).toMatchObject({ status: 0 });
  }
}

const buildId = (path: string): string =>
  execFileSync('readelf', ['-n', path], { encoding: 'utf8' }).split('Build ID: ')[1]!;

test.each(['ours', 'perf'])(
  'a recording (%s) is named after files of its build ids, and after no others at the same paths',
  async (recorder) => {
    const program = join(scratch, `program-${recorder}`);
    const file = join(scratch, `${recorder}.data`);
    copyFileSync(withLines('symbols'), program);
    await record(recorder, file, program);
    const before = said(await replayed(file), program);
    expect(before.code).toEqual(expect.arrayContaining(['fill_bss', 'fill_data', 'fill_heap']));
    expect(before.data).toContain('.text');

    put(workload('stacks'), program);
    expect(buildId(program)).not.toBe(buildId(withLines('symbols')));
    const other = await replayed(file);
    expect(said(other, program).code).toEqual(['no name']);
    // We have written down which sections it had; perf has not, and those of another file are not taken.
    expect(said(other, program).data).toEqual(recorder === 'ours' ? before.data : ['']);
    const text = join(scratch, 'named.txt');
    await analyze(['-i', file, '--symbols', '-o', text]);
    const places = execFileSync('grep', ['-c', ` <- program-${recorder}+0x[0-9a-f]*$`, text]);
    expect(Number(places.toString())).toBe(other.filter(({ object }) => object === program).length);

    // And it is gone.
    unlinkSync(program);
    expect(said(await replayed(file), program).code).toEqual(['no name']);
    // What has the id again, wherever it comes from, gives the names again.
    copyFileSync(withLines('symbols'), program);
    expect(said(await replayed(file), program)).toEqual(before);
  },
  180_000,
);
