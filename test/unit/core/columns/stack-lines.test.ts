import { innermost, innermostMaker } from '../../../../src/core/code/stack-names';
import { lostCallers, stackLines } from '../../../../src/core/columns/stack-lines';
import type { StackRow } from '../../../../src/core/snapshot/snapshot';
import { stackSection } from '../../../../src/output/report/stacks';
import { callerLines, stackTable } from '../../../../src/tui/views/caller-lines';
import { makeTheme } from '../../../../src/tui/terminal/theme';

const row = (frames: string, faults: number, stallNs = faults * 1000): StackRow => ({
  comm: 'prog',
  frames: frames.split(';'),
  faults,
  stallNs,
  sampled: faults,
});
const byFaults = ({ faults }: Pick<StackRow, 'faults'>): number => faults;
const told = (...args: Parameters<typeof stackLines>): string[] =>
  stackLines(...args).map(({ depth, text, faults }) => `${'  '.repeat(depth)}${text} ${faults}`);

/** Without what a terminal would obey. */
// oxlint-disable-next-line no-control-regex
const plain = (line: string): string => line.replace(/\x1b\[\d*m/g, '').trimEnd();

const ROWS = [
  row('main;load;read', 10),
  row('main;load;index;fill', 70),
  row('main;load;index', 5),
  row('main;serve;fill', 20),
  row('start;t_main;fill', 3),
];

describe('stacks as a tree', () => {
  it('from the root: what they have in common stands once, the most first', () => {
    expect(told(ROWS, 'callees', byFaults)).toEqual([
      'main 105',
      '  load 85',
      '    index 75',
      '      fill 70',
      '    read 10',
      '  serve;fill 20',
      'start;t_main;fill 3',
    ]);
  });

  it('from what faulted: its callers', () => {
    const fills = ROWS.filter(({ frames }) => frames.at(-1) === 'fill');
    expect(told(fills, 'callers', byFaults)).toEqual([
      'fill 93',
      '  index;load;main 70',
      '  serve;main 20',
      '  t_main;start 3',
    ]);
  });

  it('both ways with branches on two levels: each has what those below it have together', () => {
    const branching = [
      row('main;one;left;touch', 40),
      row('main;two;left;touch', 20),
      row('main;one;right;touch', 15),
      row('main;three;right;touch', 15),
      row('main;three;right;inner;touch', 5),
      row('main;three;touch', 10),
    ];
    expect(told(branching, 'callers', byFaults)).toEqual([
      'touch 105',
      '  left 60',
      '    one;main 40',
      '    two;main 20',
      '  right 30',
      '    one;main 15',
      '    three;main 15',
      '  three;main 10',
      '  inner;right;three;main 5',
    ]);
    expect(told(branching, 'callees', byFaults)).toEqual([
      'main 105',
      '  one 55',
      '    left;touch 40',
      '    right;touch 15',
      '  three 30',
      '    right 20',
      '      touch 15',
      '      inner;touch 5',
      '    touch 10',
      '  two;left;touch 20',
    ]);
  });

  it('name a recursion once, and of a long run the first and the last', () => {
    const deep = Array.from({ length: 20 }, (_, i) => `d${i}`).join(';');
    expect(told([row('main;r;r;r;leaf', 1)], 'callees', byFaults)).toEqual(['main;r x3;leaf 1']);
    expect(told([row(deep, 1)], 'callees', byFaults)).toEqual([
      'd0;d1;d2;d3;... 13 more ...;d17;d18;d19 1',
    ]);
  });
});

test('the report shows the stacks with the most stall, and how many more there are', () => {
  const rows = Array.from({ length: 25 }, (_, i) => row(`main;f${i}`, 25 - i));
  const lines = stackSection(rows, false);
  expect(lines.slice(0, 3)).toEqual([
    '     STALL          ALL  STACK, root first',
    '   310.0us          310  main',
    '    25.0us           25    f0',
  ]);
  expect(lines.at(-1)).toBe('    15.0us           15  and 5 stacks more');
  expect(lines).toHaveLength(1 + 1 + 20 + 1);
  // Under --fixed-ts time counts for nothing.
  const fixed = stackSection([row('main;a', 1, 900), row('main;b', 2, 0)], true);
  expect(fixed.join('\n')).not.toMatch(/STALL|us/);
  expect(fixed.slice(2).map((line) => line.trim())).toEqual(['2    b', '1    a']);
  expect(stackSection([], false)).toEqual([]);
});

test.each([
  [[350, 7], '50'],
  [[350, 7, 90, 3], '44'],
  [[14, 4], '3.5'],
  [[4000, 1], '4,000'],
])('the report says how many faults have a stack, and who may have none: %p', (cells, each) => {
  expect(stackSection([row('main', 3)], false).join('\n')).not.toContain('has a stack');
  const rows = cells.flatMap((faults, i): StackRow[] =>
    i % 2 === 0 ? [{ ...row(`main;f${i}`, faults), sampled: cells[i + 1]! }] : [],
  );
  const said = `  one fault in ${each} has a stack, which stands for all of them; a thread with fewer faults may have none`;
  expect(stackSection(rows, false).at(-1)).toBe(said);
});

test('where frame pointers lead nowhere it is said what does without them', () => {
  const broken = [row('main;load;fill', 91), row('[unknown];malloc', 9)];
  expect(lostCallers(broken)).toBe('');
  expect(lostCallers([...broken, row('[unknown];memset', 20), row('main;[unknown];fill', 9)])).toBe(
    '22.5 % end in code without frame pointers; --stacks dwarf needs none',
  );
  // As stripped programs of Go are without frame pointers; not those that are deeper than what was copied.
  const cut = [row('[truncated];runtime', 30), row('main;fill', 70)];
  const tables = '30.0 % are cut off where no unwind tables were found; --stacks fp needs none';
  expect(lostCallers(cut)).toBe(tables);
  expect(lostCallers([...cut, row('main;fill', 300)])).toBe('');
  expect(lostCallers([row(`[truncated];${'deep;'.repeat(20)}fill`, 90)])).toBe('');
  const rows = [row('main;fill', 1), row('[unknown];malloc', 1)];
  const said = '50.0 % end in code without frame pointers; --stacks dwarf needs none';
  expect(stackSection(rows, false).at(-1)).toBe(`  ${said}`);
  const theme = makeTheme({ colours: 0, ascii: true });
  expect(callerLines(theme, 80, rows, 'callers').map(plain).at(-1)!.trim()).toBe(said);
});

test('of a stack that finds no room the innermost frames stay', () => {
  const frames = ['_start', 'main', 'load_index', 'reserve', 'mmap'];
  expect(innermost(frames, 60)).toBe('_start;main;load_index;reserve;mmap');
  expect(innermost(frames, 27)).toBe('...;load_index;reserve;mmap');
  expect(innermost(frames, 26)).toBe('...;reserve;mmap');
  expect(innermost(frames, 2)).toBe('...;mmap');
  expect(innermost(['x'.repeat(200)], 10)).toHaveLength(60);
  expect(innermost([], 10)).toBe('');
});

test('of who made a mapping the calls of the C library that all have in common are left out', () => {
  const made = (...frames: readonly string[]): string => innermostMaker(['main', ...frames], 30);
  // As glibc 2.36 with and without debug information, musl, and its own allocator have them.
  expect(made('load', '__mmap', '__GI___mmap64')).toBe('main;load');
  expect(made('load', 'mmap64')).toBe('main;load');
  expect(made('sysmalloc', '__default_morecore', '__sbrk', '__brk')).toBe('...;__default_morecore');
  expect(made('grow', 'mremap')).toBe('main;grow');
  expect(made('mmap_index', 'my_mmap')).toBe('main;mmap_index;my_mmap');
  // Where nothing else is known.
  expect(innermostMaker(['mmap'], 30)).toBe('mmap');
  expect(innermostMaker([], 30)).toBe('');
});

test('the detail of a call site shows who called it', () => {
  const theme = makeTheme({ colours: 0, ascii: true });
  const fills = ROWS.filter(({ frames }) => frames.at(-1) === 'fill');
  expect(callerLines(theme, 60, fills, 'callers').map(plain)).toEqual([
    ' callers  100.0 %   93.0us  fill',
    '           75.3 %   70.0us    index;load;main',
    '           21.5 %   20.0us    serve;main',
    '            3.2 %    3.0us    t_main;start',
  ]);
  const many = Array.from({ length: 12 }, (_, i) => row(`f${i};fill`, 12 - i));
  const lines = callerLines(theme, 60, many, 'callers');
  expect(lines).toHaveLength(8);
  expect(plain(lines[7]!).trim()).toBe('and 6 lines more (w)');
  expect(callerLines(theme, 60, [], 'callers')).toEqual([]);
  // One that is longer than a line goes on in the next ones, where there is room for them.
  const chain = [row('main;serve_requests;handle_request;load_index;reserve;memset', 99)];
  expect(callerLines(theme, 60, chain, 'callers').map(plain)).toEqual([
    ' callers  100.0 %   99.0us  memset;reserve;load_index;',
    '                            handle_request;serve_requests;',
    '                            main',
  ]);
  // By the cells that names take, of which some characters take two.
  const wide = [row('main;索引読込索引読込;要求処理要求処理;memset', 99)];
  const inCells = makeTheme({ colours: 0, ascii: false });
  expect(callerLines(inCells, 60, wide, 'callers').map(plain)).toEqual([
    ' callers  100.0 %   99.0us  memset;要求処理要求処理;',
    '                            索引読込索引読込;main',
  ]);
  const full = callerLines(theme, 60, [...chain, ...many.slice(0, 7)], 'callers').map(plain);
  expect(full).toHaveLength(8);
  expect(full[0]).toMatch(/ memset;reserve;load_index;handl~$/);
  expect(stackTable(fills).rows[1]).toEqual(['prog', 'main;serve;fill', 20, 20000, 20]);
});
