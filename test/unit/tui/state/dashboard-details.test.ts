import { Cause, CAUSE_COUNT } from '../../../../src/core/classify/classes';
import { EventsView } from '../../../../src/tui/views/events';
import { samplePicture } from '../../../support/fake-source';
import { process, region, site, snapshot, stat, thread } from '../../../support/sample';
import { Bench } from '../../../support/dashboard-kit';
import { PlaceKind } from '../../../../src/core/code/address';
import type { CodeAddress, CodePlace } from '../../../../src/core/code/address';
import { bucketOf } from '../../../../src/core/stats/histogram';
import type { SharedRow, StackRow } from '../../../../src/core/snapshot/snapshot';

describe('what is opened', () => {
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

  it('the selection of causes and findings stays on what was selected when others pass by', () => {
    const bench = new Bench(120, 40);
    const { picture } = bench.source;
    /** All time goes to one cause, so that it comes first. */
    const costs = (cause: number): void => {
      const causeNs = picture.totals.causeNs.map((ns, k) => (k === cause ? 9e9 : ns));
      const regions = picture.regions.map((row) => ({
        ...row,
        byCause: row.byCause.map((n, k) => (k === cause ? 500 : n)),
        causeNs: row.causeNs.map((ns, k) => (k === cause ? 9e9 : ns)),
        stallNs: 9e9,
      }));
      bench.source.picture = { ...picture, regions, totals: { ...picture.totals, causeNs } };
      bench.dashboard.refresh();
    };
    const selected = (): string =>
      bench
        .lines()
        .find((line) => line.startsWith('> '))!
        .slice(2, 14);
    bench.press('4', 'down');
    const before = selected();
    costs(Cause.COW_ANON);
    expect(selected()).toBe(before);
    // Until somebody moves it, it is on the first.
    bench.press('home');
    expect(selected()).toMatch(/^cow-anon/);
    costs(Cause.FILE_READ);
    expect(selected()).toMatch(/^file-read/);
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

  it('shows in a detail and beside a table how long the faults of a row took, of this picture', () => {
    const took = (...latencies: readonly number[]): SharedRow['addLatencies'] => {
      return (counts) => {
        for (const ns of latencies) counts[bucketOf(ns)]! += 1;
        return latencies.length;
      };
    };
    const bench = new Bench(200, 50);
    // The same row, as those of a model are: only what it holds is another.
    const row = { ...thread({ faults: 4 }), addLatencies: took(1500, 2500, 2600, 9000) };
    bench.source.picture = snapshot({ threads: [row] });
    bench.dashboard.refresh();
    bench.press('2');
    const bars = (): readonly (readonly string[])[] =>
      [...bench.text().matchAll(/ (\d\S*-\d\S+s) ?(#*)\S*(?: (\d+ \S+%))?/g)].map(
        ([, range, bar, numbers = '']) => [range!, String(bar!.length), numbers],
      );
    const first = [
      ['1.0-2.0us', '21', '1 25.0%'],
      ['2.0-4.1us', '43', '2 50.0%'],
      ['4.1-8.2us', '0', ''],
      ['8.2-16.4us', '21', '1 25.0%'],
    ];
    expect(bars()).toEqual(first);
    // Between two pictures it stands, and is of the new one then.
    row.addLatencies = took(70_000);
    expect(bars()).toEqual(first);
    bench.dashboard.refresh();
    expect(bars()).toEqual([['65.5-131.1us', '43', '1 100.0%']]);
    expect(bench.press('enter').text()).toContain('65.5-131.1us');
  });

  it('shows the code of every event where there is room, and of the selected one elsewhere', () => {
    const place: CodePlace = {
      ...{ kind: PlaceKind.FILE, object: 'app', path: '/bin/app', era: 0, key: 'app' },
      ...{ pid: 0, vma: null, ancestors: [] },
    };
    const code = (name: string): CodeAddress => ({
      ...{ place, object: 'app', high: 0, low: 0x1a2b, code: 1 },
      frames: name === '' ? [] : [{ function: name, offset: 12, file: '/src/fill.cc', line: 118 }],
    });
    const shown = (columns: number, name: string): string[] => {
      const bench = new Bench(columns, 24);
      const { source } = bench;
      source.names = { ...source.names, code: () => code(name) };
      source.faults([
        [1, 0, Cause.FILE_READ, 0, 0, 4329, 8e8],
        [2, 2, Cause.COW_ANON, 1, 1, 4330, 1900],
      ]);
      bench.dashboard.refresh();
      return bench
        .press('6')
        .lines()
        .filter((line) => line.includes(name === '' ? 'app+' : 'fill+0xc'));
    };
    expect(shown(80, 'fill')).toEqual([' code     fill+0xc (fill.cc:118)  app']);
    expect(shown(80, '')).toEqual([' code     app+0x1a2b']);
    const wide = shown(200, 'fill');
    expect(wide.length).toBeGreaterThan(1);
    for (const line of wide) expect(line).toMatch(/ <- fill\+0xc \(fill\.cc:118\)$/);
  });

  it('says of a finding who called the code and who mapped the memory, the innermost calls', () => {
    const byCause = Array.from({ length: CAUSE_COUNT }, (_, k) =>
      k === Cause.DEMAND_ZERO ? 100 : 0,
    );
    const stats = { faults: 100, byCause, stallNs: 1e9 };
    const frames = ['main', ...Array.from({ length: 12 }, (_, k) => `caller_number_${k}`), 'fill'];
    const bench = new Bench(80, 24);
    bench.source.picture = snapshot({
      elapsed: 10e9,
      totals: stat(stats),
      regions: [region({ ...stats, id: 1, label: '[anon]' })],
      sites: [site({ ...stats, id: 2, label: 'fill' })],
      siteRegions: () => [{ id: 1, label: '[anon]', faults: 100 }],
      siteStacks: () => [{ comm: 'app', frames, faults: 100, stallNs: 1e9, sampled: 100 }],
      mappedBy: () => ['main', 'reserve', '__mmap'],
    });
    bench.dashboard.refresh();
    const lines = bench.press('9').lines();
    expect(lines).toContain('    mapped main;reserve');
    expect(lines).toContain('    code   fill');
    expect(lines).toContain(
      '    caller ...;caller_number_8;caller_number_9;caller_number_10;caller_number_11',
    );
  });

  it('shows the calls that led to code from its end, and from the root down', () => {
    const stack = (frames: readonly string[], faults: number): StackRow => ({
      ...{ comm: 'app', frames, faults, stallNs: faults * 1000, sampled: faults },
    });
    const bench = new Bench(120, 40);
    bench.source.picture = snapshot({
      sites: [site({ label: 'fill', faults: 100 })],
      siteStacks: () => [
        stack(['main', 'load', 'fill'], 70),
        stack(['main', 'serve', 'reply', 'fill'], 20),
        stack(['worker', 'reply', 'fill'], 10),
      ],
    });
    bench.dashboard.refresh();
    const tree = (): readonly string[] =>
      [...bench.text().matchAll(/ (\d+\.\d %) +\S+s {2}( *\S.*)$/gm)].map(
        ([, share, text]) => `${share!}${text!.trimEnd()}`,
      );
    bench.press('8', 'enter');
    expect(bench.text()).toMatch(/^ callers /m);
    expect(tree()).toEqual([
      '100.0 %fill',
      '70.0 %  load;main',
      '30.0 %  reply',
      '20.0 %    serve;main',
      '10.0 %    worker',
    ]);
    expect(bench.press('V').text()).toMatch(/^ callees /m);
    expect(tree()).toEqual([
      '90.0 %main',
      '70.0 %  load;fill',
      '20.0 %  serve;reply;fill',
      '10.0 %worker;reply;fill',
    ]);
    expect(bench.press('f5').text()).toMatch(/^ callers /m);
    expect(bench.text()).not.toContain('sampled stack');
  });

  it('says beside a tree of calls how many stacks it is estimated from', () => {
    const stack = (frames: readonly string[], faults: number, sampled: number): StackRow => ({
      ...{ comm: 'app', frames, faults, stallNs: faults * 1000, sampled },
    });
    const bench = new Bench(120, 40);
    const show = (stacks: readonly StackRow[]): void => {
      const sites = [site({ label: 'fill', faults: 9000 })];
      bench.source.picture = snapshot({ sites, siteStacks: () => stacks });
      bench.dashboard.refresh();
    };
    show([stack(['main', 'fill'], 6000, 3), stack(['worker', 'fill'], 2400, 1)]);
    bench.press('8', 'enter');
    expect(bench.text()).toContain(
      '~ estimated from 4 sampled stacks, each for about 2,100 faults',
    );
    show([stack(['main', 'fill'], 9000, 1)]);
    expect(bench.text()).toContain('~ estimated from 1 sampled stack, each for about 9,000 faults');
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
});

describe('events', () => {
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
    expect(bench.text()).toContain('none of the events that are kept and shown matches');
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
    expect(bench.text()).toContain('none of the events that are kept and shown matches');
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
});
