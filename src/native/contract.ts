/** The typed contract with the addon. addon/napi/session.cc implements it; nothing else describes it. */

import type { StatFaults } from '../core/facts/beyond';
import type {
  CaptureMode,
  Engine,
  KernelCounts,
  RecordCounters,
} from '../core/facts/capture-facts';
import type { NoticeFacts } from '../core/facts/notices';
import type { Vma } from '../core/vma/vma';
import type { Column } from '../core/wire/columns';

/** What a program is given: text, or bytes that need not be UTF-8. */
export type Argument = string | Uint8Array;

/** What a COMMAND is to find as it would have been without us. Node changes it before JavaScript runs. */
export interface Inheritance {
  /** RLIMIT_NOFILE, Infinity for none; null leaves it as it is. */
  readonly nofile: { readonly soft: number; readonly hard: number } | null;
  /** Signals to be ignored; all others are set to their default. Bit N-1 is signal N. */
  readonly ignored: bigint;
  readonly blocked: bigint;
  /** Descriptors above 2 that are passed on: first and last of each range. */
  readonly descriptors: readonly (readonly [number, number])[];
  /** Of the descriptors 0 to 2: those that were closed. */
  readonly closed: readonly number[];
  /** Its whole environment, each entry with the zero byte that ends it; null: ours. */
  readonly environment: Uint8Array | null;
}

/** How many user call stacks are taken. */
export interface StackOptions {
  /** With every how manyth fault; 0: as the budget allows. */
  readonly every: number;
  /** Stacks a second; of no meaning with `every`. */
  readonly budget: number;
  /** Registers and memory are copied, to be unwound; else the kernel walks the frame pointers. */
  readonly copied: boolean;
}

/** The most that a slot holds. */
export const STACK_COPY_BYTES = 17 * 8 + 8192;

export interface SessionOptions {
  /** Processes to attach to: every thread of each, and of all descendants with `children`. Empty when `command` is given. */
  readonly pids: readonly number[];
  /** In their place: all processes of the machine but ourselves. */
  readonly machine?: boolean;
  /** Of the machine those with this comm, also those that get it later, and their descendants. */
  readonly name?: string;
  /** Those of the cgroup with this directory, and of the cgroups below it. */
  readonly cgroup?: string;
  /** A program to start; capture is on before its exec. file is looked up in PATH as execvp(3) does. */
  readonly command?: {
    readonly file: Argument;
    readonly argv: readonly Argument[];
    /** personality(ADDR_NO_RANDOMIZE), for output that is the same in every run. */
    readonly fixedLayout: boolean;
    /**
     * stdin is /dev/null, stdout and stderr go into one pipe (takeCommandOutput), and the program leads
     * a session of its own: nothing it writes reaches our terminal.
     */
    readonly captureOutput: boolean;
    /** Its stdout is our stderr: ours is a recording. */
    readonly stdoutToStderr?: boolean;
    /** Left out, it gets what we have. */
    readonly inherit?: Inheritance;
    /** Path of the program that ends it should we die first. */
    readonly watcher?: string;
  };
  /** Follow descendants, those there are and those to come (threads are always followed). */
  readonly children: boolean;
  /** The only one to be used; left out, the best that can be had. */
  readonly engine?: Engine;
  /** With the engine bpf: so manyth minor fault is captured, on average; left out, each. */
  readonly every?: number;
  /** With the engine bpf: Session.setEvery() changes that, and what capture costs is measured. */
  readonly budget?: boolean;
  /** User call chains; left out, none are taken. */
  readonly stacks?: StackOptions;
  /**
   * What is captured also goes into this file, which is empty, a regular one, and stays the caller's to close; where it
   * is `streamed` it may be a pipe. `words` are what its head says that it was made with.
   */
  readonly record?: {
    readonly fd: number;
    readonly streamed: boolean;
    /** Only where the addon has zstd (Addon.compresses). */
    readonly compressed: boolean;
    /** Bytes of captured records from which on a file is full (Batch.turns), before they are compressed; 0: never. */
    readonly limit: number;
    readonly words: readonly string[];
  };
  /** Data pages per ring, a power of two; 0 chooses within a budget for all rings together. */
  readonly ringPages: number;
  /** Called on the event loop when there is something to drain. Carries no data. */
  readonly onWake: () => void;
}

export interface SessionInfo extends CaptureMode {
  /** CLOCK_MONOTONIC ns of the session's start: the zero of every time in the batches. */
  readonly startNs: bigint;
  /** The processes attached to whose beginning no record tells: those asked for, and their descendants. */
  readonly attached: readonly number[];
  /** pid of the started command, 0 without one. */
  readonly commandPid: number;
  /** Why programs do not capture where that was tried and nobody asked for them; '' where they do, or it was not tried. */
  readonly bpfRefused?: string;
  /** With the engine bpf: where faults begin is told by events of the threads until these fault often (ENTRIES_MOVED). */
  readonly entriesApart?: boolean;
  readonly notices: readonly NoticeFacts[];
}

/** Running totals since the start. Faults by completion; the rest are records. */
export interface Counters extends RecordCounters {
  readonly minor: number;
  readonly major: number;
  /** User-mode entries without completion (SIGSEGV, SIGBUS). */
  readonly unresolved: number;
  readonly kernel: KernelCounts;
}

/** With a budget: what the programs in the kernel have done since the start, as of one moment some times a second. */
export interface SpentCounters {
  /** When, ns since the session's start; 0: not yet. */
  readonly atNs: number;
  /** CPU time of all threads that are followed, ns. */
  readonly ranNs: number;
  /** MINOR and COW faults of them. */
  readonly minor: number;
  /** Completions that were counted, those that have records, and what it took to write these, ns. */
  readonly counted: number;
  readonly captured: number;
  readonly putNs: number;
  /** What it costs that one is counted, ns. */
  readonly eachNs: number;
  /** CPU time of a COMMAND that has ended, which is among that of our own children then; else 0. */
  readonly commandNs: number;
}

/** A user-mode fault that has been entered and not completed. Addresses are exact. */
export interface PendingFault {
  readonly pid: number;
  readonly tid: number;
  readonly address: bigint;
  readonly ip: bigint;
  /** ns since the session's start. */
  readonly entered: number;
}

export interface Session {
  readonly info: SessionInfo;
  /** Fills the batch buffer (layout: core/wire/batch.ts). Returns false when nothing was waiting. */
  drain(buffer: ArrayBuffer): boolean;
  /**
   * What lies in the slot of a STACK_COPY record, which is free then: registers and memory as addon/wire/
   * stack_copies.h has them, into at least STACK_COPY_BYTES. Returns the bytes, 0 where there is nothing.
   */
  takeStack(slot: number, bytes: Uint8Array): number;
  /** Half of the room for what was captured and not drained is taken. */
  crowded(): boolean;
  /** Reads every event: once per refresh. */
  counters(): Counters;
  /** With SessionOptions.budget: one minor fault in `every` is captured from now on, on average. */
  setEvery(every: number): void;
  /** The same: MINOR and COW faults are captured in windows of so many ns, one in every `cycleNs` on average; 0: always. */
  setWindows(lengthNs: number, cycleNs: number): void;
  /** The same. */
  spent(): SpentCounters;
  /** User-mode entries still open, oldest first, at most `max`. */
  pending(max: number): PendingFault[];
  /** The same without order or limit, as columns (layout: core/wire/pending-faults.ts). */
  pendingFaults(buffer: ArrayBuffer): void;
  /**
   * Of a recording, what no record tells: a text (sources/recording/recorded-facts.ts); a process that was there before,
   * and a mapping of it. Nothing without a recording.
   */
  recordFact(text: string): void;
  recordTask(pid: number, comm: string): void;
  /** For readers of perf alone: the name of a thread that a fact tells. */
  recordName(pid: number, tid: number, comm: string): void;
  recordMapping(pid: number, vma: Vma): void;
  /**
   * To be called when a batch that `turns` has been counted: the recording goes on in this file, which stays the
   * caller's to close; -1: there is none, and the recording ends. What is recorded by the three functions above until
   * recordTurned() is what is there at its beginning.
   */
  recordTurn(fd: number): void;
  recordTurned(): void;
  /** Which of the `count` faults of the oldest batch of which this was not told yet were copies: not 0. */
  recordCopies(copies: Uint8Array, count: number): void;
  /** Nothing more is recorded: the recording is completed behind it. Without it close() ends it, and waits. */
  recordEnd(): void;
  /**
   * The errno's name with which writing the recording has ended before its time, '' for none, the records that a slow
   * disk had no room for, the copies that were written as minor faults because their class was known too late, and
   * bytes of records written; null where nothing is recorded. `done` some time after recordEnd().
   */
  recording(): {
    readonly error: string;
    readonly dropped: number;
    readonly lateCopies: number;
    readonly written: number;
    readonly done: boolean;
  } | null;
  /**
   * Ends capture: events off, rings read to their end, thread joined. What was captured stays
   * drainable. User-mode entries still open are then what pending() says: the caller knows from
   * /proc whether their thread is blocked (in flight). Of the others none has been seen to send a
   * signal; without signalTracepoint that says nothing.
   */
  stop(): void;
  /** True when every followed thread has exited (seen in the records), or after stop(). */
  ended(): boolean;
  /** Wait status of the started command as waitpid(2) gives it, -1 while it runs. */
  commandStatus(): number;
  /**
   * What /proc/PID/stat said of COMMAND before its exec, and when it had ended and was not collected yet. null
   * where that could not be read, was not the case, or there is no COMMAND.
   */
  commandFaults(): { readonly before: StatFaults | null; readonly end: StatFaults | null };
  /** The non-blocking reading end of the command's output, once; the caller closes it. -1: none. */
  takeCommandOutput(): number;
  /** Sends a signal to the started command (its process group with captureOutput); ESRCH is ignored. */
  killCommand(signal: number): void;
  /** Frees everything; implies stop(). Closing again does nothing; any other call throws ECLOSED. */
  close(): void;
}

/** A file system that the kernel mounts for itself: in no mountinfo. */
export interface KernelMount {
  readonly devMajor: number;
  readonly devMinor: number;
  /** 0 for tmpfs (memfd, System V segments, shared anonymous memory); else that of a hugetlbfs. */
  readonly hugePageKib: number;
}

/** Faults of a process, and of its children that were waited for. */
export interface ProcessFaults {
  readonly minor: number;
  readonly major: number;
  readonly children: number;
}

/** Error thrown by the addon: code, errno and the system call that failed. */
export interface NativeError extends Error {
  readonly code: string;
  readonly errno: number;
  readonly syscall: string;
}

export interface Addon {
  /** What lies in the buffers of drain() and pendingFaults(): the loader compares it with core/wire. */
  readonly batchColumns: readonly Column[];
  readonly recordTypes: Readonly<Record<string, number>>;
  readonly pendingColumns: readonly Column[];
  /** It was built with zstd. */
  readonly compresses: boolean;
  start(options: SessionOptions): Session;
  /**
   * What the kernel counts for each process (/proc/PID/stat); null where it has ended, may not be looked at, or is held
   * up by an exec: that is waited for no longer than some 200 ms. Never throws.
   */
  processFaults(pids: readonly number[]): (ProcessFaults | null)[];
  /** As far as they can be found out. Never throws. */
  kernelMounts(): KernelMount[];
  /**
   * Writes what a descriptor takes without waiting, whatever its O_NONBLOCK says; a file or disk may still
   * make it wait. Returns the number of bytes. Throws EAGAIN where it takes nothing.
   */
  writeNow(fd: number, bytes: Uint8Array): number;
  /**
   * Ignores signals that would end the process and that nobody means for us: real-time ones, SIGUSR2 and some more.
   */
  ignoreStraySignals(): void;
  /**
   * Gives this thread precedence over a target that keeps all CPUs busy (nice -10), where it has the default
   * and that is allowed. Not before a COMMAND was started, which would inherit it.
   */
  raisePriority(): void;
  /** CLOCK_MONOTONIC now, ns. */
  monotonicNs(): bigint;
}
