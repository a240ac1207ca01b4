import { captureLimits } from '../../core/facts/capture-facts';
import type { BudgetFacts, RecordCounters } from '../../core/facts/capture-facts';
import type { Json } from './json-value';
import type { ReportInput } from './report';

/** How it was captured, as the JSON report says it. */
export function capturePart({ capture: { mode, records }, fixed }: ReportInput): Json {
  return {
    entry_source: mode.entrySource,
    engine: mode.engine ?? null,
    sampled_every: mode.every ?? 1,
    eased_every: (mode.easedEvery ?? 0) === 0 ? null : mode.easedEvery!,
    budget: mode.budget === undefined ? null : budgetPart(mode.budget),
    unmap_tracepoints: mode.unmapTracepoints,
    signal_tracepoint: mode.signalTracepoint,
    user_only: mode.userOnly,
    wide: mode.wide,
    cpus: mode.cpus,
    threads: mode.threads,
    descriptors: mode.descriptors,
    ring_bytes: mode.ringBytes,
    page_size: mode.pageSize,
    limits: captureLimits(mode),
    records: fixed ? null : recordCounters(records),
  };
}

/** A target that has never run has no share: NaN, which JSON does not know. */
function budgetPart(budget: BudgetFacts): Json {
  const known = (percent: number): number | null => (Number.isFinite(percent) ? percent : null);
  const [least, most] = budget.every;
  return {
    percent: budget.percent,
    of: budget.ofMachine ? 'machine' : 'targets',
    cost_percent: known(budget.costPercent),
    counting_percent: known(budget.countingPercent),
    analyzer_percent: known(budget.ownPercent),
    met: budget.isMet,
    windows: budget.windows,
    every: [least, most],
  };
}

function recordCounters(records: RecordCounters): Json {
  return {
    lost: records.lostRecords,
    mailbox: records.mailboxRecords,
    unpaired_completions: records.unpairedCompletions,
    kernel_entries: records.kernelEntries,
    vsyscalls: records.vsyscalls,
    interrupted: records.interrupted,
    retried: records.retried,
    tainted_entries: records.taintedEntries,
    malformed: records.malformed,
    late: records.late,
    duplicates: records.duplicates,
    foreign: records.foreign,
    borrowed_stamps: records.borrowedStamps,
    cut_off: records.cutOff,
    lost_stacks: records.lostStacks,
    lost_errors: records.lostErrors,
    not_kept: records.notKept,
    lost_samples: records.lostSamples,
  };
}
