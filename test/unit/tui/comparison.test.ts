import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ComparisonSource } from '../../../src/app/comparison-source';
import { COMPARISON_WORDS } from '../../../src/core/columns/words';
import { KEYMAP } from '../../../src/tui/keys/keymap';
import { eightRuns, twoRuns } from '../../support/comparison-kit';
import { Bench } from '../../support/dashboard-kit';

/** Its name is cut where there is less room. */
const NEW = 'new.db with a long name, which says much';

const bench = (source = twoRuns(), columns = 120, rows = 30): Bench<ComparisonSource> =>
  new Bench(columns, rows, source);

/** Names of the rows below the heading, TOTAL first. */
function names(of: Bench<ComparisonSource>): string[] {
  const lines = of.lines();
  const head = lines.findIndex((line) => /^ (REGION|CALL-SITE|CAUSE|PROCESS)[ ^v]/.test(line));
  return lines
    .slice(head + 1, -1)
    .filter((line) => line !== '')
    .map((line) => line.slice(1).split(/ {2,}/)[0]!)
    .map((name) => (name.startsWith('new.db') ? NEW : name));
}

const line = (of: Bench<ComparisonSource>, name: string): string =>
  of.lines().find((text) => text.slice(1).startsWith(name))!;

describe('two runs in the dashboard', () => {
  it('shows rows by how much they have changed, per second, TOTAL above them', () => {
    const shown = bench();
    // us of stall a second: heap 3000 -> 150, new.db 0 -> 93000, old.db 2667 -> 0, libc 200 -> 198.
    expect(names(shown)).toEqual(['TOTAL', NEW, '[heap]', 'old.db', 'libc.so.6 .text', '[stack]']);
    expect(line(shown, '[heap]')).toMatch(/ 3\.0ms +150\.0us +-2\.9ms +-95\.0 /);
    expect(line(shown, 'new.db')).toMatch(/ \. +93\.0ms +\+93\.0ms +- .*NEW/);
    expect(line(shown, 'old.db')).toMatch(/GONE$/);
    expect(line(shown, 'libc')).toMatch(/ ~$/);
    expect(line(shown, 'TOTAL')).toMatch(/\+/);
    const head = shown.lines().slice(0, 4).join('\n');
    expect(head).toMatch(/per second/);
    expect(head).toMatch(/A .*before\.json.*60\.000 s, 92,520 faults \(1,542\/s\)/);
    expect(head).toMatch(/B .*after\.json.*30\.000 s, 35,765 faults.*LOST 17/s);
    expect(head).toMatch(/differs: B only: no COW/);
  });

  it('sorts by every column, and by the size of a change', () => {
    const shown = bench();
    shown.press('S', 'home', 'enter');
    // By name.
    expect(names(shown)).toEqual(['TOTAL', '[heap]', '[stack]', 'libc.so.6 .text', NEW, 'old.db']);
    shown.press('>', '>', '>', '>');
    // By percent: what is new first, then what is gone.
    expect(names(shown).slice(1, 4)).toEqual([NEW, 'old.db', '[heap]']);
    shown.press('r');
    expect(names(shown).slice(-1)).toEqual([NEW]);
    expect(names(shown)[0]).toBe('TOTAL');
  });

  it('groups by another thing with Tab and numbers', () => {
    const shown = bench();
    shown.press('tab');
    expect(shown.text()).toContain('[2 Call sites]');
    shown.press('3');
    // Causes have no stall of their own: they are sorted by faults.
    expect(names(shown)).toEqual(['TOTAL', 'demand-zero']);
    expect(line(shown, 'demand-zero')).toMatch(/ - +- +- +- +1,542 /);
    expect(shown.text()).toContain('sort: FAULTS B-A');
    shown.press('4');
    expect(names(shown)[1]).toEqual(expect.stringMatching(/^of new/));
    shown.press('tab');
    expect(names(shown)[1]).toBe(NEW);
  });

  it('filters names; what is no name it refuses', () => {
    const shown = bench();
    shown.press('/').type('db').press('enter');
    expect(names(shown)).toEqual(['TOTAL', NEW, 'old.db']);
    expect(shown.text()).toMatch(/filter: db.*2 of 5 rows; TOTAL is of all/);
    shown.press('/', 'C-u').type('not ~^.lib or stack').press('enter');
    expect(names(shown)).toHaveLength(6);
    shown.press('/', 'C-u').type('class:major').press('enter');
    expect(shown.text()).toMatch(/names are known alone/);
    shown.press('escape', 'backspace');
    expect(names(shown)).toHaveLength(6);
  });

  it('hides what chance does, and says so', () => {
    const shown = bench();
    shown.press('x');
    expect(names(shown)).not.toContain('libc.so.6 .text');
    expect(shown.text()).toMatch(/~ hidden/);
    shown.press('x');
    expect(names(shown)).toContain('libc.so.6 .text');
  });

  it('shows a row in each run, of the whole run', () => {
    const shown = bench(eightRuns(), 120, 40);
    shown.press('j', 'enter');
    const text = shown.text();
    expect(text).toMatch(/A1 +90,000 +180\.0ms +1\.0us +10\.0us .*before-1\.json/);
    expect(text).toMatch(/B4 +4,635 +4\.6ms .*after-4\.json/);
    expect(text).toMatch(/ p +0\.029 /);
    shown.press('escape', 'home');
    expect(shown.text()).toContain('>new.db');
  });

  it('writes its rows as text, CSV and JSON, TOTAL first', () => {
    const scratch = mkdtempSync(join(tmpdir(), 'pagefault-diff-'));
    try {
      const write = (name: string): string => {
        const file = join(scratch, name);
        bench().press('w', 'C-u').type(file).press('enter');
        return readFileSync(file, 'utf8');
      };
      expect(write('a.txt')).toMatch(/^A +\/srv\/runs\/before\.json: [^]*\n\n REGION [^]*TOTAL/);
      const [heading, total, first] = write('a.csv').split('\r\n');
      expect(heading).toMatch(/^name,stall_a,stall_b,.*,presence,same,p$/);
      expect(total).toMatch(/^TOTAL,/);
      expect(first).toMatch(/^"new\.db with a long name, which says much",0,93000000,.*,new,0,$/);
      const document = JSON.parse(write('a.json')) as { rows: object[]; per_second: boolean };
      expect(document.per_second).toBe(true);
      expect(document.rows[2]).toMatchObject({
        name: '[heap]',
        presence: 'both',
        same: 0,
        p: null,
      });
    } finally {
      rmSync(scratch, { recursive: true });
    }
  });

  it('has keys for what a comparison is, and no others', () => {
    const shown = bench();
    const before = shown.text();
    for (const { keys, comparedHelp } of KEYMAP) {
      if (comparedHelp === undefined) for (const key of keys) shown.press(key);
    }
    expect(shown.text()).toBe(before);
    shown.press('h');
    const help = Array.from({ length: 8 }, () => {
      const page = shown.text();
      shown.press('pagedown');
      return page;
    }).join('\n');
    for (const { title } of COMPARISON_WORDS.words) expect(help).toContain(title);
    expect(help).not.toMatch(/freeze|MAJOR|recording/);
  });

  it.each([
    [40, 8],
    [80, 24],
    [200, 50],
    [300, 90],
  ])('fits a screen of %i x %i', (columns, rows) => {
    const shown = bench(eightRuns(), columns, rows);
    expect(shown.lines()).toHaveLength(rows);
    expect(shown.text()).toContain('TOTAL');
    expect(shown.text()).toContain('>new.db');
  });
});
