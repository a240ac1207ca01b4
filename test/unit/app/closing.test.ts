import { inFlightNotes, stackNotes, summaryCounts, writeClosing } from '../../../src/app/closing';
import { parseOptions } from '../../../src/cli/options/options';
import { Outlets } from '../../../src/app/outlets';
import { planOutput } from '../../../src/app/output-plan';
import type { Place } from '../../../src/app/output-plan';
import type { Assembly } from '../../../src/app/assemble';
import { NO_COUNTERS } from '../../../src/core/facts/capture-facts';
import type { CaptureFacts } from '../../../src/core/facts/capture-facts';
import type { Snapshot } from '../../../src/core/snapshot/snapshot';
import { FdWriter } from '../../../src/output/files/writer';
import { captureFacts } from '../../support/facts';
import { openFault } from '../../support/fault-kit';
import { MemoryIo } from '../../support/fixture';
import * as sample from '../../support/sample';

const FACTS: CaptureFacts = {
  ...captureFacts(20, 10, 4),
  lost: { ring: 2, mailbox: 1, exact: true },
  kernel: { minor: 22, major: 10, exact: true },
  records: { ...NO_COUNTERS, lostRecords: 2, lostMinor: 2, mailboxMajor: 1 },
};

function snapshot(): Snapshot {
  return sample.snapshot({ totals: sample.stat({ byClass: [10, 13, 7, 4] }) });
}

/** What a command line writes where. */
function written(line: string): Partial<Record<Place, string>> {
  const options = parseOptions(line.split(' '));
  const places = new Map<Place, MemoryIo>();
  class Kept extends Outlets {
    override writer(place: Place): FdWriter {
      const io = new MemoryIo();
      places.set(place, places.get(place) ?? io);
      return new FdWriter(1, places.get(place));
    }
  }
  const capture = {
    pids: [],
    attached: [],
    beyond: () => null,
  };
  const model = { tasks: { met: 1 } };
  const assembly = { command: ['prog', 'arg'], capture, model, fixed: null };
  writeClosing(
    options,
    planOutput(options),
    new Kept(),
    // Of an assembly only these parts are looked at; the rest is a running capture.
    assembly as unknown as Assembly,
    snapshot(),
    FACTS,
    '1.2.3',
  );
  return Object.fromEntries([...places].map(([place, io]) => [place, io.text]));
}

const SUMMARY = 'Summary: major=10 minor=13 cow=7 error=4 lost=3\n';

test('the summary counts classes and everything lost', () => {
  expect(summaryCounts(snapshot(), FACTS)).toEqual({
    major: 10,
    minor: 13,
    cow: 7,
    error: 4,
    lost: 3,
  });
});

test('the summary is the last line of the plain stream', () => {
  expect(written('prog')).toEqual({ stdout: SUMMARY });
  expect(written('-o f prog')).toEqual({ file: SUMMARY });
});

test('what machines read is alone in its place', () => {
  expect(written('--format csv prog')).toEqual({ stderr: SUMMARY });
  const { stdout, stderr } = written('-q --report-format json prog');
  expect(stderr).toBe(SUMMARY);
  expect(JSON.parse(stdout!)).toMatchObject({
    target: { command: ['prog', 'arg'], pids: [] },
    summary: { major: 10, lost: 3 },
    filter: null,
  });
});

test('the report follows the summary, with the filter in force', () => {
  const { stdout } = written('-q --report --filter class:major prog');
  expect(stdout).toContain(`${SUMMARY}\nTarget      prog arg\nFilter      class:major\n`);
});

test('faults in flight are worth a note when they take long; many are only counted', () => {
  expect(inFlightNotes([openFault(3, 0), openFault(4, 995e6)], 1e9)).toEqual([
    'note: a fault is still in flight: tid 3 at 0x7f0000001000, 1000.0ms',
  ]);
  const many = Array.from({ length: 12 }, (_, tid) => openFault(tid, 0));
  const notes = inFlightNotes(many, 1e9);
  expect(notes).toHaveLength(6);
  expect(notes[5]).toBe('note: and 7 more');
});

test('call stacks that were asked for and that no fault has are told', () => {
  const told = (line: string, of: Partial<Snapshot> = {}): string[] => {
    const options = parseOptions(line.split(' '));
    const totals = sample.stat({ faults: 459 });
    return stackNotes(options, planOutput(options), sample.snapshot({ totals, ...of }));
  };
  const said = [expect.stringMatching(/^note: none of 459 faults has a call stack: /) as string];
  expect(told('--format folded prog')).toEqual(said);
  expect(told('-q --report --stacks fp prog')).toEqual(said);
  expect(told('-q --report prog')).toEqual([]);
  // What would not help is not proposed.
  const note = 'note: none of 459 faults has a call stack';
  expect(told('-q --report --stacks fp --stack-every 1 prog')).toEqual([note]);
  expect(told('-q --report --stacks dwarf --stack-every 1 prog')).toEqual([
    `${note}: what could not be unwound has none`,
  ]);
  // What the stream has is not kept.
  expect(told('--format ndjson --stacks fp prog')).toEqual([]);
  const row = { comm: 'prog', frames: ['main'], faults: 7, stallNs: 1, sampled: 1 };
  expect(told('--format folded prog', { stacks: () => [row] })).toEqual([]);
  expect(told('--format folded prog', { totals: sample.stat({ faults: 0 }) })).toEqual([]);
});
