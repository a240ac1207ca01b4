import { stalledCell } from '../../../../src/core/text/format';
import { reportText } from '../../../../src/output/report/text';
import { jsonOf, stats, region, FACTS, input, parsed } from '../../../support/report-kit';

test('text: the completeness line says captured, lost, the kernel and the difference', () => {
  expect(reportText(input())).toContain(
    "captured 57,233 + lost 0 of the kernel's 57,233 (difference 0)",
  );
  const lossy = {
    ...FACTS,
    received: { minor: 57_000, major: 3, unresolved: 0 },
    lost: { ring: 200, mailbox: 20, exact: true },
    records: {
      ...FACTS.records,
      mailboxMinor: 20,
      borrowedStamps: 1400,
      cutOff: 1,
      vsyscalls: 2000,
    },
  };
  const text = reportText(input({ capture: lossy }));
  expect(text).toContain('1,400 faults with the time stamp of another perf session');
  expect(text).toContain('2,000 calls through [vsyscall]');
  expect(text).toContain('capture was switched off in the middle of 1 more');
  expect(text).toContain("captured 57,003 + lost 220 of the kernel's 57,233 (difference 10)");
  expect(text).toMatch(/200 faults lost by the kernel.*-m/);
  expect(text).toMatch(/20 faults lost because output was too slow/);
});

test('what was not watched is a number, in text and JSON', () => {
  const records = { ...FACTS.records, unwatchedCpus: 3, credentialsLost: 41, memorySharers: 2 };
  const report = input({ capture: { ...FACTS, records } });
  const text = reportText(report);
  expect(text).toContain('CPUs not watched: 3; faults taken there are missing');
  expect(text).toMatch(/set-user-ID programs .*: 41; their faults are missing/);
  expect(text).toContain('(CLONE_VM): 2');
  const { completeness } = JSON.parse(jsonOf(report)) as { completeness: object };
  expect(completeness).toMatchObject({
    cpus_not_watched: 3,
    credentials_changed: 41,
    memory_sharing_processes: 2,
  });
  expect(reportText(input())).not.toMatch(/not watched|set-user-ID|CLONE_VM/);
});

test('what programs in the kernel had no room for is a number, in text and JSON', () => {
  const records = { ...FACTS.records, lostErrors: 7, notKept: 1234 };
  const report = input({ capture: { ...FACTS, records } });
  const text = reportText(report);
  expect(text).toMatch(/\b7 ERRORs more were lost by the kernel/);
  expect(text).toMatch(/no room: met 1,234 times; their faults are missing/);
  const { capture } = JSON.parse(jsonOf(report)) as { capture: { records: object } };
  expect(capture.records).toMatchObject({ lost_errors: 7, not_kept: 1234 });
  expect(reportText(input())).not.toMatch(/ERRORs more|no room/);
});

test('COW is not known, rather than 0, where the kernel gives no error codes', () => {
  const capture = { ...FACTS, mode: { ...FACTS.mode, entrySource: 'software' as const } };
  const text = reportText(input({ capture }));
  expect(text).toMatch(/ COW .*\n.* n\/a /);
  const document = parsed(jsonOf(input({ capture })));
  expect(document).toMatchObject({ summary: { major: 3, minor: 9, cow: null } });
  expect(document.regions.map((row) => row.cow)).toEqual([null, null]);
  expect(document.latency).toHaveLength(1);
  expect(parsed(jsonOf(input()))).toMatchObject({ summary: { cow: 0 } });
});

test('text: ERR is shown where there are errors, and where they were asked for', () => {
  const noErrors = { ...input().summary, error: 0 };
  expect(reportText(input({ summary: noErrors }))).not.toMatch(/REGION.* ERR /);
  expect(reportText(input({ summary: noErrors, filter: 'class:error' }))).toMatch(/REGION.* ERR /);
});

test('faults that the kernel counted beyond those it reported are a number, or said to be unknown', () => {
  expect(reportText(input())).toContain('Beyond      33 more in /proc/PID/stat');
  const range = { low: 4, high: 1200, gone: 0 };
  expect(reportText(input({ beyond: range }))).toContain('Beyond      4 to 1,200 more');
  const least = { low: 4, high: null, gone: 2 };
  expect(reportText(input({ beyond: least }))).toMatch(/Beyond +at least 4 more .*; 2 processes/);
  expect(reportText(input({ beyond: null }))).toContain('Beyond      not known how many more');
  expect(JSON.parse(jsonOf(input({ beyond: least })))).toMatchObject({
    completeness: { beyond: { at_least: 4, at_most: null, processes_gone: 2 } },
  });
  expect(JSON.parse(jsonOf(input({ beyond: null })))).toMatchObject({
    completeness: { beyond: null },
  });
});

test('what faults in flight have waited is said, and whether it is counted', () => {
  const capture = { ...FACTS, inFlight: 2, inFlightNs: 12.3e9 };
  const said =
    '2 not ended when capture did: not counted, but the 12.3s until then are in the time';
  expect(reportText(input({ capture }))).toContain(said);
  expect(reportText(input({ capture, filter: 'tid:1' }))).toContain('nor are the 12.3s until then');
  expect(JSON.parse(jsonOf(input({ capture })))).toMatchObject({
    completeness: { in_flight: 2, in_flight_stall_ns: 12.3e9 },
  });
  const { totals } = input().snapshot;
  const text = reportText(input({}, { totals: { ...totals, stallShare: 3.83 } }));
  expect(text).toContain('(3.8 threads on average)');
  const cells = [0.383, 1, 3.83, 9.96, 380.2, 2614].map(stalledCell);
  expect(cells).toEqual(['38.3', '100.0', '3.8thr', '10thr', '380thr', '3Kthr']);
});

test('text: limits of the capture, swap and caps are stated', () => {
  const text = reportText(
    input(
      { capture: { ...FACTS, mode: { ...FACTS.mode, entrySource: 'software', userOnly: true } } },
      {
        causeFacts: {
          swapInUse: true,
          numaBalancing: false,
          rereadShare: 0,
          answerer: 'unknown',
          busReasons: [],
        },
        caps: ['8,192 regions: the rest is in [others]'],
      },
    ),
  );
  expect(text).toMatch(/Capture {5}no COW/);
  expect(text).toMatch(/user-mode faults only/);
  expect(text).toMatch(/swap cache/);
  expect(text).toContain('8,192 regions: the rest is in [others]');
});

test('rows that stand for several say so, with the reason, in text and JSON', () => {
  const why = 'regions beyond a cap: more than 8192, of more than 2048 names';
  const others = region(
    9,
    '[others]',
    { members: 12, sumsUp: why, pid: 0 },
    stats(9, { MINOR: 9 }, {}, 5),
  );
  const report = input({}, { regions: [others], caps: [] });
  const text = reportText(report);
  expect(text).toMatch(/\n {2}\[others\] x12 .*\n {2}\[others\] x12: regions beyond a cap: /);
  expect(parsed(jsonOf(report)).regions).toMatchObject([
    { label: '[others]', members: 12, sums_up: why },
  ]);
  expect(parsed(jsonOf(report)).threads).toMatchObject([{ members: 1, sums_up: null }]);
});
