import { closeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { openRecording } from '../output/files/open';
import { isSameFile } from '../output/files/same-file';
import type { Inheritance } from '../sources/live/inheritance';
import { LiveCapture } from '../sources/live/live-capture';
import { Batch } from '../core/wire/batch';
import { AnalyzerError } from '../core/facts/errors';
import type { RecordedCapture } from '../sources/recording/recorded-capture';
import { budgetOf, everyAtFirst } from './budget-keeper';
import type { BudgetKeeper } from './budget-keeper';
import type { Capture } from './capture';
import type { Debug } from '../core/facts/debug';
import type { FaultView } from '../core/columns/fault-fields';
import { lateFields } from '../core/filter/ast';
import { compileFaultTest } from '../core/filter/fault-test';
import type { FaultTest } from '../core/filter/fault-test';
import { describeFilterError, parseFilter } from '../core/filter/parse';
import { faultFields } from '../core/columns/symbol-fields';
import { FixedNames } from '../core/columns/stable-names';
import { COUNTING_MS, GATHER_MS, gathering } from './gathering';
import type { Limits } from '../core/stats/limits';
import type { Depth } from '../core/resolve/counters';
import { Model } from '../core/model';
import { living } from '../core/tasks/living';
import { Resolved } from '../core/wire/resolved';
import { csvEncoder } from '../output/stream/csv';
import type { FaultEncoder } from '../output/stream/encoder';
import { ndjsonEncoder } from '../output/stream/ndjson';
import { FaultStream } from '../output/stream/fault-stream';
import { LineEncoder } from '../output/stream/text';
import type { FdWriter } from '../output/files/writer';
import { bytesOfEach, Rotation } from './rotation';
import { Run } from './run';
import type { AskBlocked } from './unfinished';
import { ToldCopies } from './told-copies';
import { attributed } from './attributed';
import { WaitingFaults } from './waiting';
import type { Clock, RunPorts } from './run';
import { noticeText } from '../core/facts/notices';
import { CountLimit } from './count-limit';
import type { CaptureOptions, Options } from './options';

/** A capture with everything behind it, ready to start: what the stream and the dashboard both run on. */
export interface Assembly<C extends Capture = Capture> {
  readonly capture: C;
  readonly model: Model;
  /** Batch, resolved columns and names, as outputs read them. */
  readonly view: FaultView;
  readonly run: Run;
  /** The faults in which threads wait now. */
  readonly waiting: WaitingFaults;
  readonly fixed: FixedNames | null;
  /** COMMAND with its arguments, null when attached. */
  readonly command: readonly string[] | null;
}

export interface AssemblyPorts {
  /** What somebody will look at. */
  readonly depth: Depth;
  /** Where they differ from the model's own. */
  readonly limits?: Partial<Limits>;
  /** Where the stream of faults goes, null for nowhere. */
  readonly stream: FdWriter | null;
  /** So long faults are gathered, ms: nobody waits for one. Left out: not at all. */
  readonly gatherMs?: number;
  /** After each batch (Assembly.view holds it): the dashboard's event log. */
  readonly onBatch?: () => void;
  /** COMMAND's output goes into a pipe (Session.takeCommandOutput), its input is /dev/null. */
  readonly captureOutput?: boolean;
  /** Takes notes for the user, without a newline. */
  readonly say: (line: string) => void;
  readonly debug: Debug;
}

interface ConnectedPorts extends AssemblyPorts {
  /** Of a recording that takes turns between files. */
  readonly rotation?: Rotation | null;
  /** Of a recording. */
  readonly copies?: ToldCopies | null;
  readonly budget?: BudgetKeeper | null;
}

/**
 * Starts capture and connects it with model and stream. Throws AnalyzerError or the addon's error. From
 * here on a COMMAND runs; what it does meanwhile waits in the mailbox.
 */
export function assemble(
  options: CaptureOptions,
  inherit: Inheritance,
  ports: AssemblyPorts,
): Assembly<LiveCapture> {
  const test = parsedFilter(options.filter);
  // The session may wake us before the run exists; its first heartbeat drains anyway.
  const wake: Wake = { run: null };
  const record = options.record === null ? null : recordingOf(options, options.record);
  const turns = record !== null && options.recordLimit !== null;
  let capture: LiveCapture;
  try {
    capture = LiveCapture.start({
      target: options.target,
      inherit,
      children: options.children,
      ringPages: options.ringPages,
      engine: options.engine,
      every: everyAtFirst(options),
      budget: options.budget !== null,
      stacks: options.stacks,
      record:
        record === null
          ? null
          : {
              fd: record,
              streamed: options.record === '-',
              compressed: options.compress,
              limit: options.recordLimit === null ? 0 : bytesOfEach(options.recordLimit),
              words: process.argv.slice(1),
            },
      stdoutTaken: options.record === '-',
      fixed: options.fixedTs,
      captureOutput: ports.captureOutput ?? false,
      onWake: () => wake.run?.wake(),
      debug: ports.debug,
      onNote: (text) => {
        ports.say(`note: ${text}`);
      },
    });
  } finally {
    // It has a descriptor of its own.
    if (record !== null && record !== STDOUT && !turns) closeSync(record);
  }
  try {
    const rotation = turns ? rotationOf(capture, options.record!, record) : null;
    const copies = record === null ? null : new ToldCopies(capture.session);
    const budget = budgetOf(options, capture, ports.debug);
    return connect(options, test, { ...ports, rotation, copies, budget }, capture, wake);
  } catch (error) {
    // Closing ends a COMMAND that runs already.
    capture.close();
    throw error;
  }
}

const STDOUT = 1;

function rotationOf(
  { session, noted, looks, written }: LiveCapture,
  path: string,
  fd: number,
): Rotation {
  return new Rotation(session, noted!, looks!, path, fd, (why) => {
    written.end(why);
  });
}

/** Opens the file of --record. Throws AnalyzerError OUTPUT, also where another option writes into it. */
function recordingOf(options: Options, path: string): number {
  if (path === '-') {
    if (!isatty(STDOUT)) return STDOUT;
    throw new AnalyzerError('OUTPUT', 'a recording into a terminal: give --record FILE');
  }
  const { output, dump, openmetrics, commandOutput } = options;
  const others = { '-o': output, '--dump': dump, '--openmetrics': openmetrics };
  const taken = Object.entries({ ...others, '--command-output': commandOutput }).find(
    ([, other]) => other !== null && isSameFile(path, other),
  );
  if (taken !== undefined) {
    throw new AnalyzerError('OUTPUT', `${path}: a recording, and what ${taken[0]} writes, too`);
  }
  return openRecording(path);
}

/** The same for a recording, which is open: `wake` is what it wakes. Throws AnalyzerError. */
export function assembleRecording(
  options: Options,
  ports: AssemblyPorts,
  capture: RecordedCapture,
  wake: Wake,
): Assembly<RecordedCapture> {
  capture.from = options.fromNs;
  capture.until = options.toNs;
  return connect(options, parsedFilter(options.filter), ports, capture, wake);
}

/** The run that a source of batches wakes, once there is one. */
export interface Wake {
  run: Run | null;
}

function connect<C extends Capture>(
  options: Options,
  test: ((model: Model) => FaultTest) | null,
  ports: ConnectedPorts,
  capture: C,
  wake: Wake,
): Assembly<C> {
  for (const note of capture.notes) ports.say(`note: ${note}`);
  const model = modelOf(options, capture, ports);
  const fixed = options.fixedTs ? new FixedNames() : null;
  const view: FaultView = {
    batch: new Batch(),
    resolved: new Resolved(),
    names: fixed ? fixed.wrap(model) : model,
  };
  const limit = new CountLimit(options.count, inTime(options, test === null ? null : test(model)));
  model.setKeep(limit.test);
  model.countInFlight = test === null;
  const askBlocked: AskBlocked = (faults, told) => {
    capture.askBlocked(faults, told);
  };
  const waiting = new WaitingFaults(capture.session, askBlocked);
  const { stream } = ports;
  const output =
    stream === null
      ? null
      : { sink: new FaultStream(view, encoderOf(options, view, fixed), stream), writer: stream };
  const runPorts = runPortsOf(options, ports, capture, model, waiting, limit);
  const onBatch = (): void => {
    ports.copies?.tell(view.batch, view.resolved);
    if (view.batch.turns) {
      ports.rotation?.turn(living(model.tasks, model.comms), view.batch.horizon);
    }
    ports.onBatch?.();
  };
  const run = new Run({ ...runPorts, onBatch, output }, view.batch, view.resolved);
  wake.run = run;
  void run.stopped.then((reason) => {
    ports.debug('capture', () => `stopped: ${reason}`);
  });
  return { capture, model, view, run, waiting, fixed, command: capture.command };
}

function modelOf(options: Options, capture: Capture, ports: AssemblyPorts): Model {
  const { source, guards, bus, hugePages, servers, noted } = capture;
  const { symbols, stacks } = attributed(options, ports);
  const model = new Model({
    ...{ source, guards, bus, hugePages, servers },
    owners: ports.depth === 'totals' && !noted ? null : capture.owners,
    symbols,
    stacks,
    names: options.naming ? capture.names : null,
    tls: options.naming ? capture.tls : null,
    unwinder: options.stacks?.copied === true ? capture.unwinder : null,
    spaces: readsAll(options, ports) ? null : capture.spaces,
    depth: ports.depth,
    limits: ports.limits ?? {},
    startedAt: options.fromNs,
  });
  model.system = capture.system;
  for (const { pid, ...initial } of capture.initialProcesses()) model.addProcess(pid, initial);
  return model;
}

/** Whoever takes each fault by itself wants to know of each what it was, and so do a filter and a recording. */
function readsAll({ filter, count, record, stacks }: Options, { stream }: AssemblyPorts): boolean {
  return stream !== null || filter !== null || count !== null || record !== null || stacks !== null;
}

function gatheredMs(options: Options, ports: ConnectedPorts, { spaces }: Capture): number {
  if (ports.gatherMs !== undefined) return ports.gatherMs;
  if (options.budget !== null) return ports.stream === null ? COUNTING_MS : GATHER_MS;
  return spaces !== null && !readsAll(options, ports) ? COUNTING_MS : 0;
}

function runPortsOf(
  options: Options,
  ports: ConnectedPorts,
  capture: Capture,
  model: Model,
  waiting: WaitingFaults,
  limit: CountLimit,
): Omit<RunPorts, 'output' | 'onBatch'> {
  return {
    session: capture.session,
    budget: ports.budget ?? null,
    consumer: model,
    whenReady: (action) => {
      capture.whenReady(action);
    },
    clock: clockOf(capture),
    limitReached: () => limit.reached,
    filtered: limit.test !== null,
    outputClosed: () => capture.written?.isClosed === true,
    durationNs: options.durationNs,
    askBlocked: (faults, told) => {
      capture.askBlocked(faults, told);
    },
    aroundStop: (stop) => {
      capture.aroundStop(stop, model.livingPids());
      // Remembered for the last tick, when COMMAND has been ended too.
      waiting.look();
    },
    onNotice: (notice) => {
      ports.debug('capture', () => `${notice.code} ${notice.errno} ${notice.detail}`);
      const text = noticeText(notice);
      if (text !== '') ports.say(`note: ${text}`);
      capture.noted?.noteNotice(notice);
    },
    onEnd: (result) => {
      capture.finishRecording?.(result, () => {
        model.takeAnswers();
      });
    },
    ...gathering(gatheredMs(options, ports, capture)),
  };
}

/** Keeps the faults of a time, of those that `inner` keeps. */
function inTime(
  { fromNs, toNs }: Pick<Options, 'fromNs' | 'toNs'>,
  inner: FaultTest | null,
): FaultTest | null {
  if (fromNs === 0 && toNs === Infinity) return inner;
  return (batch, resolved, i) => {
    const time = batch.time[i]!;
    return time >= fromNs && time < toNs && (inner === null || inner(batch, resolved, i));
  };
}

function parsedFilter(text: string | null): ((model: Model) => FaultTest) | null {
  if (text === null) return null;
  const { filter, error } = parseFilter(text);
  if (error !== null) throw new AnalyzerError('FILTER', describeFilterError(error));
  const [late] = filter === null ? [] : lateFields(filter);
  if (late !== undefined) {
    const [why, instead] =
      late === 'function'
        ? ['their code has a name', 'take the field function of a stream with --symbols']
        : ['it is known whose they are', 'give --cgroup, --unit or --by'];
    const how = `type it behind / in the dashboard, or ${instead}`;
    throw new AnalyzerError(
      'FILTER',
      `no ${late}: here, faults are filtered before ${why}; ${how}`,
    );
  }
  return filter === null ? null : (model) => compileFaultTest(filter, model, false);
}

function encoderOf(options: Options, view: FaultView, fixed: FixedNames | null): FaultEncoder {
  const weighed = options.every > 1 || options.budget !== null;
  const listed = faultFields(options.symbols, options.stacks !== null, weighed);
  const fields = fixed ? fixed.fields(listed) : listed;
  switch (options.format) {
    case 'csv':
      return csvEncoder(view, fields);
    case 'ndjson':
      return ndjsonEncoder(view, fields);
    case 'text':
    case 'folded':
      return new LineEncoder(
        view,
        fixed ? () => fixed.nextTime() : ({ batch }, i) => batch.time[i]!,
        fixed ? 'none' : options.latency ? 'all' : 'major',
        options.symbols,
      );
  }
}

function clockOf(capture: Capture): Clock {
  return {
    now: () => capture.now(),
    passed: () => performance.now() * 1e6,
    soon: (action) => {
      setImmediate(action);
    },
    every: (ms, action) => {
      const timer = setInterval(action, ms);
      return () => {
        clearInterval(timer);
      };
    },
  };
}
