import { execFileSync } from 'node:child_process';
import { renderDashboard } from '../../../../src/tui/render';
import { Dashboard } from '../../../../src/tui/state/dashboard';
import { TOUR, tourStop } from '../../../../src/tui/state/tour';
import { makeTheme } from '../../../../src/tui/terminal/theme';
import { DEMO } from '../../../support/build';
import { cells } from '../../../support/cells';
import { FakeSource } from '../../../support/fake-source';
import { removeScratch, scratchDirectory } from '../../../support/scratch';

/** The phases that the demo itself says it has gone through. */
function phases(): { readonly names: readonly string[]; readonly lines: readonly string[] } {
  const scratch = scratchDirectory();
  try {
    const options = { encoding: 'utf8' } as const;
    const json = execFileSync(DEMO, ['--json', '--pages', '2', '--dir', scratch], options);
    const { rows } = JSON.parse(json) as { rows: { phase: string }[] };
    const text = execFileSync(DEMO, ['--pages', '2', '--dir', scratch], options);
    return { names: rows.map(({ phase }) => phase), lines: text.trimEnd().split('\n') };
  } finally {
    removeScratch(scratch);
  }
}

test('there is a stop for every phase of the demo, and none besides', () => {
  const { names, lines } = phases();
  expect(names.length).toBeGreaterThan(15);
  expect([...TOUR.keys()]).toEqual(names);
  names.forEach((name) => {
    const at = lines.findIndex((line) => line.startsWith(name.padEnd(20)));
    expect(tourStop(lines.slice(0, at + 1))).toBe(TOUR.get(name));
  });
  // The sum of a round, and the heading, are no phases.
  expect(tourStop(lines)).toBe(TOUR.get(names.at(-1)!));
  expect(tourStop(lines.slice(0, 1))).toBeNull();
  expect(tourStop([])).toBeNull();
});

test('each has room on 80 cells', () => {
  for (const { did, look } of TOUR.values()) {
    expect(` tour  just now it ${did}`.length).toBeLessThanOrEqual(80);
    expect(` look  ${look}`.length).toBeLessThanOrEqual(80);
  }
});

function screen(isDemo: boolean, rows: number): string[] {
  const source = new FakeSource();
  source.info = { ...source.info, isDemo };
  source.commandOutput = { lines: ['fork, child         [anon]  COW'], dropped: 0 };
  const theme = makeTheme({ colours: 0, ascii: true });
  const dashboard = new Dashboard(source, { theme, intervalMs: 1000 });
  dashboard.size = { columns: 80, rows };
  return renderDashboard(dashboard, 0).lines.map((line) => cells(line).trimEnd());
}

test('the tour stands above the tabs, of the demo alone, and where there is room', () => {
  const lines = screen(true, 24);
  const tabs = lines.findIndex((line) => line.startsWith('[1 Regions]'));
  expect(lines.slice(tabs - 2, tabs)).toEqual([
    ' tour  just now it forked, and the child wrote to what it shares',
    ' look  Processes (3): COW, in the child alone',
  ]);
  expect(lines).toHaveLength(24);
  for (const other of [screen(false, 24), screen(true, 16)]) {
    expect(other.join('\n')).not.toContain('just now it');
  }
});
