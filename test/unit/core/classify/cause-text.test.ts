import { causeText } from '../../../../src/core/classify/cause-text';
import { CAUSE_NAMES } from '../../../../src/core/classify/classes';
import { Rig } from '../../../support/model-kit';
import { vma } from '../../../support/vma-kit';

const PLAIN = {
  swapInUse: false,
  numaBalancing: false,
  rereadShare: 0,
  answerer: 'unknown',
  busReasons: [],
} as const;

test('every cause has one plain line for what it means and one for what to do', () => {
  for (const name of CAUSE_NAMES) {
    for (const line of Object.values(causeText(name, PLAIN)))
      expect(line).toMatch(/^[ -~]{20,90}$/);
  }
});

test('no text claims a copy that the kernel need not have made', () => {
  for (const name of ['cow-anon', 'cow-file'] as const) {
    expect(causeText(name, PLAIN).means).toMatch(/copied (if|unless)/);
  }
  expect(causeText('cow-anon', PLAIN).means).toContain('KSM');
});

test('absent pages may be from the swap cache, or hints of NUMA balancing', () => {
  const both = { ...PLAIN, swapInUse: true, numaBalancing: true };
  expect(causeText('demand-zero', both).means).toMatch(
    / \(or back from the swap cache, or a hint of NUMA balancing\)$/,
  );
  expect(causeText('demand-zero', PLAIN).means).not.toContain('(or ');
  for (const name of ['page-cache', 'shmem'] as const) {
    expect(causeText(name, both).means).toMatch(/ \(or a hint of NUMA balancing\)$/);
  }
});

describe('major faults on a file', () => {
  const rig = (): Rig => {
    const made = new Rig();
    const file = vma(0x100, 0x200, '/srv/data.db', { shared: true });
    made.source.maps.set(100, { vmas: [file], asOf: 0 });
    return made;
  };
  const advice = (of: Rig): string => {
    of.run();
    return causeText('file-read', of.model.snapshot(of.now).causeFacts).advice;
  };

  test('are a cold start as long as each page is read once', () => {
    const of = rig();
    for (let page = 0x100; page < 0x140; page++) of.fault({ page, code: 4, end: 'maj' });
    expect(advice(of)).toContain('readahead');
  });

  test('are memory pressure where pages come back', () => {
    const of = rig();
    for (let page = 0x100; page < 0x140; page++) of.fault({ page, code: 4, end: 'maj' });
    for (let page = 0x100; page < 0x120; page++) of.fault({ page, code: 4, end: 'maj' });
    expect(advice(of)).toMatch(/memory\.max.*memory\.events.*\/proc\/pressure\/memory/);
    expect(advice(of)).not.toContain('readahead');
    of.model.zero(of.now);
    expect(advice(of)).toContain('readahead');
  });

  test('of pages that were mapped from the cache before are evictions too', () => {
    const of = rig();
    for (let page = 0x100; page < 0x110; page++) of.fault({ page, code: 4, end: 'min' });
    for (let page = 0x100; page < 0x110; page++) of.fault({ page, code: 4, end: 'maj' });
    expect(advice(of)).toContain('memory.max');
  });

  test('say nothing of the kind where nobody looked at pages', () => {
    const of = new Rig({}, 'totals');
    of.source.maps.set(100, { vmas: [vma(0x100, 0x200, '/srv/data.db')], asOf: 0 });
    for (let k = 0; k < 20; k++) of.fault({ page: 0x100, code: 4, end: 'maj' });
    expect(advice(of)).toContain('readahead');
  });
});
