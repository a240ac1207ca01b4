import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startAnalyzer, waiting } from '../support/analyzer';
import { standalone, workload } from '../support/build';
import type { NamedFault } from '../support/formats';
import { symbolsOf } from '../support/names-kit';
import { attached, until } from '../support/running';
import { removeScratch, scratchDirectory } from '../support/scratch';
import { jsonLines, truthRows } from '../support/truth';
import type { TruthRow } from '../support/truth';

const PAGE = 4096;
/** Of test/workloads/tls.c. */
const THREADS = 2;

let scratch: string;
beforeAll(() => {
  scratch = scratchDirectory();
});
afterAll(() => {
  removeScratch(scratch);
});

function within(faults: readonly NamedFault[], rows: readonly TruthRow[]): NamedFault[] {
  return faults.filter(({ address }) =>
    rows.some(
      ({ start, end }) => Number(address) >= Number(start) && Number(address) < Number(end),
    ),
  );
}

/** What is seen of the program while all of its threads live, and what it says. */
async function capture(program: string): Promise<{ rows: TruthRow[]; faults: NamedFault[] }> {
  const target = await waiting([program]);
  const file = join(scratch, 'faults.ndjson');
  const args = ['--symbols', '--format', 'ndjson', '-o', file, '-p', String(target.pid)];
  const tracer = startAnalyzer(args);
  await attached(tracer);
  target.write('\n');
  await until('the truth', () => target.stdout.split('"ready"').length === 3);
  const rows = truthRows(target.stdout);
  const touched = rows.reduce((sum, { faults }) => sum + faults, 0);
  const read = (): NamedFault[] => {
    const text = readFileSync(file, 'utf8');
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    return within(jsonLines(whole) as unknown as NamedFault[], rows);
  };
  // Whoever starts a thread faults in its variables, too.
  const own = (): number => rows.reduce((sum, row) => sum + faultsOf(read(), row).length, 0);
  await until('all faults', () => own() >= touched);
  target.write('\n');
  await target.ended;
  await tracer.ended;
  return { rows, faults: read() };
}

type Named = readonly [string | null, number | null];

/** Those of the thread itself in a range. */
function faultsOf(faults: readonly NamedFault[], row: TruthRow): NamedFault[] {
  return within(faults, [row]).filter(({ tid }) => tid === row.tid);
}

/** Variable and offset of each fault of the thread in a range, in their order. */
function seen(faults: readonly NamedFault[], row: TruthRow): Named[] {
  return faultsOf(faults, row).map(({ data_symbol: name, data_offset: offset }) => [name, offset]);
}

/** What the program has touched there, page by page. */
function expected({ start, faults }: TruthRow, named: (address: number) => Named): Named[] {
  return Array.from({ length: faults }, (_, k) => named(Number(start) + k * PAGE));
}

test.each([
  ['linked dynamically', workload],
  ['static', standalone],
])('thread-local variables of every thread have their names: %s', async (_, build) => {
  const program = build('tls');
  const { rows, faults } = await capture(program);
  const symbols = new Map(symbolsOf(program).map(({ name, start }) => [name, start]));
  const between = Number(symbols.get('packed')! - symbols.get('aligned')!);
  // Of one thread after the other, and what is no variable behind those of the first.
  const threads = [...new Set(rows.map(({ tid }) => tid))];
  expect(threads).toHaveLength(THREADS);
  for (const thread of threads) {
    const [aligned, packed, plain] = rows.filter(({ tid }) => tid === thread);
    const base = Number(aligned!.start);
    expect(seen(faults, aligned!)).toEqual(
      expected(aligned!, (address) => ['aligned', address - base]),
    );
    expect(seen(faults, packed!)).toEqual(
      expected(packed!, (address) => ['packed', address - base - between]),
    );
    // The C library has filled those of the other thread before it runs.
    for (const fault of within(faults, [aligned!])) {
      expect([fault.data_symbol, fault.data_offset]).toEqual([
        'aligned',
        Number(fault.address) - base,
      ]);
    }
    if (plain !== undefined) {
      expect(seen(faults, plain)).toEqual(expected(plain, () => [null, null]));
    }
  }
});
