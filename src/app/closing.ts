import { Buffer } from 'node:buffer';
import type { BeyondFaults } from '../core/facts/beyond';
import { completeness, isSampled, totalLost } from '../core/facts/capture-facts';
import type { CaptureFacts } from '../core/facts/capture-facts';
import { FaultClass } from '../core/classify/classes';
import type { Snapshot } from '../core/snapshot/snapshot';
import type { FdWriter } from '../output/files/writer';
import { counted } from '../core/text/format';
import { foldedText } from '../output/report/folded';
import { reportJson } from '../output/report/json';
import type { ReportInput } from '../output/report/report';
import { reportText } from '../output/report/text';
import { summaryLine } from '../output/report/summary';
import type { SummaryCounts } from '../output/report/summary';
import { pendingText } from '../output/stream/text';
import type { OpenFault } from './unfinished';
import type { Assembly } from './assemble';
import type { Options } from './options';
import type { Outlets } from './outlets';
import type { OutputPlan } from './output-plan';

/** The numbers of the `Summary:` line. */
export function summaryCounts(snapshot: Snapshot, facts: CaptureFacts): SummaryCounts {
  const { byClass } = snapshot.totals;
  return {
    major: byClass[FaultClass.MAJOR]!,
    minor: byClass[FaultClass.MINOR]!,
    cow: byClass[FaultClass.COW]!,
    error: byClass[FaultClass.ERROR]!,
    lost: totalLost(facts.lost),
  };
}

/** Characters written at a time. */
const CHUNK = 1 << 16;

/** Writes summary and report to their places. */
export function writeClosing(
  options: Pick<Options, 'by' | 'filter' | 'report' | 'weigh'>,
  plan: OutputPlan,
  outlets: Outlets,
  assembly: Assembly,
  snapshot: Snapshot,
  facts: CaptureFacts,
  version: string,
): void {
  const summary = summaryCounts(snapshot, facts);
  outlets
    .writer(plan.summary)
    .write(Buffer.from(`${summaryLine(summary, isSampled(facts.mode))}\n`));
  if (plan.folded !== null) {
    const text = foldedText(snapshot.stacks(), options.weigh);
    outlets.writer(plan.folded).write(Buffer.from(text));
  }
  if (plan.report === null) return;
  const input = reportInput(options, assembly, snapshot, facts, version);
  const pieces = options.report === 'json' ? reportJson(input) : [reportText(input)];
  writePieces(outlets.writer(plan.report), pieces);
}

/** What the report of a run is made from. */
export function reportInput(
  options: Pick<Options, 'by' | 'filter'>,
  assembly: Assembly,
  snapshot: Snapshot,
  facts: CaptureFacts,
  version: string,
): ReportInput {
  return {
    version,
    target: {
      command: assembly.command ?? assembly.capture.ran ?? null,
      pids: assembly.capture.pids,
      whole: assembly.capture.whole,
      recording: assembly.capture.recording,
    },
    summary: summaryCounts(snapshot, facts),
    snapshot,
    capture: facts,
    beyond: beyond(assembly, facts),
    machine: assembly.capture.machine,
    by: options.by,
    filter: options.filter ?? '',
    fixed: assembly.fixed,
  };
}

function writePieces(writer: FdWriter, pieces: Iterable<string>): void {
  let text = '';
  for (const piece of pieces) {
    text += piece;
    if (text.length < CHUNK) continue;
    writer.write(Buffer.from(text));
    text = '';
  }
  if (text !== '') writer.write(Buffer.from(text));
}

/** What the kernel's accounts of the targets have beyond the faults that it reported. */
function beyond({ capture, model }: Assembly, facts: CaptureFacts): BeyondFaults | null {
  const { captured, lost, kernel } = completeness(facts);
  const reported = facts.kernel.exact ? kernel : captured + lost;
  return capture.beyond(model.tasks.met, reported + facts.records.cutOff);
}

/** For stderr: call stacks were asked for, and no fault that is shown has one. */
export function stackNotes(
  { stacks }: Pick<Options, 'stacks'>,
  plan: OutputPlan,
  snapshot: Snapshot,
): string[] {
  const shown = plan.folded !== null || plan.report !== null;
  const faults = snapshot.totals.faults;
  if (stacks === null || !shown || faults === 0 || snapshot.stacks().length > 0) return [];
  const few = 'with a stack for every Nth few faults may have none, --stack-every 1 takes all';
  const why = [
    ...(stacks.every === 1 ? [] : [few]),
    ...(stacks.copied ? ['what could not be unwound has none'] : []),
  ];
  const because = why.length === 0 ? '' : `: ${why.join('; ')}`;
  return [`note: none of ${counted(faults, 'fault')} has a call stack${because}`];
}

const MAX_NOTES = 5;
/** A fault that takes longer is worth a word: something is slow or stuck. */
const LONG_NS = 10e6;

/** Lines for stderr about faults that were still being handled when capture ended. */
export function inFlightNotes(faults: readonly OpenFault[], stoppedAt: number): string[] {
  const long = faults.filter((fault) => stoppedAt - fault.entered > LONG_NS);
  const notes = long
    .slice(0, MAX_NOTES)
    .map(
      ({ address, tid, entered }) =>
        `note: a fault is still in flight: ${pendingText(address, tid, stoppedAt - entered)}`,
    );
  if (long.length > MAX_NOTES) notes.push(`note: and ${long.length - MAX_NOTES} more`);
  return notes;
}
