import type { BeyondFaults } from '../../core/facts/beyond';
import type { Engine } from '../../core/facts/capture-facts';
import type { SystemFacts } from '../../core/classify/cause-text';
import type { Debug } from '../../core/facts/debug';
import { isStarted, type Target, type WholeFacts } from '../../core/facts/target';
import type { MachineFaults } from '../../core/facts/machine-faults';
import { AnalyzerError, errorParts } from '../../core/facts/errors';
import type { GuardSource, HugePageSource, OwnerSource, ProcSource } from '../../core/ports';
import type {
  Addon,
  Session,
  SessionInfo,
  SessionOptions,
  StackOptions,
} from '../../native/contract';
import { loadAddon } from '../../native/load';
import { KernelAccounts } from './accounts';
import { askBlocked, type EnteredFault } from './blocked-threads';
import { BusFactsReader } from './bus-facts';
import { perfMount } from './cgroup-paths';
import { CodeNames } from './code-names';
import { EarlyLook, processFacts } from './early-look';
import type { ProcessFacts } from './early-look';
import { Guards } from './guards';
import { HugePages } from './huge-pages';
import type { Inheritance } from './inheritance';
import { missingInterpreter } from './interpreter';
import { MachineAccounts } from './machine-accounts';
import { Owners } from './owners';
import { Pools } from './pools';
import { Proc } from '../proc/proc';
import { UNTIL_ANSWERED } from '../proc/patience';
import { ProcFs } from '../proc/proc-source';
import { notedLooks, type NotedLooks } from './noted-looks';
import { NotedSource } from './noted-source';
import type { TargetReader } from '../reader/target-reader';
import { RecordingEnd } from './recording-end';
import type { Ended } from './recording-end';
import { RecordingState } from './recording-state';
import { ShownFacts } from './shown-facts';
import { Spaces } from './spaces';
import { StackUnwinder } from './stack-unwinder';
import { Servers } from './servers';
import { TlsBlocks } from './tls-blocks';
import { argumentsOf, attachTo, attachToWhole, start } from './session-target';
import { resolveTargets } from './targets';
import type { Targets } from './targets';

export interface LiveRequest {
  readonly target: Target;
  /** What a program that we start finds. */
  readonly inherit: Inheritance;
  readonly children: boolean;
  readonly ringPages: number;
  /** The only one to be used; null for the best that can be had. */
  readonly engine: Engine | null;
  /** See SessionOptions. */
  readonly every: number;
  readonly budget: boolean;
  readonly stacks: StackOptions | null;
  /** A file into which what is captured goes, too; null for none. */
  readonly record: NonNullable<SessionOptions['record']> | null;
  /** The same output in every run: no address-space randomisation for the program, and answers are waited for. */
  readonly fixed: boolean;
  /** The program's output goes into a pipe (CommandOutputReader) and nothing of it to our terminal. */
  readonly captureOutput?: boolean;
  /** Our stdout is a recording: the program's goes to stderr. */
  readonly stdoutTaken?: boolean;
  /** The session has something to drain. */
  readonly onWake: () => void;
  /** What the user should know and what comes up later, each once. Without a newline. */
  readonly onNote: (text: string) => void;
  readonly debug: Debug;
}

/** A process as it was when capture began: what the model starts from. */
export interface InitialProcess extends ProcessFacts {
  readonly pid: number;
  /** Still to be read: they have been asked for. */
  readonly maps: null;
}

const PROC_ERRORS = { foreign: 'PROC_FOREIGN', missing: 'PROC_MISSING' } as const;
const PROC_NOTES = {
  foreign: '/proc is that of another pid namespace: labels come from the records alone',
  missing: '/proc is not mounted: labels come from the records alone',
} as const;

/** Of the whole machine, or a part of it: whoever faults is met then. */
const NOBODY_KNOWN: Targets = { pids: [], descendants: [], notes: [] };

/** What a capture is made of. */
interface Parts {
  readonly addon: Addon;
  readonly session: Session;
  readonly proc: Proc;
  readonly pools: Pools;
  readonly reader: TargetReader;
  readonly early: EarlyLook;
  readonly pids: readonly number[];
  readonly command: readonly string[] | null;
  readonly whole: WholeFacts | null;
  readonly notes: readonly string[];
  readonly accounts: KernelAccounts;
  readonly machine: MachineAccounts | null;
  readonly debug: Debug;
}

/** A running capture: the addon's session and the view of /proc that belongs to it. */
export class LiveCapture {
  readonly source: ProcSource;
  /** What is registered with userfaultfd. */
  readonly guards: GuardSource;
  /** What keeps memory out of huge pages. */
  readonly hugePages: HugePageSource;
  /** Why a SIGBUS was sent. */
  readonly bus: BusFactsReader;
  /** Whose processes are. */
  readonly owners: OwnerSource;
  private readonly whose: Owners;
  private readonly recordingEnd: RecordingEnd | null;
  /** Address spaces that are read when they matter: of the machine, or a part of it; null where all are read. */
  readonly spaces: Spaces | null;
  /** Memory of processes and cgroups that somebody looks at. */
  readonly shown: ShownFacts;
  /** What code and data are called. */
  readonly names: CodeNames;
  /** What was on copied stacks. */
  readonly unwinder: StackUnwinder;
  readonly tls: TlsBlocks;
  readonly servers: Servers;
  private readonly files: ProcFs;
  private readonly startNs: bigint;

  readonly session: Session;
  readonly proc: Proc;
  /** Reads what may block: nothing waits for it. */
  readonly reader: TargetReader;
  /** Processes that were asked for; empty for a started program. */
  readonly pids: readonly number[];
  /** Those and their descendants: all whose beginning is in no record. */
  readonly attached: readonly number[];
  /** COMMAND with its arguments, null when attached. */
  readonly command: readonly string[] | null;
  /** The machine or the part of it that is watched, null where it is processes or COMMAND. */
  readonly whole: WholeFacts | null;
  /** No recording: a capture that runs. */
  readonly recording = null;
  /** What becomes of the one that it writes. */
  readonly written: RecordingState;
  /** What tells of the files that are met, too; null without one. */
  readonly noted: NotedSource | null;
  /** What tells of looks at memory there. */
  readonly looks: NotedLooks | null;
  /** What the user should know about the targets. */
  readonly notes: readonly string[];
  /** What the kernel counts for the targets themselves. */
  readonly accounts: KernelAccounts;

  private constructor(
    private readonly parts: Parts,
    { record, fixed }: Pick<LiveRequest, 'record' | 'fixed'>,
  ) {
    const { addon, session, proc, pools, reader, early, accounts, pids, debug } = parts;
    this.written = new RecordingState(session, record?.streamed === true);
    this.session = session;
    this.proc = proc;
    this.reader = reader;
    this.pids = pids;
    this.command = parts.command;
    this.whole = parts.whole;
    this.notes = parts.notes;
    this.accounts = accounts;
    const { commandPid, attached } = session.info;
    this.attached = attached;
    accounts.begin(commandPid, attached);
    addon.raisePriority();
    this.startNs = session.info.startNs;
    debug('capture', () => openedText(session.info, pids));
    const kernelMounts = addon.kernelMounts();
    const patience = fixed ? UNTIL_ANSWERED : undefined;
    const nowMs = (): number => performance.now();
    const now = (): number => this.now();
    this.servers = new Servers(reader, now, nowMs, (fact) => this.noted?.note(fact));
    const ways = { proc, reader, early, now, nowMs, kernelMounts, debug, patience };
    const reason = pools.works(pools.readers, session);
    this.files = new ProcFs({ ...ways, reason, servers: this.servers });
    const turns = record !== null && record.limit > 0;
    this.noted = record && new NotedSource(this.files, session, this.system, this.command, turns);
    this.source = this.noted ?? this.files;
    const guards = new Guards(pools.readers, now, this.servers);
    const hugePages = new HugePages(pools.readers, now);
    const perf = parts.whole === null ? null : perfMount(proc);
    this.whose = new Owners(reader, nowMs, undefined, perf);
    const answers = [this.whose.questions, this.servers.questions];
    this.recordingEnd = this.noted && new RecordingEnd(this.noted, session, answers);
    this.looks = this.noted && notedLooks(this.noted, guards, hugePages, this.servers, this.whose);
    this.guards = this.looks?.guards ?? guards;
    this.hugePages = this.looks?.hugePages ?? hugePages;
    this.owners = this.looks?.owners ?? this.whose;
    this.spaces = parts.whole === null ? null : new Spaces(reader, now, nowMs);
    this.shown = new ShownFacts(reader);
    const waiting = pools.waiting(session, patience, () => this.tls.pausing);
    this.names = new CodeNames(reader, this.files, nowMs, waiting.names);
    this.unwinder = new StackUnwinder(session, reader, this.files, nowMs, waiting.stacks);
    this.tls = new TlsBlocks(reader, proc, nowMs, waiting.tls);
    this.bus = new BusFactsReader({
      reader,
      hugePageKib: ({ devMajor, devMinor }) =>
        kernelMounts.find((m) => m.devMajor === devMajor && m.devMinor === devMinor)?.hugePageKib ??
        null,
    });
  }

  /** Starts capture. Throws AnalyzerError, or the addon's NativeError. */
  static start(request: LiveRequest): LiveCapture {
    const addon = loadAddon();
    addon.ignoreStraySignals();
    const proc = new Proc('/proc', request.onNote);
    const pools = new Pools(proc, request.onNote);
    try {
      return LiveCapture.attach(request, addon, proc, pools);
    } catch (error) {
      pools.close();
      throw error;
    }
  }

  private static attach(request: LiveRequest, addon: Addon, proc: Proc, pools: Pools): LiveCapture {
    const { target, children, ringPages, engine, stacks, record, onWake, debug } = request;
    const { every, budget } = request;
    if (record?.compressed === true && !addon.compresses) {
      throw new AnalyzerError('RECORDING', '--compress: built without libzstd (libzstd-dev)');
    }
    const common = {
      children,
      ringPages,
      onWake,
      ...(engine === null ? {} : { engine }),
      every,
      budget,
      ...(stacks === null ? {} : { stacks }),
      ...(record === null ? {} : { record }),
    };
    const standing = proc.standing();
    if (!isStarted(target)) {
      if (standing !== 'ours') throw new AnalyzerError(PROC_ERRORS[standing], proc.root);
      const { pids, descendants, notes } =
        target.kind === 'attach'
          ? resolveTargets(proc, target.pids, process.pid, children)
          : NOBODY_KNOWN;
      const accounts = new KernelAccounts(addon, proc, [...pids, ...descendants], children);
      const reader = pools.targetReader();
      const early = new EarlyLook(proc, reader, [...pids, ...descendants]);
      const whole = target.kind === 'attach' ? null : attachToWhole(target, proc);
      const who = whole?.session ?? attachTo(pids);
      const machine = target.kind === 'all' ? new MachineAccounts(proc) : null;
      const session = addon.start({ ...who, ...common });
      const parts = { addon, session, proc, pools, reader, early, pids, accounts, machine, debug };
      const found = { notes: [...notes, ...(whole?.notes ?? [])], whole: whole?.facts ?? null };
      return new LiveCapture({ ...parts, ...found, command: null }, request);
    }
    const command = argumentsOf(target);
    const session = startCommand(command[0], () =>
      addon.start({ ...start(command, request), ...common }),
    );
    // What another /proc says of a number would be about another process: it is asked nothing.
    const asked = standing === 'ours' ? proc : new Proc('/nonexistent');
    const notes = standing === 'ours' ? [] : [PROC_NOTES[standing]];
    const accounts = new KernelAccounts(addon, asked, [], children);
    if (standing !== 'ours') pools.refuseAll();
    const reader = pools.targetReader();
    const early = new EarlyLook(asked, reader, []);
    const parts = { addon, session, proc: asked, pools, reader, early, notes, accounts, debug };
    return new LiveCapture({ ...parts, machine: null, pids: [], command, whole: null }, request);
  }

  /** What of the machine qualifies the causes, as it is now. */
  get system(): SystemFacts {
    return {
      swapInUse: this.proc.swapInUse(),
      numaBalancing: this.proc.numaBalancing(),
    };
  }

  /** Ends capture between two looks at what the kernel counts for the targets and `living`. */
  aroundStop(stop: () => void, living: Iterable<number>): void {
    this.accounts.around(stop, living);
    this.parts.machine?.end();
  }

  /** The run is over. */
  finishRecording(ended: Ended, take: () => void): void {
    this.recordingEnd?.hand(ended, take);
  }

  /** What the kernel counted of the whole machine, where that is what is watched; null where it cannot be known. */
  get machine(): MachineFaults | null {
    return this.parts.machine?.faults ?? null;
  }

  /** How many faults the accounts have beyond `reported`, of `met` processes; null where it cannot be known. */
  beyond(met: number, reported: number): BeyondFaults | null {
    return this.accounts.beyond({
      command: this.command === null ? null : this.session.commandFaults(),
      hadChildren: met > Math.max(1, this.attached.length),
      reported,
    });
  }

  /** ns since the session's start. */
  now(): number {
    return Number(this.parts.addon.monotonicNs() - this.startNs);
  }

  /**
   * The processes attached to, as they are now. To be read after the start: what changes meanwhile is in
   * the records. Those that have ended already are as they were just before it.
   */
  initialProcesses(): InitialProcess[] {
    return this.attached.flatMap((pid) => {
      const facts = processFacts(this.proc, pid) ?? this.parts.early.factsOf(pid);
      if (facts === null) return [];
      this.session.recordTask(pid, facts.comm);
      this.files.prepareMaps(pid);
      return [{ pid, ...facts, maps: null }];
    });
  }

  /** See RunPorts. */
  askBlocked(faults: readonly EnteredFault[], told: (blocked: readonly boolean[]) => void): void {
    askBlocked(this.reader, faults, told);
  }

  /** Calls back once when Model.consume() is to be called again. */
  whenReady(action: () => void): void {
    for (const { questions } of [this.unwinder, this.tls, this.names]) {
      if (questions.whenReady(action)) return;
    }
    this.files.whenReady(action);
  }

  /**
   * What is on its way has come, or has been waited for long enough. `take` is to take stacks over, and to ask for
   * their names.
   */
  async settled(take: () => void): Promise<void> {
    await this.recordingEnd?.handed;
    await this.bus.settled();
    take();
    await this.whose.questions.settled();
    await this.spaces?.questions.settled();
    await this.servers.questions.settled();
    await this.unwinder.questions.settled();
    take();
    await this.names.questions.settled();
  }

  close(): void {
    this.session.close();
    this.files.close();
    this.names.questions.close();
    this.servers.questions.close();
    this.unwinder.questions.close();
    this.tls.questions.close();
    this.parts.pools.close();
  }
}

/** What was opened and chosen, for the debug log. */
function openedText(info: SessionInfo, pids: readonly number[]): string {
  const target = info.commandPid === 0 ? `pids ${pids.join(',')}` : `COMMAND ${info.commandPid}`;
  const { startNs, notices, ...chosen } = info;
  const said = notices.map(({ code, detail }) => `${code} (${detail})`).join(', ');
  return `${target} from ${startNs} ns, notices: ${said || 'none'}, ${JSON.stringify(chosen)}`;
}

/** Starts a program; where the kernel only says that something is missing, the error says what. */
function startCommand(file: string, start: () => Session): Session {
  try {
    return start();
  } catch (error) {
    if (errorParts(error).code !== 'EXEC_ENOENT') throw error;
    const interpreter = missingInterpreter(file, process.env.PATH ?? '');
    throw interpreter === null ? error : new AnalyzerError('EXEC_INTERPRETER', interpreter);
  }
}
