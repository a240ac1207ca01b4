import { alignedBytes, hugePageText } from '../../../../src/core/facts/huge-pages';
import type { HugePageFacts } from '../../../../src/core/facts/huge-pages';

const MIB = 2 ** 20;

function facts(more: Partial<HugePageFacts> = {}): HugePageFacts {
  return {
    start: 0x7f00000ff000,
    end: 0x7f00000ff000 + 64 * MIB,
    resident: 32 * MIB,
    huge: 4 * MIB,
    eligible: true,
    advised: false,
    refused: false,
    enabled: 'always',
    defrag: 'madvise',
    pageSize: 2 * MIB,
    ...more,
  };
}

test('huge pages lie at multiples of their size', () => {
  expect(alignedBytes(facts())).toBe(62 * MIB);
  expect(alignedBytes(facts({ start: 0x7f0000200000, end: 0x7f0000200000 + 4 * MIB }))).toBe(
    4 * MIB,
  );
  expect(alignedBytes(facts({ end: 0x7f00000ff000 + 2 * MIB }))).toBe(0);
  expect(alignedBytes(facts({ pageSize: 0 }))).toBe(0);
});

test.each<[string, Partial<HugePageFacts>, RegExp]>([
  ['may be and is in part', {}, /^62M of .* \(64M\) .*4\.0M of 32M resident.*defrag madvise/],
  ['no room', { end: 0x7f0000100000 }, /no room for a huge page \(2\.0M, aligned\)$/],
  ['off', { enabled: 'never', eligible: false }, /enabled is never$/],
  ['not asked for', { enabled: 'madvise', eligible: false }, /MADV_HUGEPAGE$/],
  ['asked for', { enabled: 'madvise', eligible: false, advised: true }, /THPeligible 0/],
  ['refused', { refused: true, eligible: false }, /MADV_NOHUGEPAGE/],
  ['not said', { eligible: null }, /resident are/],
  ['no such kernel', { pageSize: 0, enabled: '' }, /^this kernel has no/],
])('%s', (_, more, expected) => {
  expect(hugePageText(facts(more))).toMatch(expected);
});
