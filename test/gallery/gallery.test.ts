import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../support/build';
import { PtyAnalyzer, PtyProgram } from '../support/pty';
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

/**
 * Pictures show no path of the machine that made them: what lies in the scratch directory is in /srv for the
 * programs. python3 is the system's, and no wrapper.
 */
function inSrv(directory: string, script: string): string {
  return `mount --bind ${directory} /srv && cd /srv && PATH=/usr/bin:$PATH ${script}`;
}

let scratch: string;
let scene: Scene | null = null;
let dashboard: PtyAnalyzer | null = null;
let peer: PtyProgram | null = null;
beforeEach(() => {
  scratch = scratchDirectory();
});
afterEach(async () => {
  await end();
  removeScratch(scratch);
});

/** What else one may look with, as it comes. */
const PEERS = [
  { name: 'htop', command: 'htop' },
  { name: 'btop', command: 'btop --utf-force' },
  { name: 'atop', command: 'atop -m 2' },
  { name: 'perf-top', command: 'perf top -e page-faults -p $!' },
] as const;

/** Keeps what a terminal shows as a picture. */
function keep(name: string, { terminal }: PtyProgram, theme: keyof typeof THEMES): void {
  mkdirSync(PICTURES, { recursive: true });
  const picture = svgOf(terminal, THEMES[theme]);
  const host = execFileSync('hostname', { encoding: 'utf8' }).trim();
  expect(picture).not.toMatch(new RegExp(`\\b${host}\\b|${scratch}|${ROOT}`));
  writeFileSync(join(PICTURES, `${name}.svg`), picture);
}

async function end(): Promise<void> {
  dashboard?.type('q');
  await dashboard?.exited;
  dashboard = null;
  peer?.kill();
  await peer?.exited;
  peer = null;
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
  const within = ['unshare', '--mount', 'sh', '-c', inSrv(scratch, 'exec "$0" "$@"')];
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
    keep(`${situation.name}-${columns}x${rows}-${theme}`, shown, theme);
  });

  test.each(PEERS)('what $name shows of the situation growth', async ({ name, command }) => {
    await SITUATIONS.find((situation) => situation.name === 'growth')!.start(scratch);
    // The machine has no other processes, and no name, for them.
    const script = `hostname host && HOME=/srv python3 grows.py & sleep 1; HOME=/srv exec ${command}`;
    const spaces = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--uts'];
    const under = ['unshare', ...spaces, 'sh', '-c', inSrv(scratch, `; ${script}`)];
    peer = new PtyProgram(under, 120, 35);
    await peer.shows(/grows\.py|python3/);
    await sleep(EXPOSURE_MS);
    await peer.text();
    keep(`growth-${name}`, peer, 'dark');
  });
}
