import type { CaptureFacts, RecordCounters } from '../../src/core/facts/capture-facts';

/** The addon's counters of a capture in which nothing went wrong. */
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
  taintedEntries: 0,
  malformed: 0,
  late: 0,
  duplicates: 0,
  foreign: 0,
  vsyscalls: 0,
  interrupted: 0,
  retried: 0,
  borrowedStamps: 0,
  cutOff: 0,
  unwatchedCpus: 0,
  credentialsLost: 0,
  memorySharers: 0,
  lostErrors: 0,
  notKept: 0,
  lostSamples: 0,
};

/** A whole capture of one thread on two CPUs that ended with these completions. */
export function captureFacts(minor: number, major: number, unresolved = 0): CaptureFacts {
  return {
    mode: {
      entrySource: 'tracepoint',
      unmapTracepoints: true,
      signalTracepoint: true,
      userOnly: false,
      wide: false,
      cpus: 2,
      threads: 1,
      descriptors: 8,
      ringBytes: 16 << 20,
      pageSize: 4096,
    },
    received: { minor, major, unresolved },
    lost: { ring: 0, mailbox: 0, exact: true },
    kernel: { minor, major, exact: true },
    inFlight: 0,
    inFlightNs: 0,
    records: NO_COUNTERS,
  };
}
