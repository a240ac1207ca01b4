import { Cause } from '../../../../src/core/classify/classes';
import type { RegionRow } from '../../../../src/core/snapshot/snapshot';
import { closingText } from '../../../../src/tui/export/closing';
import { Dashboard } from '../../../../src/tui/state/dashboard';
import type { Key } from '../../../../src/tui/terminal/input';
import { handleKeys, INTERVALS_MS } from '../../../../src/tui/keys/keys';
import { drawFrame, renderDashboard } from '../../../../src/tui/render';
import { makeTheme } from '../../../../src/tui/terminal/theme';
import type { TableModel } from '../../../../src/tui/layout/table';
import { EventsView } from '../../../../src/tui/views/events';
import { TableView } from '../../../../src/tui/views/table-view';
import { cells } from '../../../support/cells';
import { FILE_START, HEAP_START, Rig } from '../../../support/model-kit';
import { captureFacts } from '../../../support/facts';
import { FakeSource, HEADER, samplePicture } from '../../../support/fake-source';
import { process, region, snapshot, thread } from '../../../support/sample';

class Bench {
  readonly dashboard: Dashboard;
  quits = 0;
  suspends = 0;
  redraws = 0;
  saved = { ok: true, words: '' };
  now = 0;

  constructor(
    columns = 80,
    rows = 24,
    readonly source = new FakeSource(),
  ) {
    const theme = makeTheme({ colours: 0, ascii: true });
    this.dashboard = new Dashboard(this.source, { theme, intervalMs: 1000 });
    this.dashboard.size = { columns, rows };
  }

  press(...keys: Key[]): this {
    const host = {
      quit: () => this.quits++,
      suspend: () => this.suspends++,
      redraw: () => this.redraws++,
      save: () => this.saved,
    };
    handleKeys(this.dashboard, host, keys, this.now);
    return this;
  }

  type(text: string): this {
    return this.press(...Array.from(text).map((char) => (char === ' ' ? 'space' : char)));
  }

  /** The screen as plain text. */
  lines(): string[] {
    return renderDashboard(this.dashboard, this.now).lines.map((line) => cells(line).trimEnd());
  }

  text(): string {
    return this.lines().join('\n');
  }

  /** Of the present view. */
  get table(): TableModel<RegionRow> {
    const { base } = this.dashboard;
    if (!(base instanceof TableView)) throw new Error(`${base.name} is no table`);
    return base.table as TableModel<RegionRow>;
  }

  /** First words of the rows of the table. */
  rows(): string[] {
    const lines = this.lines();
    const head = lines.findIndex((line) => /^ +(REGION|TID|PID)/.test(line));
    const end = lines.findIndex((line) => line.startsWith('-- events'));
    return lines
      .slice(head + 1, end)
      .filter((line) => line !== '')
      .map((line) => line.slice(1).trim().split(' ')[0]!);
  }
}

describe('the screen', () => {
  it('answers first: does it matter, is it complete, where', () => {
    const text = new Bench(120, 30).text();
    expect(text).toContain('postgres 4321');
    expect(text).toContain('MAJ 12');
    expect(text).toContain('3.2 % of wall time in faults, thread max 41.0 % (tid 4329)');
    expect(text).toContain("captured 57,233 + lost 0 of the kernel's 57,233");
    expect(text).toContain('RSS 1.2G');
    expect(new Bench().rows()).toEqual(['data.db', '[heap]', '[stack:4329]', 'libc.so.6']);
  });

  it('says how many threads stand in faults, on average and now', () => {
    const source = new FakeSource();
    const { snapshot } = source;
    source.snapshot = (reuse) => {
      const shown = snapshot.call(source, reuse);
      return { ...shown, totals: { ...shown.totals, stallShare: 3.83, stalled: 2 } };
    };
    const text = new Bench(160, 30, source).text();
    expect(text).toContain('3.8 threads on average in faults, now 2.0 threads, thread max');
    expect(new Bench(80, 24, source).text()).toContain('stall 3.8 thr max 41.0%');
  });

  it('always has the size of the terminal', () => {
    for (const [columns, rows] of [
      [20, 5],
      [40, 8],
      [80, 24],
      [81, 25],
      [200, 50],
      [300, 100],
      [1, 1],
    ] as const) {
      const bench = new Bench(columns, rows);
      for (const keys of [
        [],
        ['2'],
        ['4'],
        ['5'],
        ['6'],
        ['1', 'enter'],
        ['escape', '?'],
        ['escape', 'S'],
        ['escape', '/', 'x'],
      ]) {
        bench.press(...keys);
        const { lines } = renderDashboard(bench.dashboard, 0);
        expect(lines).toHaveLength(rows);
        for (const line of bench.lines()) expect(line.length).toBeLessThanOrEqual(columns);
      }
    }
  });

  it('says that it is too small', () => {
    expect(new Bench(20, 5).text()).toContain('too small');
    expect(new Bench(40, 8).text()).toContain('data.db');
  });

  it('says what the capture cannot see, and what hangs', () => {
    const bench = new Bench(120, 30);
    bench.source.info = {
      ...HEADER,
      limits: ['no COW and no access type: the exceptions tracepoints are not available'],
      inFlight: [
        { tid: 4329, address: '0x7f3a113f2000', region: 'data.db', forNs: 812e6 },
        { tid: 4330, address: '0x1000', region: '[heap]', forNs: 5e6 },
      ],
    };
    bench.dashboard.refresh();
    expect(bench.text()).toContain('no COW and no access type');
    expect(bench.text()).toContain('in flight: tid 4329 at 0x7f3a113f2000 data.db, 812.0ms');
    // 5 ms is not stuck.
    expect(bench.text()).not.toContain('tid 4330 at');
  });

  it('says that the target is gone and stays', () => {
    const bench = new Bench();
    bench.source.info = { ...HEADER, ended: 'exited with status 3' };
    bench.dashboard.refresh();
    expect(bench.text()).toContain('exited with status 3');
    expect(bench.text()).toContain('data.db');
  });

  it('says what it waits for before the first fault, and lists what was attached', () => {
    const bench = new Bench(100, 24);
    bench.source.picture = snapshot({
      elapsed: 3e9,
      processes: [
        process({ pid: 7, comm: 'idler', byClass: [0, 0, 0, 0] }),
        process({ id: 2, pid: 8, comm: 'gone', byClass: [0, 0, 0, 0], alive: false }),
      ],
    });
    bench.dashboard.refresh();
    const waiting = 'waiting: no fault yet in 3 s; the process is sleeping';
    expect(bench.lines().filter((line) => line.includes(waiting))).toHaveLength(2);
    expect(bench.press('3').rows()).toEqual(['7']);
    bench.source.info = { ...HEADER, ended: 'target has ended' };
    bench.dashboard.refresh();
    expect(bench.press('1').text()).not.toContain('waiting');
  });

  it('shows what a COMMAND said that failed, once, and only to whom it does not disturb', () => {
    const failing = (): Bench => {
      const bench = new Bench();
      bench.source.commandOutput = { lines: ['cannot open config'], dropped: 0 };
      bench.dashboard.refresh();
      return bench;
    };
    const fail = (bench: Bench): void => {
      bench.source.info = { ...HEADER, ended: 'COMMAND exited with status 1', failed: true };
      bench.dashboard.refresh();
    };
    const bench = failing();
    fail(bench);
    expect(bench.dashboard.view).toBe('output');
    expect(bench.text()).toContain('cannot open config');
    bench.press('1');
    bench.dashboard.refresh();
    expect(bench.dashboard.view).toBe('regions');
    const reading = failing().press('4');
    fail(reading);
    expect(reading.dashboard.view).toBe('causes');
  });

  it('shows rates from the difference of two pictures', () => {
    const bench = new Bench(120, 30);
    // One more of the scale is 12 major faults more, one second later.
    bench.source.picture = samplePicture(2);
    bench.dashboard.refresh();
    expect(bench.text()).toContain('MAJ 24 12/s');
    bench.source.picture = { ...samplePicture(1), now: samplePicture(3).now };
    bench.dashboard.refresh();
    // Counters that went back were zeroed: no negative rate, no huge one.
    expect(bench.text()).toContain('MAJ 12 12/s');
  });

  it('is not broken by hostile names', () => {
    const bench = new Bench(100, 30);
    const label = '\x1b[2J\x9b31m\u202e文字\n\t' + 'x'.repeat(4096);
    bench.source.picture = snapshot({
      regions: [region({ id: 1, label, path: label, comm: label, byClass: [1, 0, 0, 0] })],
    });
    bench.source.info = {
      ...HEADER,
      targets: [{ pid: 1, comm: label, commandLine: label, threads: 1, state: label }],
    };
    bench.source.commandOutput = { lines: [label], dropped: 0 };
    bench.dashboard.refresh();
    for (const keys of [['1'], ['enter'], ['escape', '7']]) {
      bench.press(...keys);
      for (const line of bench.lines()) {
        expect(line).toMatch(/^[\x20-\x7e]*$/);
        expect(line.length).toBeLessThanOrEqual(100);
      }
    }
    expect(closingText(bench.dashboard)).toMatch(/^[\x20-\x7e\n]*$/);
  });
});

describe('drawing', () => {
  it.each(['1', '2', '3', '4', '5', '6', '7', '8', '9'])(
    'view %s at another size leaves no trace',
    (key) => {
      const bench = new Bench(100, 24);
      bench.source.commandOutput = {
        lines: Array.from({ length: 90 }, (_, k) => `l${k}`),
        dropped: 0,
      };
      const rows = Array.from({ length: 90 }, (_, k) =>
        region({ id: k + 1, byClass: [0, k, 0, 0] }),
      );
      bench.source.picture = { ...samplePicture(), regions: rows };
      bench.source.faults(Array.from({ length: 90 }, (_, k) => [k, 1, 0, 1, 1, 4330, 900]));
      bench.dashboard.refresh();
      bench.press(key, 'end', 'up', 'pageup', 'up');
      const before = bench.text();
      for (const [columns, height] of [
        [200, 60],
        [60, 14],
      ] as const) {
        bench.dashboard.size = { columns, rows: height };
        drawFrame(bench.dashboard, 0);
      }
      bench.dashboard.size = { columns: 100, rows: 24 };
      const after = drawFrame(bench.dashboard, 0).lines;
      expect(after.map((line) => cells(line).trimEnd()).join('\n')).toBe(before);
    },
  );
});

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

  it('Esc undoes the opening of a cause: filter, view and selections are what they were', () => {
    const bench = new Bench(100, 30);
    bench.press('j', '/').type('heap or stack').press('enter', '4', 'down');
    const before = bench.text();
    bench.press('enter');
    expect(bench.text()).toContain('filter: (heap or stack) cause:cow-anon');
    expect(bench.rows()).toEqual(['[heap]']);
    // What was opened from there is closed first; another view is no reason to forget.
    bench.press('enter', 'escape', '2', 'escape');
    expect(bench.text()).toBe(before);
    expect(bench.press('1').rows()).toEqual(['[heap]', '[stack:4329]']);
    // Under another filter there is nothing to undo.
    bench.press('4', 'enter', 'backspace');
    expect(bench.text()).not.toContain('Esc back');
    expect(bench.press('escape').dashboard.view).toBe('regions');
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

  it('gives the words of a cause whole where there is room', () => {
    const text = new Bench(80, 32).press('4').text();
    expect(text).toContain(
      '    first touch of heap, stack or anonymous memory: the kernel gives a zeroed\n',
    );
    expect(text).toContain('    page\n');
    expect(text).toContain('reuse memory, fault it in ahead (MAP_POPULATE), or use huge pages');
    const cramped = new Bench(80, 20).press('4').text();
    expect(cramped).toContain('first touch of heap, stack or anonymous');
    expect(cramped).toContain('file-read');
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

  it('shows ERR on 80 columns where it is the number that is asked for', () => {
    const heading = (bench: Bench): string =>
      bench.lines().find((line) => line.startsWith(' REGION'))!;
    const bench = new Bench(80, 24);
    bench.source.picture = snapshot({
      regions: [region({ id: 1, byClass: [0, 5, 0, 8] })],
      totals: { ...snapshot().totals, byClass: [0, 5, 0, 8] },
    });
    bench.dashboard.refresh();
    expect(heading(bench)).not.toContain('ERR');
    for (const filter of [
      'class:error',
      'cause:unresolved',
      'error',
      'class:major or class:error',
    ]) {
      bench.press('/', 'C-u').type(filter).press('enter');
      expect(heading(bench)).toContain('ERR');
      expect(bench.text()).toMatch(/ERR 8 /);
    }
    bench.press('backspace', 'n');
    expect(heading(bench)).toContain('ERR');
    bench.press('n');
    bench.table.sortBy('error');
    expect(heading(bench)).toContain('ERR');
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

  it('COW that cannot be known is n/a everywhere, not 0', () => {
    const source = new FakeSource();
    const { capture } = HEADER;
    source.info = {
      ...HEADER,
      capture: { ...capture, mode: { ...capture.mode, entrySource: 'software' } },
    };
    source.picture = snapshot({ regions: [region({ byClass: [0, 5, 0, 0] })] });
    const bench = new Bench(120, 30, source);
    expect(bench.text()).toContain('COW n/a');
    expect(bench.text()).toMatch(/\[anon\] .* 5 +n\/a /);
    expect(bench.press('w', 'C-u').type('x.csv').press('enter').source.saved.get('x.csv')).toMatch(
      /,0,5,,0,/,
    );
  });

  it('says on the screen that rows are summed up, and why', () => {
    const bench = new Bench(160, 30);
    const cap = 'more than 8192 regions: the oldest that are gone share rows';
    bench.source.picture = snapshot({ caps: [cap, 'another'] });
    bench.dashboard.refresh();
    expect(bench.text()).toContain(`${cap} (+1)`);
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

  it('Enter opens a region, a thread, a process, a cause; Esc goes back', () => {
    const bench = new Bench(120, 40);
    bench.source.faults([
      [1, 0, Cause.FILE_READ, 0, 0, 4329, 8e8],
      [2, 2, Cause.COW_ANON, 1, 1, 4330, 1900],
    ]);
    bench.dashboard.refresh();
    bench.press('enter');
    const text = bench.text();
    // Slice 31 of 64 slices of 32 MiB holds 400 of the 520 faults.
    expect(text).toContain(
      '64 slices of 32M; hottest file offset 0x3e000000-0x40000000, 76.9 % of its faults',
    );
    expect(text).toContain('tid 4329 checkpointer 88.0 %');
    expect(text).toMatch(/where +[_.:=+*#@-]{64}/);
    expect(text).toMatch(/MAJOR checkpointer/);
    expect(text).not.toMatch(/COW +writer/);
    bench.press('escape', '2', 'enter');
    expect(bench.text()).toContain('thread 4329 checkpointer');
    bench.press('escape', '3', 'enter');
    expect(bench.text()).toContain('process 4321 postgres');
    // What cost most comes first, however few they were.
    bench.press('4', 'enter');
    expect(bench.dashboard.view).toBe('regions');
    expect(bench.text()).toContain('filter: cause:file-read');
  });

  it('shows in the detail of a thread and of a process which code causes its faults', () => {
    const bench = new Bench();
    const counted = { byClass: [0, 4, 0, 0] };
    const faultsOf: Readonly<Record<number, number>> = { 1: 30, 2: 10 };
    bench.source.picture = snapshot({
      // Two of one name are a group, which has the code of both.
      threads: [1, 2].map((id) => thread({ ...counted, id, tid: 500 + id, comm: `worker-${id}` })),
      processes: [process({ ...counted, id: 2, pid: 500, comm: 'server' })],
      rowSites: (table, id) => [
        { id: 31, label: 'fill', faults: faultsOf[id]! },
        { id: 32, label: `of ${table}`, faults: 10 },
      ],
    });
    bench.dashboard.refresh();
    bench.press('2', 'enter', 'enter');
    expect(bench.text()).toMatch(/code +fill 66\.7 % +of threads 33\.3 %/);
    bench.press('escape', '3', 'enter');
    expect(bench.text()).toMatch(/code +fill 50\.0 % +of processes 50\.0 %/);
    expect(bench.dashboard.shown.tables().map(({ name }) => name)).toContain('code');
  });

  it('tells of rows that several ended processes or threads share', () => {
    const bench = new Bench();
    const one = { byClass: [0, 1, 0, 0], stallNs: 1e3, stallShare: 0.1 };
    const two = { byClass: [0, 2, 0, 0], stallNs: 2e3, stallShare: 0.2 };
    bench.source.picture = snapshot({
      threads: [thread({ ...two, tid: 0, pid: 0, comm: 'worker', alive: false, members: 4000 })],
      processes: [
        process({ ...two, pid: 0, comm: 'cc1', alive: false, members: 312 }),
        // Beyond the cap on live processes: how many these are is not known.
        process({ ...one, id: 2, pid: 0, comm: '[others]' }),
      ],
    });
    bench.dashboard.refresh();
    // What 4,000 threads waited together is not what one of them waited.
    expect(bench.text()).not.toContain('max 20.0');
    bench.press('2');
    expect(bench.rows()).toEqual(['x4000']);
    expect(bench.press('enter').text()).toContain('4000 threads worker  ended');
    bench.press('escape', '3');
    expect(bench.rows()).toEqual(['x312', 'several']);
    expect(bench.press('enter').text()).toContain('312 processes cc1  ended');
    bench.press('escape', 'j');
    expect(bench.press('enter').text()).toContain('several processes [others]');
  });

  it('goes back to the table when the opened row is gone', () => {
    const bench = new Bench();
    bench.press('enter');
    bench.source.picture = snapshot({ regions: samplePicture().regions.slice(1) });
    bench.dashboard.refresh();
    expect(bench.rows()[0]).toBe('[heap]');
  });

  it('leads on from a row, a detail and a cause, and Esc comes back to where one was', () => {
    const bench = new Bench(100, 40);
    const { picture } = bench.source;
    const regions = picture.regions.map((row) => ({ ...row, pid: 4321 }));
    bench.source.picture = { ...picture, regions };
    bench.dashboard.refresh();
    const before = bench.press('3', 'enter').text();
    expect(before).toContain('process 4321 postgres');
    // What it is made of is in its detail, most faults first.
    expect(before).toMatch(/hits +\[heap\] 98/);
    expect(before).toMatch(/who +tid 4330 writer/);
    expect(bench.press('enter').text()).toContain('From this process on to its');
    expect(bench.press('down', 'enter').dashboard.view).toBe('threads');
    expect(bench.text()).toContain('filter: pid:4321');
    expect(bench.press('escape').text()).toBe(before);
    // A chooser that is left changes nothing.
    expect(bench.press('enter', 'escape').text()).toBe(before);
    bench.press('escape', '2', 'o', 'enter');
    expect([bench.dashboard.view, bench.dashboard.scene.filterText]).toEqual([
      'regions',
      'tid:4329',
    ]);
    bench.press('escape', '1', 'j', 'o', 'enter');
    expect([bench.dashboard.view, bench.dashboard.scene.filterText]).toEqual([
      'threads',
      'region:[heap] and pid:4321',
    ]);
    bench.press('escape', '4', 'o', 'down', 'enter');
    expect([bench.dashboard.view, bench.dashboard.scene.filterText]).toEqual([
      'code',
      'cause:file-read',
    ]);
    expect(bench.press('escape').dashboard.view).toBe('causes');
  });

  it('an event is selected, and opens its region, thread or process; times are of the day on demand', () => {
    const bench = new Bench(100, 24);
    bench.source.faults([
      [1, 0, Cause.FILE_READ, 0, 0, 4329, 8e8],
      [2, 2, Cause.COW_ANON, 1, 1, 4330, 1900],
    ]);
    bench.dashboard.refresh();
    const shown = bench.press('6').text();
    expect(shown).toMatch(/ +TIME CLASS +TID A +ADDRESS REGION +TOOK CAUSE/);
    expect(shown).toMatch(/MAJOR +4329 r 0x/);
    bench.press('up', 'enter');
    expect(bench.text()).toContain('Open of this event');
    bench.press('enter');
    expect(bench.text()).toContain('data.db  file  r--s');
    expect(bench.press('escape').text()).toContain('scrolled back');
    expect(bench.press('enter', 'down', 'enter').text()).toContain('thread 4329 checkpointer');
    bench.press('escape', 'end', 'T');
    const { startedAt } = bench.source.header();
    const day = new Date(startedAt! + 2000);
    const two = (n: number): string => String(n).padStart(2, '0');
    const clock = [day.getHours(), day.getMinutes(), day.getSeconds()].map(two).join(':');
    expect(bench.text()).toContain(`${clock}.000 COW`);
  });

  it('searches the events: all stay, what matches is selected, and one goes on from it', () => {
    const bench = new Bench(100, 24);
    const rare = new Set([3, 7, 12]);
    bench.source.faults(
      Array.from({ length: 20 }, (_, k) =>
        rare.has(k)
          ? [k, 0, Cause.FILE_READ, 0, 0, 4329, 8e8]
          : [k, 1, Cause.DEMAND_ZERO, 1, 1, 4330, 900],
      ),
    );
    bench.dashboard.refresh();
    const selected = (): number | null => {
      const { end } = bench.dashboard.base as EventsView;
      return end === null ? null : end - 1;
    };
    bench.press('6', 's').type('class:major');
    expect(bench.text()).toContain('search: class:major');
    bench.press('enter');
    expect(selected()).toBe(12);
    // Nothing is filtered: those around it are there.
    expect(bench.lines().filter((line) => line.includes(' MINOR ')).length).toBeGreaterThan(3);
    bench.press('[');
    expect(selected()).toBe(7);
    bench.press('[', '[', '[');
    expect(selected()).toBe(3);
    bench.press(']', ']');
    expect(selected()).toBe(12);
    bench.press(']');
    expect(selected()).toBe(12);
    bench.press('end');
    expect(selected()).toBeNull();
    // What is not there, and what is no filter, is said, and nothing moves.
    bench.press('f3').type('region:nowhere').press('enter');
    expect(bench.text()).toContain('none of the events that are kept matches');
    bench.press('C-u').type('lat>').press('enter');
    expect(bench.dashboard.mode).toMatchObject({
      type: 'prompt',
      error: expect.stringMatching(/./),
    });
    bench.press('escape');
    expect(selected()).toBeNull();
    // n still hides MINOR, and what is hidden is not found.
    bench.press('n');
    expect(bench.lines().filter((line) => / MINOR +\d/.test(line))).toEqual([]);
    bench.press('s').type('tid:4330').press('enter');
    expect(bench.text()).toContain('none of the events that are kept matches');
    bench.press('escape', 'n', 's').press('up').press('enter');
    expect(selected()).toBe(12);
  });

  it('the event log follows, stays where one scrolled to, and follows again', () => {
    const bench = new Bench(100, 24).press('6');
    const fault = (
      k: number,
    ): readonly [number, number, number, number, number, number, number] => [
      k,
      1,
      0,
      1,
      1,
      4330,
      900,
    ];
    const seconds = (): number[] =>
      bench
        .lines()
        .filter((l) => l.includes(' MINOR '))
        .map((l) => Number.parseFloat(l));
    bench.source.faults(Array.from({ length: 100 }, (_, k) => fault(k)));
    bench.dashboard.refresh();
    expect(seconds().at(-1)).toBe(99);
    bench.press('up', 'up');
    expect(seconds().at(-1)).toBe(97);
    expect(bench.text()).toContain('scrolled back');
    bench.source.faults([fault(100)]);
    bench.dashboard.refresh();
    expect(seconds().at(-1)).toBe(97);
    bench.press('pageup');
    expect(seconds().at(-1)).toBeLessThan(90);
    bench.press('home');
    expect(seconds()[0]).toBe(0);
    bench.press('end');
    expect(seconds().at(-1)).toBe(100);
    bench.press('up', 'down');
    expect(bench.dashboard.shown).toBeInstanceOf(EventsView);
    expect('end' in bench.dashboard.shown && bench.dashboard.shown.end).toBeNull();
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

describe('ten thousand regions', () => {
  it('cost a key press no more than ten do', () => {
    const touched = new Set<number>();
    const rows: RegionRow[] = Array.from({ length: 10_000 }, (_, k) => {
      const row = region({ id: k + 1, label: `r${k}`, byClass: [0, k + 1, 0, 0] });
      return new Proxy(row, {
        get: (target, name) => {
          touched.add(k);
          return Reflect.get(target, name) as unknown;
        },
      });
    });
    const bench = new Bench(200, 50);
    bench.source.picture = snapshot({ regions: rows });
    bench.dashboard.refresh();
    expect(touched.size).toBe(10_000);
    for (let k = 0; k < 20; k++) {
      touched.clear();
      bench.press('pagedown');
      renderDashboard(bench.dashboard, 0);
      // What is seen, and nothing of what is sorted and filtered already.
      expect(touched.size).toBeGreaterThan(10);
      expect(touched.size).toBeLessThan(200);
    }
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

test('of several processes these come first; memory is read of the rows on the screen alone', () => {
  const source = new FakeSource();
  const [first] = source.picture.processes;
  const processes = Array.from({ length: 200 }, (_, k) => ({
    ...first!,
    ...{
      id: k + 1,
      pid: 1000 + k,
      comm: `p${String.fromCharCode(97 + (k % 26))}${'x'.repeat(k / 26)}`,
    },
    owner: { user: 'root', cgroup: `/jobs/${k}` },
  }));
  source.picture = { ...source.picture, processes };
  source.info = { ...source.info, whole: 'all processes but the analyzer', targets: [] };
  const dashboard = new Dashboard(source, {
    theme: makeTheme({ colours: 0, ascii: true }),
    intervalMs: 1000,
  });
  expect(dashboard.view).toBe('processes');
  const area = { theme: dashboard.theme, columns: 120, height: 11 };
  dashboard.shown.layout!(area);
  expect(source.shown.looked.pids).toHaveLength(10);
  expect(source.shown.looked.cgroups).toEqual([]);
  dashboard.goTo(10);
  expect(dashboard.view).toBe('cgroups');
  dashboard.shown.layout!(area);
  expect(source.shown.looked.cgroups).toHaveLength(10);
});

test('of one process there is no view of cgroups', () => {
  const dashboard = new Dashboard(new FakeSource(), {
    theme: makeTheme({ colours: 0, ascii: true }),
    intervalMs: 1000,
  });
  expect(dashboard.view).toBe('regions');
  dashboard.goTo(10);
  expect(dashboard.view).toBe('regions');
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
