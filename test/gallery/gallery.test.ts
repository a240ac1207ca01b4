import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../support/build';
import { PtyAnalyzer } from '../support/pty';
import { sleep } from '../support/running';
import { removeScratch, scratchDirectory } from '../support/scratch';
import { asked } from '../support/share';
import { SITUATIONS } from './situations';
import type { Scene, Situation } from './situations';
import { DARK, LIGHT, svgOf } from './svg';

const PICTURES = join(ROOT, 'docs', 'gallery');
const SIZES = [
  [80, 24],
  [120, 35],
  [200, 50],
] as const;
const THEMES = { dark: DARK, light: LIGHT } as const;
/** How long a picture's run goes on once the verdict is there: long enough for a graph with a shape. */
const EXPOSURE_MS = 8000;

let scratch: string;
let scene: Scene | null = null;
let dashboard: PtyAnalyzer | null = null;
beforeEach(() => {
  scratch = scratchDirectory();
});
afterEach(async () => {
  await end();
  removeScratch(scratch);
});

async function end(): Promise<void> {
  dashboard?.type('q');
  await dashboard?.exited;
  dashboard = null;
  for (const program of scene?.running ?? []) {
    program.kill('SIGKILL');
    await program.ended;
  }
  scene = null;
}

/** Runs a situation until the dashboard says what it is. */
async function look(
  situation: Situation,
  options: readonly string[],
  columns: number,
  rows: number,
): Promise<PtyAnalyzer> {
  scene = await situation.start(scratch);
  // Pictures show no path of the machine that made them; python3 is the system's, and no wrapper.
  const within = ['sh', '-c', `cd ${scratch} && PATH=/usr/bin:$PATH exec "$0" "$@"`];
  dashboard = new PtyAnalyzer([...options, ...scene.target], columns, rows, within);
  await dashboard.shows(situation.verdict);
  return dashboard;
}

// All of them, and their pictures: npm run trials -- test/gallery
const some = SITUATIONS.filter(({ needs }) => asked() !== '' || needs.length === 0);

test.each(some)('at 80x24 the dashboard says what it is: $name', async (situation) => {
  const shown = await look(situation, ['--interval', '0.5'], 80, 24);
  expect(await shown.text()).toMatch(situation.verdict);
});

if (asked() !== '') {
  const views = SITUATIONS.flatMap((situation) =>
    SIZES.flatMap((size) =>
      (['dark', 'light'] as const).map((theme) => ({
        situation,
        size,
        theme,
        name: situation.name,
      })),
    ),
  );
  test.each(views)('picture of $name, $size, $theme', async ({ situation, size, theme }) => {
    const [columns, rows] = size;
    const shown = await look(situation, ['--theme', theme], columns, rows);
    await sleep(EXPOSURE_MS);
    await shown.text();
    mkdirSync(PICTURES, { recursive: true });
    const picture = svgOf(shown.terminal, THEMES[theme]);
    const host = execFileSync('hostname', { encoding: 'utf8' }).trim();
    expect(picture).not.toMatch(new RegExp(`\\b${host}\\b`));
    writeFileSync(join(PICTURES, `${situation.name}-${columns}x${rows}-${theme}.svg`), picture);
  });
}
