import { factText, parseFact } from '../../../../src/sources/recording/recorded-facts';
import { commandFact, endFact, modeFact } from '../../../../src/sources/recording/run-facts';
import { captureFacts } from '../../../support/facts';

const FACTS = captureFacts(20, 10);

test('what a run says of itself is read back', () => {
  const mode = modeFact({ ...FACTS.mode, engine: 'bpf' });
  const notice = {
    kind: 'notice',
    notice: { code: 'RING_SHRUNK', errno: 12, detail: '4 KiB' },
  } as const;
  const end = endFact(FACTS, 1234.6, 0);
  const command = commandFact(['sh', '-c', 'x'.repeat(5000)]);
  expect(command.words[2]).toHaveLength(200);
  for (const fact of [mode, notice, command, end]) expect(parseFact(factText(fact))).toEqual(fact);
  expect(end).toMatchObject({ stoppedNs: 1235, kernel: FACTS.kernel, records: {} });
});

test('of counters those that are not 0 are told; what the tables have lost the recording has', () => {
  const records = { ...FACTS.records, lostMinor: -1, lostMajor: -1, retried: 3, mailboxMinor: 7 };
  const fact = endFact({ ...FACTS, records }, 1, 0);
  expect(fact.records).toEqual({ lostMinor: -1, lostMajor: -1, retried: 3 });
});

test('where the disk was too slow nothing is equal to what the kernel has counted', () => {
  expect(endFact(FACTS, 1, 1).kernel.exact).toBe(false);
});

test.each([
  '{"kind":"notice","notice":{"code":"__proto__","errno":1,"detail":""}}',
  '{"kind":"notice","notice":{"code":"USER_ONLY","errno":-1,"detail":""}}',
  `{"kind":"notice","notice":{"code":"USER_ONLY","errno":1,"detail":"${'x'.repeat(5000)}"}}`,
  '{"kind":"notice"}',
  '{"kind":"mode","mode":{"wide":true,"threads":1e400,"descriptors":1,"ringBytes":1}}',
  '{"kind":"mode","mode":7}',
  '{"kind":"command","words":"sh"}',
  '{"kind":"command","words":[]}',
  '{"kind":"command","words":["sh",1]}',
  `{"kind":"command","words":["${'x'.repeat(5000)}"]}`,
  '{"kind":"end","stoppedNs":-1,"threads":1,"kernel":{"minor":1,"major":1},"records":{}}',
  '{"kind":"end","stoppedNs":1,"threads":1,"kernel":{"minor":1},"records":{}}',
  '{"kind":"end","stoppedNs":1,"threads":1,"kernel":{"minor":1,"major":2}}',
])('%s is no fact', (text) => {
  expect(parseFact(text)).toBeNull();
});

test('an engine that is none, and a counter that is no number, are left out', () => {
  const mode = '{"kind":"mode","mode":{"engine":"x","threads":1,"descriptors":2,"ringBytes":3}}';
  expect(parseFact(mode)).toEqual({
    kind: 'mode',
    mode: { wide: false, threads: 1, descriptors: 2, ringBytes: 3 },
  });
  const end =
    '{"kind":"end","stoppedNs":1,"threads":1,"kernel":{"minor":1,"major":2},"records":{"late":"9","retried":-1,"foreign":4}}';
  expect(parseFact(end)).toMatchObject({
    kernel: { exact: false },
    records: { foreign: 4 },
  });
});
