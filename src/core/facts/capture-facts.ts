import { grouped } from '../text/format';

/**
 * What a run says about itself beside the faults: how it captured, what it lost, and how that compares
 * with the kernel's own counters. Plain data for reports and the dashboard.
 */
export interface CaptureFacts {
  readonly mode: CaptureMode;
  /** Faults that reached the model (before any filter), by how they ended. */
  readonly received: FaultCounts;
  /** Faults known to be lost. */
  readonly lost: LostFaults;
  /** The kernel's counts over the same interval. */
  readonly kernel: KernelCounts;
  /** Faults still being handled when capture ended: neither captured nor lost. */
  readonly inFlight: number;
  /** ns that their threads had waited by then, all together. */
  readonly inFlightNs: number;
  readonly records: RecordCounters;
}

/** The kernel's own count of completed faults for the session: read(2) of the events. */
export interface KernelCounts {
  readonly minor: number;
  readonly major: number;
  /** False where the counters include other processes (wide capture). */
  readonly exact: boolean;
}

export interface FaultCounts {
  readonly minor: number;
  readonly major: number;
  readonly unresolved: number;
}

export interface LostFaults {
  /** By the kernel, for want of ring space. */
  readonly ring: number;
  /** Because JavaScript did not drain in time. */
  readonly mailbox: number;
  /** `ring` is what PERF_FORMAT_LOST says of completions; otherwise it counts records of all kinds. */
  readonly exact: boolean;
}

/** Where entries and completions of faults come from, the best one first. */
export const ENGINES = ['bpf', 'tracepoint', 'software'] as const;
export type Engine = (typeof ENGINES)[number];

/** A share of CPU time that capture may cost, and the one that it does; NaN where that is not known yet. */
export interface BudgetFacts {
  readonly percent: number;
  /** Of the CPU time of the machine, and not of the targets'. */
  readonly ofMachine: boolean;
  readonly costPercent: number;
  /** Of that what it costs that faults are counted, and what the processes of the analyzer take. */
  readonly countingPercent: number;
  readonly ownPercent: number;
  readonly isMet: boolean;
  /** The least and the most that one stood for in that time. */
  readonly every: readonly [number, number];
  /** Faults are captured in windows, and the kernel's own counts say how many there are. */
  readonly windows: boolean;
}

/** How a session captures, as the addon says it. */
export interface CaptureMode {
  /** Where entry records come from: COW can be told only with 'tracepoint'. */
  readonly entrySource: Exclude<Engine, 'bpf'>;
  /** What captures; 'bpf' where programs in the kernel finish each fault. Absent of a recording. */
  readonly engine?: Engine;
  /** So manyth MINOR or COW fault is captured, on average; the others are counted. Absent: each. */
  readonly every?: number;
  /** What that was at most because more came than could be taken. Absent, or 0: that never was so. */
  readonly easedEvery?: number;
  /** It follows a budget. */
  readonly budget?: BudgetFacts;
  /** Not every fault is counted (a filter, a limit): of those that are not captured nobody knows whether they would be. */
  readonly filtered?: boolean;
  /** munmap, mremap and brk are seen. */
  readonly unmapTracepoints: boolean;
  /** Signals are seen: an ERROR is a fault that was seen to send one; otherwise it is inferred. */
  readonly signalTracepoint: boolean;
  /** Faults taken in kernel mode are not seen (ordinary user). */
  readonly userOnly: boolean;
  /** Opened per CPU for all processes and told apart by pid, for want of descriptors or to see who gets a name. */
  readonly wide: boolean;
  readonly cpus: number;
  readonly threads: number;
  readonly descriptors: number;
  /** All rings together. */
  readonly ringBytes: number;
  readonly pageSize: number;
  /** Read from a file: nobody can be asked any more. */
  readonly recorded?: boolean;
}

/** Counters that ought to be zero or explain something; the addon keeps them. */
export interface RecordCounters {
  /** Records the kernel dropped for want of ring space (PERF_RECORD_LOST). */
  readonly lostRecords: number;
  /** Completions among them, where the kernel tells (PERF_FORMAT_LOST); -1 otherwise. */
  readonly lostMinor: number;
  readonly lostMajor: number;
  /** Faults dropped because JavaScript did not drain in time. */
  readonly mailboxMinor: number;
  readonly mailboxMajor: number;
  readonly mailboxUnresolved: number;
  /** Address-space records dropped for the same reason: maps must be read again. */
  readonly mailboxRecords: number;
  /** Completions without an entry record: latency and error code unknown. */
  readonly unpairedCompletions: number;
  /** Copied stacks that found no room, in rings or behind them. */
  readonly lostStacks: number;
  /** Kernel-mode entries that led to no fault. */
  readonly kernelEntries: number;
  /** Calls through the legacy vsyscall page: entries that the kernel emulates, no faults. */
  readonly vsyscalls: number;
  /** User-mode entries that a signal interrupted and that were not tried again: no faults. */
  readonly interrupted: number;
  /** Those that were tried again: one fault each, of unknown latency. */
  readonly retried: number;
  /** User-mode entries whose end fell into a loss: no fault is claimed. */
  readonly taintedEntries: number;
  /** Records that failed the bounds checks. */
  readonly malformed: number;
  /** Records that came after a later one was already handed on. */
  readonly late: number;
  /** Records of threads that carried two sets of events for a moment at attach. */
  readonly duplicates: number;
  /** Records of processes that are not followed (wide capture, system-wide munmap). */
  readonly foreign: number;
  /**
   * Completions that carried the time stamp of another perf session on the same thread (a kernel bug,
   * addon/faults/decode.h): counted, latency unknown.
   */
  readonly borrowedStamps: number;
  /**
   * Completions that the kernel counted while capture was being switched off, and did not record: they are
   * in neither side of the completeness. At most one per CPU.
   */
  readonly cutOff: number;
  /** CPUs that came online after the start: faults taken there are missing. */
  readonly unwatchedCpus: number;
  /**
   * Programs whose exec changed credentials (set-uid), which ends the kernel's capture, and that had
   * ended before they could be attached to anew: their faults are missing.
   */
  readonly credentialsLost: number;
  /** Processes that shared their memory with another without being its threads (clone(2), CLONE_VM). */
  readonly memorySharers: number;
  /** Faults that ended in a signal and found no room in a ring, where the engine counts them (bpf). */
  readonly lostErrors: number;
  /** How often the engine bpf had no room for a thread: what such a thread enters is not seen. */
  readonly notKept: number;
  /** Faults of a sample that found no room in a ring: counted, and missing in estimates. */
  readonly lostSamples: number;
}

/** Of what has counted nothing. */
export const NO_COUNTERS: RecordCounters = {
  lostRecords: 0,
  lostMinor: 0,
  lostMajor: 0,
  mailboxMinor: 0,
  mailboxMajor: 0,
  mailboxUnresolved: 0,
  mailboxRecords: 0,
  unpairedCompletions: 0,
  lostStacks: 0,
  kernelEntries: 0,
  vsyscalls: 0,
  interrupted: 0,
  retried: 0,
  taintedEntries: 0,
  malformed: 0,
  late: 0,
  duplicates: 0,
  foreign: 0,
  borrowedStamps: 0,
  cutOff: 0,
  unwatchedCpus: 0,
  credentialsLost: 0,
  memorySharers: 0,
  lostErrors: 0,
  notKept: 0,
  lostSamples: 0,
};

/** Lost faults from the addon's counters. */
export function lostFaults(c: RecordCounters): LostFaults {
  const exact = c.lostMinor >= 0 && c.lostMajor >= 0;
  return {
    // Without PERF_FORMAT_LOST the kind of the lost records is not known: their number is a bound.
    ring: exact ? c.lostMinor + c.lostMajor : c.lostRecords,
    mailbox: c.mailboxMinor + c.mailboxMajor + c.mailboxUnresolved,
    exact,
  };
}

export function totalLost(lost: LostFaults): number {
  return lost.ring + lost.mailbox;
}

/** captured + lost against the kernel's counters: completed faults only, as the kernel counts no others. */
export interface Completeness {
  readonly captured: number;
  readonly lost: number;
  readonly kernel: number;
  /** kernel - captured - lost; 0 when every fault is accounted for. */
  readonly difference: number;
  /** False where the kernel's counters include other processes, or the losses are a bound. */
  readonly comparable: boolean;
}

export function completeness(facts: CaptureFacts): Completeness {
  const captured = facts.received.minor + facts.received.major;
  const lost = facts.lost.ring + facts.records.mailboxMinor + facts.records.mailboxMajor;
  const kernel = facts.kernel.minor + facts.kernel.major;
  return {
    captured,
    lost,
    kernel,
    difference: kernel - captured - lost,
    comparable: facts.kernel.exact && (facts.lost.exact || facts.lost.ring === 0),
  };
}

/**
 * Captured faults whose latency is not known: their time is in no sum. Records are counted before their faults have been
 * taken over; there are no more of these.
 */
export function untimed({ records, received }: CaptureFacts): number {
  const { unpairedCompletions, borrowedStamps, retried } = records;
  return Math.min(unpairedCompletions + borrowedStamps + retried, received.minor + received.major);
}

/** What was captured and lost since `base`, facts of an earlier moment: counters were set to zero there. */
export function factsSince(facts: CaptureFacts, base: CaptureFacts): CaptureFacts {
  const counted = (now: number, then: number): number => (now < 0 ? now : Math.max(0, now - then));
  const since = <T extends object>(now: T, then: T): T =>
    Object.fromEntries(
      Object.entries(now).map(([key, value]: [string, unknown]) => [
        key,
        typeof value === 'number' ? counted(value, then[key as keyof T] as number) : value,
      ]),
    ) as T;
  const { received, records } = base;
  return {
    ...facts,
    received: since(facts.received, received),
    lost: since(facts.lost, base.lost),
    // What the kernel had counted then and was still on its way comes out after it.
    kernel: since(facts.kernel, {
      ...facts.kernel,
      minor: received.minor + Math.max(0, records.lostMinor) + records.mailboxMinor,
      major: received.major + Math.max(0, records.lostMajor) + records.mailboxMajor,
    }),
    // CPUs are not counted up.
    records: { ...since(facts.records, records), unwatchedCpus: facts.records.unwatchedCpus },
  };
}

/** Whether COW can be told apart: it takes the error code of the tracepoints (classify/rules.ts). */
export function knowsCow(mode: CaptureMode): boolean {
  return mode.entrySource === 'tracepoint';
}

/** What came up meanwhile, as a limit in words: nothing where nothing did. */
export function limitsMet({ notKept }: RecordCounters): string[] {
  return notKept > 0 ? ['some threads are not seen in full: the kernel programs had no room'] : [];
}

/** Not every MINOR or COW fault is captured: what is known of these is an estimate, but for how many they are. */
export function isSampled(mode: CaptureMode): boolean {
  return mode.budget !== undefined || (mode.every ?? 1) > 1;
}

/** How many are captured, in words. */
function sampledText({ every = 1, easedEvery = 0, budget }: CaptureMode): string {
  const eased =
    easedEvery === 0 ? '' : ` (up to 1 in ${grouped(easedEvery)} as more came than could be taken)`;
  if (budget === undefined) return `sampled, 1 in ${grouped(every)}${eased}: ~ is an estimate`;
  const [least, most] = budget.every;
  const nth = least === most ? grouped(least) : `${grouped(least)} to ${grouped(most)}`;
  const windows = budget.windows ? ' in windows' : '';
  return `sampled, 1 in ${nth}${eased}${windows}, for ${budgetText(budget)}: ~ is an estimate`;
}

/** `0.94 % of budget 1 %`, `3.6 % of budget 1 % (not met: counting is 3.1 %, the analyzer 0.3 %)`. */
function budgetText(budget: BudgetFacts): string {
  const { percent, costPercent, countingPercent, ownPercent, isMet } = budget;
  const cost = Number.isFinite(costPercent) ? share(costPercent) : '-';
  const text = `${cost} % of budget ${share(percent)} %`;
  if (isMet) return text;
  const [counting, own] = [countingPercent, ownPercent].map(share);
  return `${text} (not met: counting is ${counting} %, the analyzer ${own} %)`;
}

/** `0.94`, `12`: as many digits as say something. */
function share(percent: number): string {
  return percent < 10 ? String(Number(percent.toFixed(percent < 1 ? 2 : 1))) : percent.toFixed(0);
}

/** The limits of a capture mode in words, most important first; empty for a full capture. */
export function captureLimits(mode: CaptureMode): string[] {
  const limits: string[] = [];
  if (isSampled(mode)) {
    limits.push(sampledText(mode));
  }
  if (mode.entrySource === 'software') {
    limits.push('no COW and no access type: the exceptions tracepoints are not available');
  }
  if (mode.userOnly) limits.push('user-mode faults only: faults inside system calls are not seen');
  if (!mode.unmapTracepoints) {
    const labels = mode.recorded === true ? 'may be outdated' : 'are repaired from /proc';
    limits.push(`munmap, mremap and brk are not seen: labels ${labels}`);
  }
  if (!mode.signalTracepoint) {
    limits.push('ERROR is inferred from a fault that nothing completed: signals are not seen');
  }
  if (mode.wide) {
    limits.push("opened per CPU for all processes: the kernel's counters include others");
  }
  return limits;
}
