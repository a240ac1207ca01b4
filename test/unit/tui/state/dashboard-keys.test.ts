import { Cause } from '../../../../src/core/classify/classes';
import { closingText } from '../../../../src/tui/export/closing';
import { INTERVALS_MS } from '../../../../src/tui/keys/keys';
import { captureFacts } from '../../../support/facts';
import { FILE_START, HEAP_START, Rig } from '../../../support/model-kit';
import { HEADER, samplePicture } from '../../../support/fake-source';
import { region, snapshot } from '../../../support/sample';
import { Bench } from '../../../support/dashboard-kit';

describe('keys', () => {
  it('go through the views by Tab and by number, Output only with a COMMAND', () => {
    const bench = new Bench();
    const seen = [bench.dashboard.view];
    for (let k = 0; k < 8; k++) seen.push(bench.press('tab').dashboard.view);
    expect(seen).toEqual([
      'regions',
      'threads',
      'processes',
      'causes',
      'latency',
      'events',
      'code',
      'findings',
      'regions',
    ]);
    expect(bench.press('S-tab').dashboard.view).toBe('findings');
    expect(bench.press('3').dashboard.view).toBe('processes');
    expect(bench.press('7').dashboard.view).toBe('processes');
    bench.source.commandOutput = { lines: ['hello'], dropped: 0 };
    expect(bench.press('7').text()).toContain('hello');
  });

  it('sort: < > by visible columns, r and I reverse, S and F6 by name', () => {
    const bench = new Bench();
    expect(bench.press('>').text()).toContain('sort: RATE/s v');
    expect(bench.press('<', 'r').text()).toContain('sort: STALL/s ^');
    expect(bench.rows()[0]).toBe('libc.so.6');
    bench.press('I', 'S');
    expect(bench.text()).toContain('Sort by');
    bench.press('home', 'enter');
    expect(bench.text()).toContain('sort: REGION');
    expect(bench.rows()).toEqual(['[heap]', '[stack:4329]', 'data.db', 'libc.so.6']);
    const before = bench.table.sortColumn.id;
    bench.press('f6', 'down', 'escape');
    expect(bench.table.sortColumn.id).toBe(before);
  });

  it('Ctrl-L draws anew and changes nothing, wherever one is', () => {
    const bench = new Bench().press('/').type('heap').press('enter');
    for (const keys of [[], ['?'], ['escape', 'S'], ['escape', '/', 'x']]) {
      bench.press(...keys);
      const before = bench.text();
      bench.press('C-l');
      expect(bench.text()).toBe(before);
    }
    expect(bench.redraws).toBe(4);
  });

  it('a frozen picture keeps its rows and their histories, also of those that are out of sight', () => {
    const rig = new Rig().attach();
    const bench = new Bench(200, 30);
    bench.source.snapshot = (reuse) => {
      rig.model.tick(rig.now);
      return rig.model.snapshot(rig.now, { reuse });
    };
    const faults = (): number[] =>
      bench.dashboard.scene.picture.snapshot.regions.map((row) => row.faults);
    const histories = (): (readonly number[])[] =>
      bench.dashboard.scene.picture.snapshot.regions.map((row) => row.history);
    rig.fault({ page: HEAP_START }).fault({ page: FILE_START }).run();
    bench.dashboard.refresh();
    bench.press('space');
    rig.fault({ page: HEAP_START + 1 }).run();
    bench.dashboard.refresh();
    expect(faults()).toEqual([1, 1]);
    expect(histories().map((history) => history.at(-1))).toEqual([1, 1]);
    bench.press('space');
    expect(faults()).toEqual([2, 1]);
    expect(histories().map((history) => history.slice(-2))).toEqual([
      [1, 1],
      [1, 0],
    ]);
  });

  it('Space freezes the picture and only the picture', () => {
    const bench = new Bench(120, 30);
    bench.source.faults([[1, 0, Cause.FILE_READ, 0, 0, 4329, 8e8]]);
    bench.dashboard.refresh();
    bench.press('space');
    bench.source.picture = samplePicture(5);
    bench.source.faults([[2, 2, Cause.COW_ANON, 1, 1, 4330, 1900]]);
    bench.dashboard.refresh();
    bench.now = 12_000;
    expect(bench.text()).toContain('FROZEN 00:00:12, capture goes on');
    expect(bench.text()).toContain('MAJ 12');
    expect(bench.text()).not.toMatch(/COW +writer/);
    bench.press('p');
    expect(bench.text()).toContain('MAJ 60');
    expect(bench.text()).toMatch(/COW +writer/);
  });

  it('z zeroes, and says so', () => {
    const bench = new Bench().press('z');
    expect(bench.source.zeroed).toBe(1);
    expect(bench.text()).toContain('counters set to zero');
    bench.now = 10_000;
    expect(bench.text()).not.toContain('counters set to zero');
  });

  it('z forgets rates and peaks, tells what was captured since, and says so on leaving', () => {
    const bench = new Bench(160, 30);
    bench.source.picture = samplePicture(2);
    bench.dashboard.refresh();
    expect(bench.text()).toContain('peak 12');
    bench.source.picture = { ...samplePicture(2), since: 83e9 };
    bench.press('z');
    expect(bench.text()).not.toContain('peak 12');
    bench.source.info = { ...HEADER, capture: captureFacts(10, 0) };
    bench.dashboard.refresh();
    expect(bench.text()).toContain("since z: captured 10 + lost 0 of the kernel's 10");
    expect(closingText(bench.dashboard)).toContain('since z at 00:01:23');
    expect(closingText(new Bench().dashboard)).not.toContain('since z');
    bench.press('/').type('no-such-region').press('enter');
    expect(closingText(bench.dashboard)).toContain('none of 4 rows pass the filter');
  });

  it('d + - set the interval within its bounds', () => {
    const bench = new Bench();
    expect(bench.press('+').dashboard.intervalMs).toBe(2000);
    bench.press('-', '-', '-', '-', '-');
    expect(bench.dashboard.intervalMs).toBe(INTERVALS_MS[0]);
    bench.press('d').type('3.5').press('enter');
    expect(bench.dashboard.intervalMs).toBe(3500);
    bench.press('d').type('11').press('enter');
    expect(bench.text()).toContain('a number from 0.25 to 10');
    expect(bench.dashboard.intervalMs).toBe(3500);
    bench.press('escape', 'd').type('x').press('enter', 'escape');
    expect(bench.dashboard.intervalMs).toBe(3500);
  });

  it('w writes text, CSV or JSON by the name of the file', () => {
    const bench = new Bench();
    bench.press('/').type('class:major').press('enter');
    bench.press('w', 'C-u').type('out.csv').press('enter');
    expect(bench.text()).toContain('2 rows written to out.csv');
    const csv = bench.source.saved.get('out.csv')!.split('\r\n');
    expect(csv[0]).toContain('label,start,kind,permissions');
    expect(csv[1]).toMatch(/^data\.db,0x[0-9a-f]{16},file,r--s,2147483648,/);
    expect(csv).toHaveLength(4);
    bench.press('w', 'C-u').type('out.json').press('enter');
    const json = JSON.parse(bench.source.saved.get('out.json')!) as {
      filter: string;
      rows: { label: string; major: number }[];
    };
    expect(json.filter).toBe('class:major');
    expect(json.rows.map((r) => [r.label, r.major])).toEqual([
      ['data.db', 11],
      ['libc.so.6 .data', 1],
    ]);
    bench.press('w').press('enter');
    expect(bench.source.saved.get('pagefault-regions.txt')).toContain('Summary: major=12');
    bench.source.saveError = 'cannot write: EACCES';
    bench.press('w').press('enter');
    expect(bench.text()).toContain('cannot write: EACCES');
  });

  it('Ctrl-C and Ctrl-Z work even in a prompt; q quits', () => {
    const bench = new Bench().press('/', 'C-c', 'C-z');
    expect([bench.quits, bench.suspends]).toEqual([1, 1]);
    expect(bench.press('escape', 'q').quits).toBe(2);
    expect(bench.press('f10').quits).toBe(3);
  });

  it('? shows every key, any other key returns', () => {
    const bench = new Bench(100, 80).press('?');
    expect(bench.text()).toContain('Ctrl-Z');
    expect(bench.press('x').text()).toContain('data.db');
  });
});

describe('closingText', () => {
  it('is Summary, header, the table as sorted and filtered, causes and latencies', () => {
    const bench = new Bench();
    bench.press('/').type('class:major').press('enter', 'r');
    const lines = closingText(bench.dashboard).split('\n');
    expect(lines[0]).toBe('Summary: major=12 minor=31598 cow=213');
    expect(lines[1]).toContain('postgres 4321');
    const rows = lines
      .filter((line) => /^ (data\.db|libc|\[)/.test(line))
      .map((line) => line.trim().split(' ')[0]);
    expect(rows).toEqual(['libc.so.6', 'data.db']);
    expect(lines.join('\n')).toContain('file-read');
    expect(lines.join('\n')).toMatch(/MAJOR +12/);
    expect(lines.join('\n')).not.toContain('\x1b');
  });

  it('sums up what does not fit, and ends with what COMMAND wrote', () => {
    const bench = new Bench();
    const rows = Array.from({ length: 50 }, (_, k) =>
      region({ id: k + 1, label: `r${k}`, byClass: [0, 2, 0, 0] }),
    );
    bench.source.picture = snapshot({ regions: rows, caps: ['regions beyond 8,192 are folded'] });
    bench.source.commandOutput = { lines: ['all done'], dropped: 0 };
    bench.dashboard.refresh();
    const text = closingText(bench.dashboard);
    expect(text).toContain('and 10 more rows with 20 faults');
    expect(text).toContain('note: regions beyond 8,192 are folded');
    expect(text.trimEnd().endsWith('  all done')).toBe(true);
  });

  it('has data for every view', () => {
    const bench = new Bench();
    bench.source.faults([[1, 0, Cause.FILE_READ, 0, 0, 4329, 8e8]]);
    bench.source.commandOutput = { lines: ['x'], dropped: 0 };
    bench.dashboard.refresh();
    const counts = ['1', '2', '3', '4', '5', '6', '7', '9'].map((key) => {
      const table = bench.press(key).dashboard.shown.tables()[0];
      for (const row of table.rows) expect(row).toHaveLength(table.columns.length);
      return [table.name, table.rows.length];
    });
    expect(counts).toEqual([
      ['regions', 4],
      ['threads', 2],
      ['processes', 1],
      ['causes', 5],
      ['latency', 5],
      ['events', 1],
      ['output', 1],
      ['findings', 1],
    ]);
  });
});
