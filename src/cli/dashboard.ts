import { Buffer } from 'node:buffer';
import { debugLog, NO_DEBUG } from '../core/facts/debug';
import type { Debug, DebugTopic } from '../core/facts/debug';
import { printable } from '../core/text/printable';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { Exit } from '../core/facts/errors';
import { isStarted } from '../core/facts/target';
import { WholeFile } from '../output/files/whole-file';
import type { FdWriter } from '../output/files/writer';
import { DashboardApp } from '../tui/app';
import { EventLog } from '../tui/state/event-log';
import { assemble, type Assembly } from '../app/assemble';
import { GATHER_MS } from '../app/gathering';
import { endCommand, statusText } from './command-end';
import { CommandOutputLog } from './command-output';
import { LastHandler } from './last-handler';
import { IntervalOutputs } from '../app/interval-outputs';
import { LiveSource, type TargetEnd } from '../app/live-source';
import type { CaptureOptions } from '../app/options';
import type { LiveCapture } from '../sources/live/live-capture';
import type { Outlets } from '../app/outlets';
import { say } from './stderr';
import { appOptions, writeParting } from './parting';
import { Readiness } from './readiness';
import { EndingSignals } from './signals';
import type { Startup } from './startup';
import { onJobControl } from './terminal-signals';
import { openOutlets, waitForReader } from './wait-for-reader';

/**
 * A build runs a thousand compilers, a server a thread per connection: their rows, one by one, would bury
 * what goes on now. The newest stay apart, for a look at what has just ended.
 */
export const ENDED_APART = { endedProcesses: 8, endedThreads: 16 };
/**
 * A picture is garbage a second later. V8 lets four times of what lives pile up before it collects: of a screen that is
 * left open for days, half of it is enough.
 */
const COLLECT_SOONER = '--heap-growing-percent=50';
const SIGKILL = 9;
/** Where the debug log goes, in the directory that the program was started in. */
const DEBUG_FILE = 'pagefault-debug.log';
/** `demo` under the dashboard goes on and on, at a pace at which one can read where it is. ms per phase. */
const DEMO_PACE = ['--repeat', '0', '--pace', '2500'];

/** A run on a screen. Returns the exit status; throws what cannot start, before the screen is taken. */
export async function runDashboard(asked: CaptureOptions, startup: Startup): Promise<number> {
  setFlagsFromString(COLLECT_SOONER);
  const options = atHumanPace(asked);
  const readiness = new Readiness(options.readyFd, startup.inherit);
  const files = await openFiles(options, startup.ignoreHangup);
  if (files === null) return Exit.OK;
  const debug = await debugInFile(startup.debugTopics, files.outlets);
  const capturing = startCapture(options, startup, readiness, files, debug);
  const { assembly, signals, notes } = capturing;
  // Before the first picture: who has seen it may stop us, and a stop that nobody takes keeps the terminal.
  const removeJobControl = onJobControl({
    suspend: () => {
      capturing.screen?.suspend();
    },
    resume: () => {
      capturing.screen?.resume();
    },
  });
  const app = startScreen(options, capturing, readiness, files.outlets);
  capturing.screen = app;
  const intervals = new IntervalOutputs(options, null, assembly, (line) => notes.push(line));
  intervals.start();
  const last = new LastHandler(() => {
    // The screen first: what is said on the alternate screen goes away with it.
    app.quit();
    assembly.run.fail();
  });
  // A screen that cannot even be left must not keep us.
  await Promise.race([app.done, last.again]);
  assembly.run.stop('interrupt');
  const troubles: string[] = [];
  let parting: string[] = [];
  try {
    const { reason } = await assembly.run.done;
    intervals.finish(assembly.capture.now());
    parting = await endedCommand(assembly, reason === 'target');
    await capturing.output?.finish();
    await writeParting(app.closingText(), files.dump, files.outlets, troubles);
  } catch (error) {
    last.take(error);
  }
  const { trouble, stalled } = files.outlets;
  intervals.stop();
  troubles.push(trouble, intervals.trouble, last.line ?? '');
  if (stalled !== '') troubles.push(`error: nobody reads ${stalled}: the rest of it is left out`);
  const said = troubles.filter((text) => text !== '');
  const { written } = assembly.capture;
  await written.settled();
  const recorded = written.trouble === '' ? [] : [`note: ${written.trouble}`];
  for (const line of [...notes, ...recorded, ...said, ...parting]) say(line);
  last.remove();
  // Closing ends a COMMAND that still runs.
  assembly.capture.close();
  files.outlets.close();
  removeJobControl();
  signals.finish();
  return said.length > 0 ? Exit.INTERNAL : Exit.OK;
}

/** A capture that a screen is to show. */
interface Capturing {
  readonly assembly: Assembly<LiveCapture>;
  readonly events: EventLog;
  /** What COMMAND writes, null without one. */
  readonly output: CommandOutputLog | null;
  /** Lines for the user when the screen has been left. */
  readonly notes: string[];
  readonly signals: EndingSignals;
  /** What a signal leaves, as soon as it is there. */
  screen: DashboardApp | null;
}

function startCapture(
  options: CaptureOptions,
  startup: Startup,
  readiness: Readiness,
  { dump, outlets, commandOutput }: Files,
  debug: Debug,
): Capturing {
  const started = isStarted(options.target);
  const events = new EventLog();
  const notes: string[] = [];
  // Before COMMAND starts: what comes meanwhile waits for the event loop, and so for the screen.
  const signals = new EndingSignals({
    first: () => {
      // Later: blessed's own listener comes next, and ends the process if quitting has removed it meanwhile.
      setImmediate(() => {
        capturing.screen?.quit();
      });
    },
    beforeSecond: () => {
      capturing.assembly.capture.session.killCommand(SIGKILL);
    },
    ignoreHangup: startup.ignoreHangup,
  });
  let capturing: Capturing;
  try {
    const assembly = assemble(options, readiness.inherit, {
      depth: 'detail',
      limits: ENDED_APART,
      stream: options.output === null ? null : outlets.writer('file'),
      gatherMs: GATHER_MS,
      onBatch: () => {
        events.add(assembly.view.batch, assembly.view.resolved, assembly.model);
      },
      captureOutput: started,
      debug,
      // Lines on stderr would be written over the screen.
      say: (line) => {
        notes.push(line);
      },
    });
    const output = started ? new CommandOutputLog(commandOutput) : null;
    capturing = { assembly, events, output, notes, signals, screen: null };
  } catch (error) {
    signals.remove();
    dump?.abandon();
    throw error;
  }
  return capturing;
}

/** Lets the run go on, and shows it. */
function startScreen(
  options: CaptureOptions,
  { assembly, events, output, notes }: Capturing,
  readiness: Readiness,
  outlets: Outlets,
): DashboardApp {
  const source = new LiveSource(assembly, events, options.filter ?? '', outlets, output);
  const { run, capture } = assembly;
  source.notes.push(...capture.notes);
  source.isDemo = options.target.kind === 'demo';
  output?.read(capture.session.takeCommandOutput());
  run.start();
  readiness.tell();
  const looks = appOptions(options);
  const { settingsNote = '' } = looks;
  if (settingsNote !== '') notes.push(settingsNote);
  const app = new DashboardApp(source, looks);
  void run.done.then(({ reason, stoppedAt }) => {
    source.endedAt = stoppedAt;
    if (reason === 'target') source.ended = () => endOf(assembly);
    if (reason !== 'target' || options.exitWithTarget) app.quit();
  });
  return app;
}

/** Ends COMMAND, if there is one; what to say about its end. */
async function endedCommand(assembly: Assembly<LiveCapture>, byItself: boolean): Promise<string[]> {
  if (assembly.command === null) return [];
  return [`pagefault-analyzer: ${await endCommand(assembly.capture.session, byItself, sleep)}`];
}

function atHumanPace(options: CaptureOptions): CaptureOptions {
  const { target } = options;
  if (target.kind !== 'demo') return options;
  return { ...options, target: { kind: 'demo', args: [...DEMO_PACE, ...target.args] } };
}

interface Files {
  readonly dump: WholeFile | null;
  readonly outlets: Outlets;
  readonly commandOutput: FdWriter | null;
}

/** Everything that is written to, before anything runs. null when a signal ended the waiting for a reader. */
async function openFiles(options: CaptureOptions, ignoreHangup: boolean): Promise<Files | null> {
  const commandOutput = isStarted(options.target) ? options.commandOutput : null;
  if (options.openmetrics !== null) IntervalOutputs.check(options.openmetrics);
  const outlets = await openOutlets(options, ignoreHangup);
  if (outlets === null) return null;
  const dump = options.dump === null ? null : new WholeFile(options.dump);
  if (commandOutput === null) return { dump, outlets, commandOutput };
  try {
    const writer = await waitForReader(options, ignoreHangup, commandOutput, (patience) =>
      outlets.file(commandOutput, patience),
    );
    if (writer !== null) return { dump, outlets, commandOutput: writer };
    dump?.abandon();
    return null;
  } catch (error) {
    dump?.abandon();
    throw error;
  }
}

/** The debug log of a dashboard: lines on stderr would be written over the screen. */
async function debugInFile(topics: readonly DebugTopic[], outlets: Outlets): Promise<Debug> {
  if (topics.length === 0) return NO_DEBUG;
  // A FIFO without a reader gets nothing: nobody waits for a debug log.
  const writer = await outlets.file(DEBUG_FILE, () => false);
  return debugLog(
    topics,
    () => performance.now(),
    (line) => writer?.write(Buffer.from(`${printable(line)}\n`)),
  );
}

function endOf(assembly: Assembly<LiveCapture>): TargetEnd {
  if (assembly.command === null) return { words: 'target has ended', failed: false };
  const status = assembly.capture.session.commandStatus();
  const words = statusText(status);
  return { words: words === '' ? 'COMMAND has ended' : words, failed: status > 0 };
}
