import { setTimeout as sleep } from 'node:timers/promises';
import { errorParts, Exit } from '../core/errors';
import { WholeFile } from '../out/whole-file';
import type { FdWriter } from '../out/writer';
import { DashboardApp } from '../tui/app';
import { EventLog } from '../tui/event-log';
import { drained } from '../tui/tty';
import { assemble, type Assembly } from './assemble';
import { endCommand, statusText } from './command-end';
import { CommandOutputLog } from './command-output';
import { LiveSource } from './live-source';
import type { Options } from './options';
import { Outlets } from './outlets';
import { say } from './stderr';
import { TerminalSignals } from './terminal-signals';
import { waitForReader } from './wait-for-reader';

/**
 * A build runs a thousand compilers, a server a thread per connection: their rows, one by one, would bury
 * what goes on now. The newest stay apart, for a look at what has just ended.
 */
const ENDED_APART = { endedProcesses: 8, endedThreads: 16 };
/** How long the end waits for readers that do not read. */
const PATIENCE_MS = 2000;
const SIGKILL = 9;
const SIGTERM = 15;
/** `demo` under the dashboard goes on and on, at a pace at which one can watch. ms per phase. */
const DEMO_PACE = ['--repeat', '0', '--pace', '700'];

/** A run on a screen. Returns the exit status; throws what cannot start, before the screen is taken. */
export async function runDashboard(asked: Options): Promise<number> {
  const options = atHumanPace(asked);
  const started = options.target.kind !== 'attach';
  const files = await openFiles(options);
  if (files === null) return Exit.OK;
  const { dump, outlets } = files;
  const events = new EventLog();
  const notes: string[] = [];
  const output = started ? new CommandOutputLog(files.commandOutput) : null;
  let assembly: Assembly;
  try {
    assembly = assemble(options, {
      depth: 'detail',
      limits: ENDED_APART,
      stream: options.output === null ? null : outlets.writer('file'),
      onBatch: () => {
        events.add(assembly.view.batch, assembly.view.resolved, assembly.model);
      },
      captureOutput: started,
      // Lines on stderr would be written over the screen.
      say: (line) => {
        notes.push(line);
      },
    });
  } catch (error) {
    dump?.abandon();
    throw error;
  }
  const source = new LiveSource(assembly, events, options.filter ?? '', outlets, output);
  const { run, capture } = assembly;
  source.notes.push(...capture.notes);
  output?.read(capture.session.takeCommandOutput());
  run.start();
  const app = new DashboardApp(source, {
    screen: {
      input: process.stdin,
      output: process.stdout,
      env: process.env,
      ascii: options.ascii,
      stopProcess: () => {
        process.kill(process.pid, 'SIGSTOP');
      },
    },
    intervalMs: options.intervalMs,
    now: () => performance.now(),
  });
  const signals = new TerminalSignals(app, () => {
    capture.session.killCommand(SIGKILL);
  });
  const crash = (error: unknown): void => {
    // The screen first: what is said on the alternate screen goes away with it.
    app.quit();
    say(`error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    capture.session.killCommand(SIGTERM);
    process.exit(Exit.INTERNAL);
  };
  process.on('uncaughtException', crash);
  void run.done.then(({ reason, stoppedAt }) => {
    source.endedAt = stoppedAt;
    if (reason === 'target') source.ended = endWords(assembly);
    if (reason !== 'target' || options.exitWithTarget) app.quit();
  });
  await app.done;
  run.stop('interrupt');
  const { reason } = await run.done;
  const parting = await endedCommand(assembly, reason === 'target');
  await output?.finish();
  const text = app.closingText();
  process.stdout.write(text);
  await drained(process.stdout);
  const dumped = dump === null ? '' : deliver(outlets, dump, text);
  const end = performance.now() + PATIENCE_MS;
  await outlets.settle(() => performance.now() < end, sleep);
  const troubles = [dumped, outlets.trouble].filter((trouble) => trouble !== '');
  if (outlets.stalled !== '') {
    troubles.push(`error: nobody reads ${outlets.stalled}: the rest of it is left out`);
  }
  for (const line of [...notes, ...troubles, ...parting]) say(line);
  process.removeListener('uncaughtException', crash);
  capture.close();
  outlets.close();
  signals.finish();
  return troubles.length > 0 ? Exit.INTERNAL : Exit.OK;
}

/** Ends COMMAND, if there is one; what to say about its end. */
async function endedCommand(assembly: Assembly, byItself: boolean): Promise<string[]> {
  if (assembly.command === null) return [];
  return [`pagefault-analyzer: ${await endCommand(assembly.capture.session, byItself, sleep)}`];
}

function atHumanPace(options: Options): Options {
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
async function openFiles(options: Options): Promise<Files | null> {
  const { output, durationNs } = options;
  const commandOutput = options.target.kind === 'attach' ? null : options.commandOutput;
  const outlets = await waitForReader(output ?? '', durationNs, (patience) =>
    Outlets.open(output, patience),
  );
  if (outlets === null) return null;
  const dump = options.dump === null ? null : new WholeFile(options.dump);
  if (commandOutput === null) return { dump, outlets, commandOutput };
  try {
    const writer = await waitForReader(commandOutput, durationNs, (patience) =>
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

/** What went wrong, '' when nothing did. */
function deliver(outlets: Outlets, file: WholeFile, text: string): string {
  try {
    outlets.deliver(file, text);
    return '';
  } catch (error) {
    return `error: cannot write to ${errorParts(error).message}`;
  }
}

function endWords(assembly: Assembly): string {
  if (assembly.command === null) return 'target has ended';
  const words = statusText(assembly.capture.session.commandStatus());
  return words === '' ? 'COMMAND has ended' : words;
}
