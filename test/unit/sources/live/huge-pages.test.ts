import { HugePages, parseMappingMemory } from '../../../../src/sources/live/huge-pages';
import type { Question } from '../../../../src/sources/reader/lane';

const TEXT = `always [madvise] never
always defer [defer+madvise] madvise never
2097152
7f1200000000-7f1204000000 rw-p 00000000 00:00 0 
Size:              65536 kB
KernelPageSize:        4 kB
Rss:               20480 kB
AnonHugePages:      4096 kB
THPeligible:           1
VmFlags: rd wr mr mw me ac sd hg 
`;

test('what smaps and the settings say', () => {
  expect(parseMappingMemory(TEXT)).toEqual({
    start: 0x7f1200000000,
    end: 0x7f1204000000,
    resident: 20480 * 1024,
    huge: 4096 * 1024,
    eligible: true,
    advised: true,
    refused: false,
    enabled: 'madvise',
    defrag: 'defer+madvise',
    pageSize: 2 ** 21,
  });
});

test('a kernel that says less, and what is no answer', () => {
  const bare = parseMappingMemory('\n\n\n1000-2000 rw-p 0 0 0\nRss: x kB\nVmFlags: nh');
  expect(bare).toMatchObject({
    resident: 0,
    eligible: null,
    refused: true,
    enabled: '',
    pageSize: 0,
  });
  for (const text of ['', 'x', '\n\n\n', '\n\n\nzzz']) expect(parseMappingMemory(text)).toBeNull();
});

test('one question at a time, and a pause after one that took long', () => {
  let now = 0;
  const questions: Question[] = [];
  const ask = (question: Question): void => {
    questions.push(question);
  };
  const of = new HugePages({ ask }, () => now);
  const question = { ticket: 7, pid: 100, space: '1.0', page: 0x7f1200000 };
  of.askHugePages(question);
  of.askHugePages(question);
  expect(questions).toHaveLength(1);
  const { operation, payload, answered } = questions[0]!;
  const asked = Buffer.from(payload);
  expect([asked.readUInt32LE(0), asked.readBigUInt64LE(4)]).toEqual([100, 0x7f1200000n]);
  now = 1e6;
  answered({ id: 1, operation, errno: 0, payload: Buffer.from(TEXT) });
  expect(of.takeHugePages()).toMatchObject([{ ticket: 7, pid: 100, space: '1.0' }]);
  expect(of.takeHugePages()).toEqual([]);
  of.askHugePages(question);
  expect(questions).toHaveLength(1);
  now += 50e6;
  of.askHugePages(question);
  expect(questions).toHaveLength(2);
  questions[1]!.answered('late');
  expect(of.takeHugePages()).toEqual([]);
});
