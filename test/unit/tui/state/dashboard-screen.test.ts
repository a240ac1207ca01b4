import type { RegionRow } from '../../../../src/core/snapshot/snapshot';
import { closingText } from '../../../../src/tui/export/closing';
import { Dashboard } from '../../../../src/tui/state/dashboard';
import { makeTheme } from '../../../../src/tui/terminal/theme';
import { drawFrame, renderDashboard } from '../../../../src/tui/render';
import { cells } from '../../../support/cells';
import { FakeSource, HEADER, samplePicture } from '../../../support/fake-source';
import { process, region, snapshot, thread } from '../../../support/sample';
import { Bench } from '../../../support/dashboard-kit';

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
    // Right after `z` the kernel may have counted faults that nobody has taken yet.
    bench.source.picture = snapshot({ elapsed: 0.4e9 });
    bench.dashboard.refresh();
    expect(bench.text()).toContain('waiting for the first fault; the process is sleeping');
    expect(bench.text()).not.toContain('no fault yet');
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

describe('what is on the screen', () => {
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

  it('shows ERR on 80 columns where it is not 0, or the number that is asked for', () => {
    const heading = (bench: Bench): string =>
      bench.lines().find((line) => line.startsWith(' REGION'))!;
    const bench = new Bench(80, 24);
    expect(heading(bench)).not.toContain('ERR');
    bench.source.picture = snapshot({
      regions: [region({ id: 1, byClass: [0, 5, 0, 8] })],
      totals: { ...snapshot().totals, byClass: [0, 5, 0, 8] },
    });
    bench.dashboard.refresh();
    expect(heading(bench)).toContain('ERR');
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

  it('names the threads of one process, whatever gives way to it', () => {
    const bench = new Bench(80, 24).press('2');
    bench.source.picture = snapshot({
      threads: [
        thread({ id: 1, comm: 'worker-1' }),
        thread({ id: 2, tid: 7, comm: 'flusher' }),
      ].map((row) => ({ ...row, byClass: [1, 5, 2, 1], faults: 9 })),
    });
    bench.dashboard.refresh();
    expect(bench.text()).toMatch(/TID COMMAND .* ERR/);
    expect(bench.text()).toMatch(/7 flusher/);
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
    expect(bench.press('enter').text()).toContain('4,000 threads worker  ended');
    bench.press('escape', '3');
    expect(bench.rows()).toEqual(['x312', 'several']);
    expect(bench.press('enter').text()).toContain('312 processes cc1  ended');
    bench.press('escape', 'j');
    expect(bench.press('enter').text()).toContain('several processes [others]');
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
