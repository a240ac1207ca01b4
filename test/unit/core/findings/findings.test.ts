import { Cause, CAUSE_COUNT, CAUSE_NAMES } from '../../../../src/core/classify/classes';
import { findings } from '../../../../src/core/findings/findings';
import type { HugePageFacts } from '../../../../src/core/facts/huge-pages';
import { RULES } from '../../../../src/core/findings/rules';
import type {
  PairedRow,
  RegionRow,
  SiteRow,
  Snapshot,
  StackRow,
} from '../../../../src/core/snapshot/snapshot';
import { process, region, site, snapshot, stat } from '../../../support/sample';

/** A row of faults of one cause that cost 1 ms each. */
function row(cause: number, faults: number, more: Partial<RegionRow> = {}): RegionRow {
  const byCause = Array.from({ length: CAUSE_COUNT }, (_, k) => (k === cause ? faults : 0));
  return region({ id: 1, faults, byCause, stallNs: faults * 1e6, ...more });
}

function picture(regions: readonly RegionRow[], more: Partial<Snapshot> = {}): Snapshot {
  const stallNs = regions.reduce((sum, one) => sum + one.stallNs, 0);
  return snapshot({ elapsed: 10e9, totals: stat({ stallNs }), regions, ...more });
}

/** Faults on the page cache that take so long on average, and one of a hundred. */
function cached(meanNs: number, p99Ns: number): RegionRow {
  const faults = 10_000;
  const causeNs = Array.from({ length: CAUSE_COUNT }, (_, k) =>
    k === Cause.PAGE_CACHE ? faults * meanNs : 0,
  );
  return row(Cause.PAGE_CACHE, faults, { causeNs, stallNs: faults * meanNs, p99Ns });
}

/** Code on which faults of one cause cost 1 ms each. */
function costing(cause: number, faults: number, more: Partial<SiteRow>): SiteRow {
  const { byCause, stallNs } = row(cause, faults);
  return site({ faults, byCause, stallNs, ...more });
}

const ids = (of: Snapshot): string[] => findings(of).map(({ id }) => id);

test('what dominates is said with its figures, its regions and its code', () => {
  const heap = row(Cause.DEMAND_ZERO, 500, { label: '[heap]', kind: 'heap' });
  const code = [
    costing(Cause.DEMAND_ZERO, 500, { id: 7, label: 'LoadIndex' }),
    costing(Cause.DEMAND_ZERO, 500, { id: 8, label: 'elsewhere' }),
  ];
  const [finding, ...others] = findings(
    picture([heap], {
      sites: code,
      siteRegions: (id) => [{ id: id === 7 ? 1 : 99, label: '', faults: 500 }],
    }),
  );
  expect(others).toEqual([]);
  expect(finding).toMatchObject({
    id: 'first-touch',
    figures: { faults: 500, stallNs: 500e6, stallShare: 0.05 },
    regions: ['[heap]'],
    callSites: ['LoadIndex'],
  });
  expect(finding!.text).toMatch(
    /^first touch of fresh memory: about 500\.0ms \(5\.0 % of one thread's time\) for 500 faults \(at least 2\.0M\) in \[heap\], by LoadIndex; /,
  );
});

describe('with stacks', () => {
  const taken = (faults: number, chain: string): StackRow => {
    return { comm: 'app', frames: chain.split(';'), faults, stallNs: faults, sampled: faults };
  };
  const place = (
    regions: readonly RegionRow[],
    stacks: readonly StackRow[],
    mapped: Readonly<Record<number, string>> = {},
  ): readonly [calledBy: string, text: string] => {
    const [found] = findings(
      picture(regions, {
        sites: [costing(Cause.DEMAND_ZERO, 500, { id: 7, label: 'memset' })],
        siteRegions: () => [{ id: 1, label: '', faults: 500 }],
        siteStacks: (id) => (id === 7 ? stacks : []),
        mappedBy: (id) => mapped[id]?.split(';') ?? [],
      }),
    );
    return [found!.calledBy.join(';'), found!.text];
  };
  const anon = (id: number, faults: number, maker: string): RegionRow =>
    row(Cause.DEMAND_ZERO, faults, { id, label: '[anon]', maker });

  it('the callers are those of most faults, as far as these agree', () => {
    const [all, text] = place(
      [anon(1, 500, '')],
      [taken(300, 'main;serve;fill;memset'), taken(250, 'main;load;fill;memset')],
    );
    expect(all).toBe('main;serve;fill');
    expect(text).toContain(' in [anon], by memset, called by main;serve;fill; ');
    const even = [taken(10, 'main;serve;fill;memset'), taken(10, 'main;load;fill;memset')];
    expect(place([anon(1, 500, '')], even)[0]).toBe('fill');
    expect(place([anon(1, 500, '')], [taken(9, 'a;memset'), taken(9, 'b;memset')])[0]).toBe('');
    // What nobody knows is called by nobody.
    expect(place([anon(1, 500, '')], [taken(9, '[unknown];memset')])[0]).toBe('');
    expect(place([anon(1, 500, '')], [taken(9, '[truncated];fill;memset')])[0]).toBe('fill');
    expect(place([anon(1, 500, '')], [])[0]).toBe('');
  });

  it('who mapped most of it is said, of many pieces by what they have in common', () => {
    const text = (rows: readonly RegionRow[], mapped: Readonly<Record<number, string>>): string =>
      place(rows, [], mapped)[1];
    const mapped = { 1: 'main;init;mmap', 2: 'main;grow;extent_alloc_mmap;mmap', 3: 'main;grow' };
    expect(text([anon(1, 400, ''), anon(2, 600, '')], mapped)).toContain(
      ' in [anon] (mapped by main;grow;extent_alloc_mmap), by memset; ',
    );
    expect(text([anon(1, 500, ''), anon(3, 500, '')], mapped)).not.toContain('mapped by');
    for (const unknown of ['[unknown];mmap', '[truncated];__GI___mmap64'])
      expect(text([anon(1, 500, '')], { 1: unknown })).not.toContain('mapped by');
    const pieces = [anon(1, 400, 'main;init'), anon(2, 300, '...;grow'), anon(3, 310, '...;grow')];
    expect(text(pieces, mapped)).toContain('(mapped by main;grow;extent_alloc_mmap)');
  });
});

test('the code named is that on which the cause costs most, not that with the most faults there', () => {
  const file = row(Cause.FILE_READ, 1000, { label: 'index.db', kind: 'file' });
  const code = [
    costing(Cause.COW_FILE, 5000, { id: 7, label: 'relocate' }),
    costing(Cause.FILE_READ, 400, { id: 8, label: 'once' }),
    costing(Cause.FILE_READ, 600, { id: 9, label: 'scan' }),
  ];
  const siteRegions = (id: number): PairedRow[] => [
    { id: 1, label: '', faults: id === 7 ? 5000 : id === 8 ? 400 : 600 },
  ];
  expect(findings(picture([file], { sites: code, siteRegions }))).toMatchObject([
    { id: 'cold-file', callSites: ['scan', 'once'] },
  ]);
});

test('faults in memory that take long have more to them than their cause', () => {
  const slow =
    /; 60\.0us each is long for that: huge pages, memory or CPU that is short, or a userfaultfd/;
  const fault = (cause: number, ns: number): string =>
    findings(picture([row(cause, 1e5, { stallNs: 1e5 * ns })]))[0]!.text;
  for (const cause of [Cause.DEMAND_ZERO, Cause.COW_ANON, Cause.SHMEM]) {
    expect(fault(cause, 60e3)).toMatch(slow);
    expect(fault(cause, 40e3)).not.toMatch(/is long/);
  }
  // These wait.
  for (const cause of [Cause.FILE_READ, Cause.SWAP_IN, Cause.USERFAULTFD]) {
    expect(fault(cause, 60e3)).not.toMatch(/is long/);
  }
});

test('what many processes share that are not in detail counts, and is named as no place', () => {
  const lump = { label: '[not in detail]', comm: '[not in detail]', pid: 0 };
  const shared = row(Cause.DEMAND_ZERO, 900, lump);
  const heap = row(Cause.DEMAND_ZERO, 100, { id: 2, label: '[heap]', comm: 'app', pid: 9 });
  expect(findings(picture([shared, heap]))).toMatchObject([
    { figures: { faults: 1000 }, regions: ['[heap]'], processes: ['app 9'] },
  ]);
  const [alone] = findings(picture([shared]));
  expect(alone).toMatchObject({ figures: { faults: 900 }, regions: [], processes: [] });
  expect(alone!.text).not.toContain('[not in detail]');
});

test('processes that ended before anybody could ask for their names have none to be told', () => {
  const many = row(Cause.DEMAND_ZERO, 900, { label: '[heap]', comm: '', pid: 0 });
  const one = row(Cause.DEMAND_ZERO, 100, { id: 2, label: '[heap]', comm: '', pid: 9 });
  expect(findings(picture([many, one]))).toMatchObject([{ processes: ['pid 9'] }]);
});

test('faults that many processes of a name share are theirs, and of none of them alone', () => {
  const heap = { label: '[heap]', comm: 'worker' };
  const workers = (...faults: readonly number[]): Snapshot =>
    picture(faults.map((n, k) => row(Cause.COW_ANON, n, { ...heap, id: k + 1, pid: k + 10 })));
  const whose = (of: Snapshot): readonly string[] => findings(of)[0]!.processes;
  expect(whose(workers(900))).toEqual(['worker 10']);
  expect(whose(workers(400, 900, 400))).toEqual(['worker 11']);
  expect(whose(workers(400, 800, 400))).toEqual(['worker processes']);
  // A name that most of the time has between many comes before one process with more than each of them.
  const many = [1, 2, 3].map((k) =>
    row(Cause.COW_ANON, 50, { label: '[heap]', comm: 'worker', id: k, pid: k }),
  );
  const one = row(Cause.COW_ANON, 100, { label: '[heap]', comm: 'db', id: 9, pid: 9 });
  expect(whose(picture([one, ...many]))).toEqual(['worker processes', 'db 9']);
  // Of those that have ended rows may be one by now.
  const ended = row(Cause.COW_ANON, 500, { label: '[heap]', comm: 'worker', id: 5, pid: 0 });
  expect(whose(picture([...many, ended]))).toEqual(['worker processes']);
});

test('what is known of huge pages is said of the region that costs most', () => {
  const rows = [row(Cause.DEMAND_ZERO, 500), row(Cause.DEMAND_ZERO, 900, { id: 2 })];
  const facts = (huge: number): HugePageFacts => ({
    start: 0,
    end: 2 ** 26,
    resident: 2 ** 26,
    huge,
    eligible: true,
    advised: false,
    refused: false,
    enabled: 'always',
    defrag: 'never',
    pageSize: 2 ** 21,
  });
  const [found] = findings(picture(rows, { hugePages: (id) => facts(id * 2 ** 21) }));
  expect(found!.hugePages!.huge).toBe(2 ** 22);
  expect(found!.text).toMatch(/4\.0M of 64M resident are/);
  const [other] = findings(
    picture([row(Cause.SHMEM, 900)], { hugePages: (id) => facts(id * 2 ** 21) }),
  );
  expect(other!.hugePages).toBeNull();
});

test.each([
  ['stacks', row(Cause.DEMAND_ZERO, 500, { kind: 'stack' }), 'thread-stacks'],
  ['memory given back', row(Cause.DEMAND_ZERO, 500, { refaults: 300 }), 'given-back'],
  [
    'sampled faults, more than twice as many as there are pages',
    row(Cause.DEMAND_ZERO, 500, { refaults: NaN, startPage: 1000, endPage: 1200 }),
    'given-back',
  ],
  [
    'sampled faults, fewer than that',
    row(Cause.DEMAND_ZERO, 500, { refaults: NaN, startPage: 1000, endPage: 1300 }),
    'first-touch',
  ],
  [
    'a heap that was fresh twice over',
    row(Cause.DEMAND_ZERO, 500, { kind: 'heap', startPage: 1000, endPage: 1250 }),
    'heap-regrown',
  ],
  [
    'a heap that was fresh once, and given back',
    row(Cause.DEMAND_ZERO, 500, { kind: 'heap', startPage: 1000, endPage: 1250, refaults: 300 }),
    'given-back',
  ],
  [
    'a heap that was fresh once',
    row(Cause.DEMAND_ZERO, 500, { kind: 'heap', startPage: 1000, endPage: 1500 }),
    'first-touch',
  ],
  ['COW after fork', row(Cause.COW_ANON, 500), 'copy-on-write'],
  ['COW of files', row(Cause.COW_FILE, 500), 'copied-file'],
  ['reading from disk', row(Cause.FILE_READ, 500), 'cold-file'],
  ['swap', row(Cause.SWAP_IN, 500), 'swap'],
  ['dirty tracking', row(Cause.WRITE_NOTIFY, 500), 'dirty-tracking'],
  ['cached files', cached(20e3, 1e6), 'mapped-file'],
  ['cached files, and a thread that lost its CPU', cached(40e3, 20e3), 'mapped-file'],
  ['files that are still being read', cached(40e3, 1e6), 'read-ahead'],
  ['shared memory', row(Cause.SHMEM, 500), 'shared-memory'],
  ['userfaultfd', row(Cause.USERFAULTFD, 500), 'userfaultfd'],
])('%s', (_, evidence, id) => {
  expect(ids(picture([evidence]))).toEqual([id]);
});

test('files that are read again are a matter of memory, not of reading ahead', () => {
  const { causeFacts } = snapshot();
  const facts = { ...causeFacts, rereadShare: 0.6 };
  expect(ids(picture([row(Cause.FILE_READ, 500)], { causeFacts: facts }))).toEqual([
    'memory-pressure',
  ]);
});

describe('where swap is in use', () => {
  const { causeFacts } = snapshot();
  const swapping = { causeFacts: { ...causeFacts, swapInUse: true } };
  /** One that is touched again and again, of which some pages are read from swap. */
  const swapped = (reads: number, brought: number): RegionRow => {
    const causes = (read: number, back: number): number[] =>
      Array.from({ length: CAUSE_COUNT }, (_, k) =>
        k === Cause.SWAP_IN ? read : k === Cause.DEMAND_ZERO ? back : 0,
      );
    return row(Cause.SWAP_IN, reads + brought, {
      byCause: causes(reads, brought),
      causeNs: causes(reads * 2e6, brought * 1e6),
      stallNs: reads * 2e6 + brought * 1e6,
      refaults: brought,
    });
  };

  it('pages that a read from swap brought along were not given back', () => {
    // By default (vm.page-cluster 3) seven.
    expect(ids(picture([swapped(100, 700)], swapping))).toEqual(['swap-cache', 'swap']);
    expect(ids(picture([swapped(1, 700)], swapping))).toEqual(['given-back']);
    // What is read there is no memory that was swapped out.
    expect(ids(picture([swapped(100, 700)]))).toEqual(['given-back', 'swap']);
  });

  it('of memory that may have been given back it is said', () => {
    const back = row(Cause.DEMAND_ZERO, 500, { refaults: 300 });
    expect(findings(picture([back], swapping))[0]!.text).toMatch(
      /; swap is in use: some of it may/,
    );
    expect(findings(picture([back]))[0]!.text).not.toMatch(/swap/);
    const fresh = row(Cause.DEMAND_ZERO, 500, { refaults: 0 });
    expect(findings(picture([fresh], swapping))[0]!.text).not.toMatch(/swap/);
  });
});

test('where next to nothing of it falls is no place to look at', () => {
  const labels = ['index', 'heap', 'noise'];
  const rows = [900, 60, 40].map((faults, k) =>
    row(Cause.DEMAND_ZERO, faults, { id: k + 1, label: labels[k]!, pid: k + 1, comm: labels[k]! }),
  );
  expect(findings(picture(rows))).toMatchObject([
    { regions: ['index', 'heap'], processes: ['index 1', 'heap 2'] },
  ]);
  // Of many that have as much as others some are named.
  const even = Array.from({ length: 200 }, (_, k) =>
    row(Cause.DEMAND_ZERO, 5, { id: k + 1, label: `piece ${k}` }),
  );
  expect(findings(picture(even))[0]!.regions).toHaveLength(3);
});

test('no finding without evidence, and none where it costs next to nothing', () => {
  expect(ids(picture([]))).toEqual([]);
  // 90 ms of 10 s.
  expect(ids(picture([row(Cause.DEMAND_ZERO, 90)]))).toEqual([]);
  // 2 % of the time, but a fiftieth of all that is stalled.
  const little = row(Cause.SWAP_IN, 200);
  const much = row(Cause.COW_ANON, 10_000, { id: 2 });
  expect(ids(picture([little, much]))).toEqual(['copy-on-write']);
});

test('of a row with several causes each has its share of the time', () => {
  const byCause = Array.from({ length: CAUSE_COUNT }, () => 0);
  byCause[Cause.COW_ANON] = 300;
  byCause[Cause.DEMAND_ZERO] = 100;
  const mixed = region({ id: 1, faults: 400, byCause, stallNs: 4e9, kind: 'heap' });
  const found = findings(picture([mixed])).map(({ id, figures }) => [id, figures.stallNs]);
  expect(found).toEqual([
    ['copy-on-write', 3e9],
    ['first-touch', 1e9],
  ]);
});

test('a few reads from disk outweigh many cheap faults of the same row', () => {
  const causes = (reads: number, hits: number): number[] =>
    Array.from({ length: CAUSE_COUNT }, (_, k) =>
      k === Cause.FILE_READ ? reads : k === Cause.PAGE_CACHE ? hits : 0,
    );
  const mixed = region({
    id: 1,
    faults: 500,
    byCause: causes(10, 490),
    causeNs: causes(3.8e9, 0.2e9),
    stallNs: 4e9,
    kind: 'file',
  });
  expect(findings(picture([mixed])).map(({ id, figures }) => [id, figures.stallNs])).toEqual([
    ['cold-file', 3.8e9],
  ]);
});

test('errors that one process survives are made on purpose; those of many that die are not', () => {
  const survivor = process({ pid: 5, comm: 'java', byClass: [0, 0, 0, 400] });
  const dead = Array.from({ length: 200 }, (_, k) =>
    process({ id: k, pid: 100 + k, byClass: [0, 0, 0, 1] }),
  );
  expect(findings(picture([], { processes: dead }))).toEqual([]);
  expect(findings(picture([], { processes: [...dead, survivor] }))).toMatchObject([
    {
      id: 'caught-signals',
      figures: { faults: 400 },
      text: expect.stringContaining('java 5') as string,
      regions: [],
      callSites: [],
    },
  ]);
});

test('errors that are caught are those of a region and of code, by their number', () => {
  const errors = [0, 0, 0, 400];
  const regions = [
    region({ id: 1, pid: 5, label: 'guard', faults: 400, byClass: errors }),
    region({ id: 2, pid: 6, label: 'of another', faults: 9, byClass: [0, 0, 0, 9] }),
    region({ id: 3, pid: 5, label: 'none', faults: 7000, byClass: [0, 7000, 0, 0], stallNs: 1 }),
  ];
  const sites = [
    site({ id: 1, label: 'poll', faults: 400, byClass: errors }),
    site({ id: 2, label: 'fill', faults: 7000, byClass: [0, 7000, 0, 0], stallNs: 1 }),
  ];
  const of = { processes: [process({ pid: 5, comm: 'java', byClass: errors })], sites };
  const siteRegions = (id: number): PairedRow[] => [
    { id: id === 1 ? 1 : 3, label: '', faults: 400 },
  ];
  const [found] = findings(picture(regions, { ...of, siteRegions }));
  expect(found).toMatchObject({ regions: ['guard'], callSites: ['poll'] });
  expect(found!.text).toMatch(/that java 5 caught in guard, by poll: made on purpose/);
});

test('every rule has an id and a cause of its own kind', () => {
  expect(new Set(RULES.map(({ id }) => id)).size).toBe(RULES.length);
  for (const { cause } of RULES) expect(CAUSE_NAMES[cause]).toBeDefined();
});
