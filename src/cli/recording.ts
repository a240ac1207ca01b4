import { AnalyzerError, Exit } from '../core/facts/errors';
import type { Recording } from '../core/facts/target';
import { assembleRecording } from '../app/assemble';
import type { Wake } from '../app/assemble';
import type { Options } from '../app/options';
import type { Outlets } from '../app/outlets';
import { planOutput } from '../app/output-plan';
import type { OutputPlan } from '../app/output-plan';
import { isSameFile } from '../output/files/same-file';
import { RecordedCapture } from '../sources/recording/recorded-capture';
import { LastHandler } from './last-handler';
import { LateOptimizer } from './late-optimizer';
import { EndingSignals, interruptibly } from './signals';
import type { Startup } from './startup';
import { say } from './stderr';
import { closeRun, portsOf } from './stream';
import { openOutlets } from './wait-for-reader';

/** A recording as stream, summary and report. Returns the exit status; throws what cannot start. */
export async function runRecording(
  options: Options,
  { file }: Recording,
  startup: Startup,
): Promise<number> {
  const plan = planOutput(options);
  if (options.output !== null && isSameFile(file, options.output)) {
    throw new AnalyzerError('OUTPUT', `${options.output}: it is the recording that is read (-i)`);
  }
  const wake: Wake = { run: null };
  // A pipe may say nothing for as long as it likes: after a signal nothing is in it.
  const capture = await interruptibly(startup.ignoreHangup, (interrupt) =>
    RecordedCapture.open({ file, onWake: () => wake.run?.wake(), interrupt }, (text) => {
      say(`note: ${text}`);
    }),
  );
  try {
    const outlets = await openOutlets(options, startup.ignoreHangup);
    if (outlets === null) return Exit.OK;
    return await replay(options, startup, plan, outlets, capture, wake);
  } finally {
    capture.close();
  }
}

async function replay(
  options: Options,
  startup: Startup,
  plan: OutputPlan,
  outlets: Outlets,
  capture: RecordedCapture,
  wake: Wake,
): Promise<number> {
  const optimizer = new LateOptimizer();
  const ports = {
    ...portsOf(options, plan, outlets, startup),
    onBatch: (): void => {
      optimizer.took(assembly.view.batch.faults);
    },
  };
  const assembly = assembleRecording(options, ports, capture, wake);
  const { run } = assembly;
  let askedAt = Infinity;
  const signals = new EndingSignals({
    first: () => {
      askedAt = performance.now();
      run.stop('interrupt');
    },
    ignoreHangup: startup.ignoreHangup,
  });
  const last = new LastHandler(() => {
    run.fail();
  });
  try {
    run.start();
    const result = await run.done;
    await capture.settled(() => {
      assembly.model.takeAnswers();
    });
    await closeRun(options, plan, outlets, assembly, result, startup.version, () => askedAt);
  } catch (error) {
    last.take(error);
  }
  const { text, failed } = capture.ending;
  const { trouble } = outlets;
  if (text !== '' && !outlets.closedByReader) say(`${failed ? 'error' : 'note'}: ${text}`);
  for (const line of [trouble, last.line ?? '']) if (line !== '') say(line);
  last.remove();
  outlets.close();
  signals.finish(startup.terminals.hungUp ? [] : ['SIGHUP']);
  if (trouble !== '' || last.line !== null) return Exit.INTERNAL;
  return failed ? Exit.CONFIGURATION : Exit.OK;
}
