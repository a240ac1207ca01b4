import { verdictView } from '../../../../src/tui/frame/verdict';
import { makeTheme } from '../../../../src/tui/terminal/theme';
import { cells } from '../../../support/cells';
import { Bench } from '../../../support/dashboard-kit';

const theme = makeTheme({ colours: 0, ascii: true });
const { picture } = new Bench().dashboard.scene;

/** The line of a JVM that touches its heap. */
function said(columns: number, stallShare: number): string {
  const finding = {
    id: 'demand-zero',
    brief: 'first touch of fresh memory',
    advice: 'reuse memory',
    figures: { stallNs: 1e9, stallShare },
    hugePages: null,
    regions: ['[anon]'],
    processes: ['java 29652'],
  };
  const level = 'problem';
  const verdict = { level, share: stallShare, isNow: true, finding, part: 1 } as const;
  return cells(verdictView(theme, columns, { ...picture, verdict })).trimEnd();
}

test('at every width it names cause, region and process, and of what its percentage is', () => {
  for (let columns = 70; columns <= 140; columns++) {
    const line = said(columns, 0.57);
    expect(line).toMatch(/^ PROBLEM {2}first touch of fresh memory in \[anon\] of java 29652/);
    expect(line).not.toMatch(/%(?! of (a|one) thread|$)/);
    expect(line).toMatch(/: stall 57 %$|%? of (a|one) thread|29652$/);
  }
  expect([140, 80, 79, 73].map((columns) => said(columns, 0.57).split(': ')[1])).toEqual([
    "57.0 % of one thread's time now; reuse memory",
    '57 % of a thread',
    '57 % of a thread',
    'stall 57 %',
  ]);
});

test('a share below a tenth keeps its decimal, and more than a thread are threads', () => {
  expect(said(81, 0.034)).toContain('29652: 3.4 % of a thread');
  expect(said(80, 1.26)).toContain('29652: 1.3 threads');
});
