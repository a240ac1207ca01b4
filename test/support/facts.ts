import { NO_COUNTERS } from '../../src/core/facts/capture-facts';
import type { CaptureFacts } from '../../src/core/facts/capture-facts';

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
