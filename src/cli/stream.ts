import { setTimeout as sleep } from 'node:timers/promises';
import { isSampled } from '../core/facts/capture-facts';
import { Exit } from '../core/facts/errors';
import { debugLog } from '../core/facts/debug';
import { summaryLine } from '../output/report/summary';
import type { RunResult } from '../app/run';
import { assemble } from '../app/assemble';
import type { Assembly, AssemblyPorts } from '../app/assemble';
import { inFlightNotes, stackNotes, summaryCounts, writeClosing } from '../app/closing';
import { endCommand } from './command-end';
import { LastHandler } from './last-handler';
import { LateOptimizer } from './late-optimizer';
import type { CaptureOptions, Options } from '../app/options';
import type { LiveCapture } from '../sources/live/live-capture';
import type { Outlets } from '../app/outlets';
import { IntervalOutputs } from '../app/interval-outputs';
import { planOutput } from '../app/output-plan';
import type { OutputPlan } from '../app/output-plan';
import { Readiness } from './readiness';
import { EndingSignals } from './signals';
import type { Startup } from './startup';
import { say } from './stderr';
import { openOutlets } from './wait-for-reader';

const SIGKILL = 9;

/** A run without a screen: stream, summary, report. Returns the exit status; throws what cannot start. */
export async function runStream(options: CaptureOptions, startup: Startup): Promise<number> {
  const plan = planOutput(options);
  const readiness = new Readiness(options.readyFd, startup.inherit);
  // Before the capture: an unwritable file is found out at the start, and no COMMAND has run in vain; and before -o
  // empties its file.
  if (options.openmetrics !== null) IntervalOutputs.check(options.openmetrics);
  const outlets = await openOutlets(options, startup.ignoreHangup);
  if (outlets === null) return Exit.OK;
  const { assembly, signals } = startCapture(options, startup, readiness, plan, outlets);
  const { run, capture } = assembly;
  const tables = plan.tables === null ? null : outlets.writer(plan.tables);
  const intervals = new IntervalOutputs(options, tables, assembly, say);
  let askedAt = Infinity;
  const last = new LastHandler(() => {
    run.fail();
  });
  // At once, not after the last byte is written: a reader that does not read must not keep COMMAND running.
  const commandEnd = run.stopped.then((reason) => {
    if (reason !== 'target' && reason !== 'count') askedAt = performance.now();
    if (assembly.command === null) return '';
    return endCommand(capture.session, reason === 'target', sleep);
  });
  try {
    run.start();
    intervals.start();
    readiness.tell();
    const result = await run.done;
    // The kernel's account of COMMAND is complete when it has been collected.
    if (result.reason === 'target') await commandEnd;
    await capture.settled(() => {
      assembly.model.takeAnswers();
    });
    intervals.finish(result.stoppedAt);
    await closeRun(options, plan, outlets, assembly, result, startup.version, () => askedAt);
  } catch (error) {
    last.take(error);
  }
  intervals.stop();
  await capture.written.settled();
  const trouble = outlets.trouble || intervals.trouble;
  for (const line of [trouble, last.line ?? '']) if (line !== '') say(line);
  if (capture.written.trouble !== '') say(`note: ${capture.written.trouble}`);
  const words = await commandEnd;
  // `| head`: whoever has seen enough does not want to hear how COMMAND was ended for it.
  if (words !== '' && !outlets.closedByReader) say(`pagefault-analyzer: ${words}`);
  last.remove();
  capture.close();
  outlets.close();
  // Somebody's kill -HUP is a way to stop; the end of the terminal is one that the shell shall see.
  signals.finish(startup.terminals.hungUp ? [] : ['SIGHUP']);
  return trouble === '' && last.line === null ? Exit.OK : Exit.INTERNAL;
}

function startCapture(
  options: CaptureOptions,
  startup: Startup,
  readiness: Readiness,
  plan: OutputPlan,
  outlets: Outlets,
): { readonly assembly: Assembly<LiveCapture>; readonly signals: EndingSignals } {
  // Before COMMAND starts: what comes meanwhile waits for the event loop, and so for all that follows here.
  const signals = new EndingSignals({
    first: () => {
      assembly.run.stop('interrupt');
    },
    beforeSecond: () => {
      assembly.capture.session.killCommand(SIGKILL);
    },
    ignoreHangup: startup.ignoreHangup,
  });
  let assembly: Assembly<LiveCapture>;
  let optimizer: LateOptimizer | null = null;
  const ports = {
    ...portsOf(options, plan, outlets, startup),
    onBatch: (): void => optimizer?.took(assembly.view.batch.faults),
  };
  try {
    assembly = assemble(options, readiness.inherit, ports);
    optimizer = new LateOptimizer();
  } catch (error) {
    signals.remove();
    throw error;
  }
  return { assembly, signals };
}

/** What a run without a screen is connected with. */
export function portsOf(
  { report, batch, openmetrics }: Options,
  plan: OutputPlan,
  outlets: Outlets,
  startup: Startup,
): AssemblyPorts {
  return {
    depth: report === 'none' && !batch && openmetrics === null ? 'totals' : 'rows',
    stream: plan.stream === null ? null : outlets.writer(plan.stream),
    say,
    debug: debugLog(startup.debugTopics, () => performance.now(), say),
  };
}

/** Summary, report and what is to be said about them. */
export async function closeRun(
  options: Options,
  plan: OutputPlan,
  outlets: Outlets,
  assembly: Assembly,
  { stoppedAt, facts, inFlight }: RunResult,
  version: string,
  askedAt: () => number,
): Promise<void> {
  if (outlets.trouble !== '' || outlets.closedByReader) return;
  // One tick over the whole run makes the rates averages; tables have ticks of their own.
  if (!options.batch) assembly.model.tick(stoppedAt, assembly.waiting.lookAsOf(stoppedAt));
  const snapshot = assembly.model.snapshot(stoppedAt);
  writeClosing(options, plan, outlets, assembly, snapshot, facts, version);
  for (const note of stackNotes(options, plan, snapshot)) say(note);
  await outlets.settle(askedAt, sleep);
  if (outlets.stalled !== '') {
    say(`note: nobody reads ${outlets.stalled}: the rest of the output is left out`);
    if (plan.summary !== 'stderr')
      say(summaryLine(summaryCounts(snapshot, facts), isSampled(facts.mode)));
  }
  for (const note of inFlightNotes(inFlight, stoppedAt)) say(note);
}
