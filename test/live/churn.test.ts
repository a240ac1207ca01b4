import { captureCommand } from '../support/analyzer';
import type { Fault } from '../support/formats';
import { workload } from '../support/build';
import { removeScratch, scratchDirectory } from '../support/scratch';
import { jsonLines } from '../support/truth';

interface Sequence {
  readonly way: string;
  readonly tid: number;
  readonly start: string;
  readonly end: string;
  readonly faults: number;
}

let scratch: string;
let sequences: Sequence[];
let pages: number;
let faults: readonly Fault[];

beforeAll(async () => {
  scratch = scratchDirectory();
  const capture = await captureCommand(
    [workload('churn'), '--dir', scratch, '--turns', '10000'],
    scratch,
    { args: ['--no-symbols'] },
  );
  faults = capture.faults;
  const line = jsonLines(capture.ended.stdout).find((json) => 'sequences' in json)!;
  sequences = line.sequences as Sequence[];
  pages = line.pages as number;
  expect(capture.report.completeness).toMatchObject({ difference: 0, lost: 0 });
}, 600_000);
afterAll(() => {
  removeScratch(scratch);
});

// Two threads, 10,000 turns each in each way, 4 pages a turn: 240,000 labels.
test.each(['over', 'hand', 'move'])('%s: every fault has the label of its turn', (way) => {
  const own = sequences.filter((sequence) => sequence.way === way);
  expect(own).toHaveLength(2);
  for (const { tid, start, end, faults: count } of own) {
    const [first, behind] = [Number(start), Number(end)];
    const seen = faults.filter((fault) => {
      const address = Number(fault.address);
      return fault.tid === tid && address >= first && address < behind;
    });
    expect(seen).toHaveLength(count);
    const wrong = seen.filter((fault, k) => {
      const file = Math.floor(k / pages) % 2 === 1;
      return fault.region !== (file ? 'churn.dat' : '[anon]');
    });
    expect(wrong.slice(0, 3)).toEqual([]);
  }
});

test('where a fault of a file lies in the file is right as well', () => {
  const inFile = faults.filter((fault) => fault.region === 'churn.dat');
  const wrong = inFile.filter(({ address, file_offset }) => {
    // Every place is aligned to 16 MiB and shows the file from its beginning.
    return file_offset !== Number(BigInt(address) & 0xffffffn);
  });
  expect(inFile).toHaveLength(3 * 2 * 5000 * pages);
  expect(wrong.slice(0, 3)).toEqual([]);
});
