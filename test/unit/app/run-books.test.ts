import { FAULT_CAPACITY, FaultFlag } from '../../../src/core/wire/batch';
import { completeness, totalLost } from '../../../src/core/facts/capture-facts';
import type { NoticeCode, NoticeFacts } from '../../../src/core/facts/notices';
import { openFault } from '../../support/fault-kit';
import { setup } from '../../support/run-kit';

const { MIN } = FaultFlag;

test.each([
  ['interrupted where signals are seen', true, 0, 1],
  ['errors where they are not', false, 1, 0],
])(
  'faults open at the end: blocked and young ones are in flight, old ones %s',
  async (_, signalTracepoint, unresolved, interrupted) => {
    const t = setup({
      askBlocked: (faults, told) => {
        told(faults.map(({ tid }) => tid === 2));
      },
    });
    t.session.signalTracepoint = signalTracepoint;
    t.session.open = [openFault(2, 0), openFault(3, 0), openFault(4, 9.99e9)];
    t.run.start();
    t.clock.advance(10e9);
    t.run.stop('interrupt');
    const result = await t.run.done;
    expect(result.inFlight.map((f) => f.tid)).toEqual([2, 4]);
    expect(result.facts.inFlight).toBe(2);
    expect(result.facts.received.unresolved).toBe(unresolved);
    expect(result.facts.records.interrupted).toBe(interrupted);
    expect(t.written).toEqual(
      unresolved > 0 ? [FaultFlag.NONE | FaultFlag.ENTRY | FaultFlag.INFERRED] : [],
    );
  },
);

test('losses of the rings and of the mailbox add up, and count towards completeness', async () => {
  const t = setup();
  t.session.queue = [[MIN]];
  t.session.over = true;
  t.session.lost = {
    lostMinor: 5,
    lostMajor: 1,
    mailboxMinor: 10,
    mailboxUnresolved: 2,
    lostRecords: 99,
  };
  t.session.kernel = { minor: 16, major: 1, exact: true };
  t.run.start();
  const { facts } = await t.run.done;
  expect(totalLost(facts.lost)).toBe(18);
  expect(completeness(facts)).toEqual({
    captured: 1,
    lost: 16,
    kernel: 17,
    difference: 0,
    comparable: true,
  });
});

test('where the kernel does not say what it lost, the number of lost records is a bound', async () => {
  const t = setup();
  t.session.over = true;
  t.session.lost = { lostMinor: -1, lostMajor: -1, lostRecords: 7 };
  t.run.start();
  const { facts } = await t.run.done;
  expect(facts.lost).toEqual({ ring: 7, mailbox: 0, exact: false });
  expect(completeness(facts).comparable).toBe(false);
});

test('each notice is said once, also one that comes late', async () => {
  const t = setup();
  const notice = (code: NoticeCode): NoticeFacts => ({ code, errno: 0, detail: '' });
  t.session.notices = [notice('USER_ONLY')];
  t.run.start();
  t.clock.advance(50e6);
  t.session.notices = [notice('USER_ONLY'), notice('RING_SHRUNK')];
  t.run.stop('interrupt');
  await t.run.done;
  expect(t.said).toEqual(['USER_ONLY', 'RING_SHRUNK']);
});

test('open faults beyond what a batch holds do not overrun it', async () => {
  const t = setup();
  t.session.signalTracepoint = false;
  t.session.open = Array.from({ length: FAULT_CAPACITY + 5 }, (_, tid) => ({
    pid: 1,
    tid,
    address: 0x1000n,
    ip: 0n,
    entered: 0,
  }));
  t.run.start();
  t.clock.advance(1e9);
  t.run.stop('interrupt');
  const result = await t.run.done;
  expect(result.facts.received.unresolved).toBe(FAULT_CAPACITY);
});
