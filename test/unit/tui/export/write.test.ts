import { FAULT_FIELDS } from '../../../../src/core/columns/fault-fields';
import { Dashboard } from '../../../../src/tui/state/dashboard';
import { handleKeys } from '../../../../src/tui/keys/keys';
import { renderDashboard } from '../../../../src/tui/render';
import { makeTheme } from '../../../../src/tui/terminal/theme';
import { cells } from '../../../support/cells';
import { FakeSource } from '../../../support/fake-source';

/** A dashboard whose keys write what is shown into files of the fake source. */
class Writer {
  readonly source = new FakeSource();
  readonly dashboard: Dashboard;

  constructor() {
    this.source.commandOutput = { lines: ['one', 'two\ttabs'], dropped: 3 };
    this.source.faults([
      [1, 0, 2, 0, 0, 4329, 8e8],
      [2, 2, 6, 2, 1, 4330, -1],
    ]);
    const theme = makeTheme({ colours: 16, ascii: true });
    this.dashboard = new Dashboard(this.source, { theme, intervalMs: 1000 });
    this.dashboard.size = { columns: 120, rows: 40 };
    this.dashboard.refresh();
  }

  press(...keys: string[]): this {
    const host = {
      quit: () => 0,
      suspend: () => 0,
      redraw: () => 0,
      save: () => ({ ok: true, words: '' }),
    };
    handleKeys(this.dashboard, host, keys, 0);
    return this;
  }

  /** Writes what is shown, and returns what is in the file. */
  file(name: string): string {
    this.press('w', 'C-u', ...Array.from(name), 'enter');
    expect(this.dashboard.mode.type).toBe('normal');
    return this.source.saved.get(name)!;
  }

  json(): Record<string, unknown> & { rows: Record<string, unknown>[] } {
    return JSON.parse(this.file('x.json')) as ReturnType<Writer['json']>;
  }
}

const VIEWS = ['1', '2', '3', '4', '5', '6', '7', '8'];
const OPENED = [
  ['1', 'enter'],
  ['2', 'enter'],
  ['3', 'enter'],
];

describe('w', () => {
  it('writes events with the fields of the stream: numbers, null, and the section apart', () => {
    const { rows } = new Writer().press('6').json();
    expect(Object.keys(rows[0]!)).toEqual([...FAULT_FIELDS.map(({ id }) => id), 'sampled_share']);
    expect(rows[0]).toMatchObject({
      time_ns: 1e9,
      pid: 4321,
      address: '0x7f3a113f2000',
      latency_ns: 8e8,
      section: null,
      file_offset: 0x3f2000,
      error_code: 0,
      sampled_share: 1,
    });
    expect(rows[1]).toMatchObject({
      region: 'libc.so.6',
      section: '.data',
      file: null,
      latency_ns: null,
      file_offset: null,
    });
  });

  it.each([...VIEWS.map((key) => [key]), ...OPENED])(
    'text of %j is what is shown there',
    (...keys) => {
      const writer = new Writer().press(...keys);
      const text = writer.file('x.txt');
      expect(text).toContain('Summary: major=12');
      // Every line of the body of the screen is in the file, in full.
      const lines = renderDashboard(writer.dashboard, 1e9).lines.map((line) =>
        // Of the first cell some rows have the mark of the selection.
        cells(line).slice(1).trim(),
      );
      const tabs = lines.findIndex((line) => line.includes('1 Regions'));
      const events = lines.findIndex((line) => line.startsWith('- events'));
      // The events below a table have a view of their own.
      const end = keys.length > 1 || events <= tabs + 1 ? -1 : events;
      const body = lines.slice(tabs + 1, end).filter((line) => line !== '');
      expect(body.length).toBeGreaterThan(1);
      for (const line of body) expect(text).toContain(line);
      expect(text).not.toContain('\x1b');
    },
  );

  it('writes the same rows as CSV and as JSON, in every view and drill-down', () => {
    for (const keys of [...VIEWS.map((key) => [key]), ...OPENED]) {
      const writer = new Writer().press(...keys);
      const { rows } = writer.json();
      const [head, ...lines] = writer.file('x.csv').split('\r\n\r\n')[0]!.trim().split('\r\n');
      expect(head!.split(',')).toEqual(Object.keys(rows[0]!));
      expect(lines).toHaveLength(rows.length);
    }
  });

  it('writes all of a drill-down: row, places, threads, causes, history and events', () => {
    const region = new Writer().press('enter').json();
    expect(region.table).toBe('region');
    expect(region.rows).toHaveLength(1);
    expect(region.rows[0]).toMatchObject({ label: 'data.db', major: 11 });
    expect(region.places).toHaveLength(64);
    expect(region.threads).toContainEqual({
      tid: 4329,
      pid: 4321,
      comm: 'checkpointer',
      faults: 440,
    });
    expect(region.causes).toHaveLength(2);
    expect(region.history).toHaveLength(20);
    expect(region.events).toHaveLength(1);
    expect(new Writer().press('2', 'enter').json()).toMatchObject({ table: 'thread' });
  });

  it('writes the help from within the help', () => {
    const writer = new Writer().press('?');
    expect(writer.file('x.txt')).toContain('draw the whole screen anew');
    expect(writer.press('?').json().rows).toContainEqual({
      keys: 'Ctrl-L',
      action: 'redraw',
      help: 'draw the whole screen anew',
    });
    writer.press('?', 'w', 'enter');
    expect(writer.source.saved.has('pagefault-help.txt')).toBe(true);
  });

  it('says what its numbers are of', () => {
    const writer = new Writer().press('/', ...Array.from('class:major'), 'enter', 'n');
    const { filter, hidden, notes } = writer.json();
    expect([filter, hidden]).toEqual(['class:major', 'MINOR']);
    expect(notes).toContainEqual(expect.stringContaining('chooses rows'));
    expect(writer.file('x.txt')).toContain('chooses rows');
  });
});
