import { completeness, factsSince } from '../../../../src/core/facts/capture-facts';
import type { CaptureFacts } from '../../../../src/core/facts/capture-facts';
import { captureFacts } from '../../../support/facts';

const losing = (facts: CaptureFacts, ring: number, mailbox: number): CaptureFacts => ({
  ...facts,
  lost: { ring, mailbox, exact: true },
  records: {
    ...facts.records,
    lostMinor: ring,
    lostMajor: 0,
    mailboxMinor: mailbox,
    unwatchedCpus: 2,
    late: ring,
  },
});

test('what was captured since the counters were set to zero, complete as before', () => {
  // 30 that the kernel had counted then were still on their way.
  const then = losing({ ...captureFacts(1000, 10), kernel: kernel(1047, 10) }, 5, 12);
  const now = losing({ ...captureFacts(5000, 60), kernel: kernel(5025, 60) }, 10, 15);
  const since = factsSince(now, then);
  expect(since.received).toEqual({ minor: 4000, major: 50, unresolved: 0 });
  expect(since.lost).toEqual({ ring: 5, mailbox: 3, exact: true });
  expect(completeness(since)).toMatchObject({ captured: 4050, lost: 8, kernel: 4058 });
  expect(completeness(since).difference).toBe(completeness(now).difference);
  // CPUs are not counted up, and what is not known does not become known.
  expect(since.records).toMatchObject({ late: 5, unwatchedCpus: 2 });
  const unknown = { ...now, records: { ...now.records, lostMinor: -1 } };
  expect(factsSince(unknown, unknown).records.lostMinor).toBe(-1);
});

function kernel(minor: number, major: number): CaptureFacts['kernel'] {
  return { minor, major, exact: true };
}
