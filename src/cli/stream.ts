import { setTimeout as sleep } from 'node:timers/promises';
import { Exit } from '../core/errors';
import { assemble } from './assemble';
import { summaryLine } from '../out/summary';
import { inFlightNotes, summaryCounts, writeClosing } from './closing';
import { endCommand } from './command-end';
import type { Options } from './options';
import { Outlets } from './outlets';
import { planOutput } from './output-plan';
import { onInterrupt } from './signals';
import { say } from './stderr';
import { waitForReader } from './wait-for-reader';

const SIGKILL = 9;
/** How long an interrupt waits for a reader that does not read the summary. */
const PATIENCE_MS = 2000;

/** A run without a screen: stream, summary, report. Returns the exit status; throws what cannot start. */
export async function runStream(options: Options): Promise<number> {
  const plan = planOutput(options);
  // Before the capture: an unwritable file is found out at the start, and no COMMAND has run in vain.
  const outlets = await waitForReader(options.output ?? '', options.durationNs, (patience) =>
    Outlets.open(options.output, patience),
  );
  if (outlets === null) return Exit.OK;
  const assembly = assemble(options, {
    depth: options.report === 'none' ? 'totals' : 'rows',
    stream: plan.stream === null ? null : outlets.writer(plan.stream),
  });
  const { run, capture } = assembly;
  let interruptedAt = Infinity;
  const removeHandlers = onInterrupt(
    () => {
      interruptedAt = performance.now();
      run.stop('interrupt');
    },
    () => {
      capture.session.killCommand(SIGKILL);
    },
  );
  run.start();
  const { reason, stoppedAt, facts, inFlight } = await run.done;
  const { command } = assembly;
  const ended = reason === 'target';
  // The kernel's account of COMMAND is complete when it has been collected.
  let words = command !== null && ended ? await endCommand(capture.session, ended, sleep) : '';

  if (outlets.trouble === '' && !outlets.closedByReader) {
    // One tick over the whole run makes the rates averages.
    assembly.model.tick(stoppedAt, assembly.waiting.look());
    const snapshot = assembly.model.snapshot(stoppedAt);
    writeClosing(options, plan, outlets, assembly, snapshot, facts);
    await outlets.settle(() => performance.now() < interruptedAt + PATIENCE_MS, sleep);
    if (outlets.stalled !== '') {
      say(`note: nobody reads ${outlets.stalled}: the rest of the output is left out`);
      say(summaryLine(summaryCounts(snapshot, facts)));
    }
    for (const note of inFlightNotes(inFlight, stoppedAt)) say(note);
  }
  const { trouble } = outlets;
  if (trouble !== '') say(trouble);
  if (command !== null) {
    if (!ended) words = await endCommand(capture.session, ended, sleep);
    // `| head`: whoever has seen enough does not want to hear how COMMAND was ended for it.
    if (!outlets.closedByReader) say(`pagefault-analyzer: ${words}`);
  }
  removeHandlers();
  capture.close();
  outlets.close();
  return trouble === '' ? Exit.OK : Exit.INTERNAL;
}
