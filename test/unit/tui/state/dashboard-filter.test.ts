import { Cause } from '../../../../src/core/classify/classes';
import { closingText } from '../../../../src/tui/export/closing';
import { samplePicture } from '../../../support/fake-source';
import { Bench } from '../../../support/dashboard-kit';

describe('a filter', () => {
  it('/ filters while one types, Enter keeps, Esc goes back, Backspace clears', () => {
    const bench = new Bench();
    bench.press('/').type('class:maj');
    expect(bench.rows()).toEqual(['data.db', 'libc.so.6']);
    bench.type(' and (');
    expect(bench.text()).toContain('a term is missing (at character 16)');
    expect(bench.rows()).toEqual(['data.db', 'libc.so.6']);
    bench.press('enter');
    expect(bench.dashboard.mode.type).toBe('prompt');
    bench.type('region:data)').press('enter');
    expect(bench.dashboard.mode.type).toBe('normal');
    expect(bench.rows()).toEqual(['data.db', 'libc.so.6']);
    expect(bench.text()).toContain('filter: class:maj and (region:data)');
    bench.press('/', 'C-u').type('heap').press('escape');
    expect(bench.rows()).toEqual(['data.db', 'libc.so.6']);
    bench.press('backspace');
    expect(bench.rows()).toHaveLength(4);
    // An empty prompt has nothing else to take away.
    bench.press('/', 'x', 'backspace', 'backspace');
    expect(bench.dashboard.mode.type).toBe('normal');
    // Letters are text in the prompt, not commands.
    bench.press('/').type('q z');
    expect([bench.quits, bench.source.zeroed]).toEqual([0, 0]);
  });

  it('a paste is text in a prompt, and nothing elsewhere', () => {
    const bench = new Bench();
    const before = bench.text();
    bench.press(
      { paste: 'z\rq/w\x03' },
      '?',
      { paste: 'q' },
      'escape',
      'S',
      { paste: '\r' },
      'escape',
    );
    expect(bench.text()).toBe(before);
    expect([bench.quits, bench.source.zeroed, bench.source.saved.size]).toEqual([0, 0, 0]);
    bench.press('/', { paste: '  region:\x1b[31mheap\x9b\r\nclass:minor\n' });
    expect(bench.text()).toContain('filter: region:[31mheap class:minor');
    bench.press('C-u', { paste: 'x'.repeat(5000) }, 'y');
    expect(bench.dashboard.scene.filterText).toBe('x'.repeat(1000));
  });

  it('m n c e hide a class everywhere, but never the last one', () => {
    const bench = new Bench(120, 30);
    bench.source.faults([
      [1, 0, Cause.FILE_READ, 0, 0, 4329, 8e8],
      [2, 2, Cause.COW_ANON, 1, 1, 4330, 1900],
    ]);
    bench.dashboard.refresh();
    bench.press('n', 'c');
    expect(bench.rows()).toEqual(['data.db', 'libc.so.6']);
    expect(bench.text()).toContain('hidden: MINOR COW');
    expect(bench.text()).not.toMatch(/COW +writer/);
    bench.press('m', 'e');
    expect(bench.text()).toContain('hidden: MAJOR MINOR COW');
    bench.press('n', 'c', 'm');
    expect(bench.rows()).toHaveLength(4);
  });

  it('says how many rows a filter lets through, and that their numbers are of what matches', () => {
    const bench = new Bench(160, 30);
    bench.press('/').type('region:data.db').press('enter');
    expect(bench.text()).toContain(
      'filter: region:data.db (1 of 4 rows; numbers are of matching faults)',
    );
    expect(bench.text()).not.toMatch(/sort: STALL.s v, \d/);
    const narrow = new Bench(80, 24).press('/').type('region:data.db').press('enter');
    expect(narrow.text()).toContain('filter: region:data.db (1 of 4)');
  });

  it('says where the filter chooses rows but not numbers', () => {
    const bench = new Bench(160, 30);
    bench.press('/').type('class:major').press('enter');
    expect(bench.text()).toContain(
      'filter: class:major (chooses rows, 2 of 4: their numbers are of all their faults)',
    );
    expect(bench.press('4').text()).toContain('filter: class:major (chooses rows');
    expect(closingText(bench.dashboard)).toContain('filter: class:major (chooses rows');
    // All faults of these rows match.
    bench.press('1', 'backspace', '/').type('kind:heap').press('enter');
    expect(bench.text()).toContain(
      'filter: kind:heap (1 of 4 rows; numbers are of matching faults)',
    );
    bench.press('backspace', 'n');
    expect(bench.text()).toContain('hidden: MINOR (other numbers are of all classes)');
    expect(new Bench(80, 24).press('n').text()).toContain('hidden: MINOR (others: all)');
  });

  it('the latency view shows what the filter lets through, or says what else it shows', () => {
    const bench = new Bench(120, 40);
    const asked: string[] = [];
    const { latency } = samplePicture();
    bench.source.latency = (table, ids) => {
      asked.push(`${table} ${[...ids].join(',')}`);
      return latency.map((h, cls) => (cls === 1 ? { ...h, count: 7777, maxNs: 44e3 } : h));
    };
    bench.press('5', '/').type('class:major').press('enter');
    expect(bench.text()).toContain('MAJOR');
    expect(bench.text()).not.toMatch(/MINOR +31,598/);
    expect(asked).toEqual([]);
    bench.press('/', 'C-u').type('class:minor kind:heap').press('enter');
    // Rows keep buckets: what is made of them is not exact.
    expect(bench.text()).toMatch(/MINOR +7,777 .* ~44\.0us/);
    expect(asked.at(-1)).toBe('regions 2');
    expect(bench.text()).not.toMatch(/MAJOR +12|the filter chooses/);
    // No row knows the mode of its faults.
    bench.press('/', 'C-u').type('kind:heap mode:user').press('enter');
    expect(bench.text()).toContain('the filter chooses rows here, not faults');
    bench.press('/', 'C-u').type('class:error').press('enter');
    expect(bench.text()).toContain('ERROR faults never complete: they have no latency');
  });

  it('histograms of a filter set in a frozen picture are of now, and say so', () => {
    const bench = new Bench(120, 40);
    bench.press('/').type('kind:heap').press('enter', '5', 'space');
    expect(bench.text()).not.toContain('as it is now');
    bench.press('/', 'C-u').type('kind:file').press('enter');
    expect(bench.text()).toContain('as it is now');
    bench.press('space');
    expect(bench.text()).not.toContain('as it is now');
  });
});

describe('prompts', () => {
  const shown = (bench: Bench): string => bench.lines().at(-1)!;

  it('bring back what was entered, and keep what is being typed', () => {
    const bench = new Bench();
    for (const text of ['heap', 'class:major', 'heap']) {
      bench.press('/', 'C-u').type(text).press('enter');
    }
    bench.press('/', 'C-u').type('lib').press('up');
    expect(shown(bench)).toContain('filter: heap');
    expect(bench.dashboard.scene.filterText).toBe('heap');
    expect(shown(bench.press('up'))).toContain('filter: class:major');
    // Entered twice it is there once.
    expect(shown(bench.press('up'))).toContain('filter: class:major');
    bench.press('down', 'down');
    expect(shown(bench)).toContain('filter: lib');
    expect(shown(bench.press('down'))).toContain('filter: lib');
    // Another prompt has lines of its own.
    bench.press('escape', 'd', 'up');
    expect(shown(bench)).toMatch(/\(seconds\): *$/);
  });

  it('complete names of fields and their values, and say what there is where that is not clear', () => {
    const bench = new Bench(120, 30);
    bench.press('/').type('cl').press('tab').type('ma').press('tab');
    expect(shown(bench)).toContain('filter: class:major');
    expect(bench.dashboard.scene.filterText).toBe('class:major');
    bench.type(',c').press('tab');
    expect(shown(bench)).toContain('filter: class:major,cow');
    bench.type(' cause:cow').press('tab');
    expect(shown(bench)).toMatch(/cause:cow-.*cow-anon cow-file/);
    bench.type('a').press('tab').type(' nosuch').press('tab');
    bench.type(' constructor:x').press('tab', 'C-w');
    expect(shown(bench)).toContain('cause:cow-anon nosuch');
    // In the middle of a line, and where no filter is asked for.
    bench.press('home').type('no').press('tab');
    expect(bench.press('C-a').type('ti').press('tab').dashboard.scene.filterText).toContain(
      'nosuch',
    );
    expect(shown(bench)).toContain('filter: tid:noclass:major');
    bench.press('escape', 'd').type('c').press('tab');
    expect(shown(bench)).toMatch(/\(seconds\): c/);
  });
});
