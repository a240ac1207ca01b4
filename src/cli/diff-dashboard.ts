import { isatty } from 'node:tty';
import { ComparisonSource } from '../app/comparison-source';
import { Outlets } from '../app/outlets';
import type { Options } from '../app/options';
import type { Compared } from '../core/compare/run-facts';
import type { Comparisons } from '../tui/state/source';
import { UsageError } from './options/parse';
import { appOptions } from './parting';
import { show } from './screen';
import type { Startup } from './startup';

/** Throws UsageError where there is nobody who could look at it: that is known before anything is read. */
export function needsTerminal(): void {
  const term = process.env.TERM ?? '';
  if (!isatty(0) || !isatty(1)) throw new UsageError('--tui needs a terminal on stdin and stdout');
  if (term === '' || term === 'dumb') {
    throw new UsageError(`--tui: TERM=${term === '' ? "''" : term} cannot show the dashboard`);
  }
}

/** A comparison on a screen, at first by what was asked for. False where something went wrong, which is said. */
export async function showComparison(
  comparisons: Comparisons,
  by: Compared,
  options: Options,
  { ignoreHangup }: Startup,
): Promise<boolean> {
  const outlets = new Outlets();
  const source = new ComparisonSource(comparisons, outlets);
  const looks = appOptions(options);
  const { theme, mouse } = looks.settings ?? {};
  return show({
    source,
    // How runs are looked at says nothing here but for these.
    options: {
      ...looks,
      settings: { view: `diff-${by}`, ...(theme && { theme }), ...(mouse && { mouse }) },
    },
    ...{ outlets, dump: null, ignoreHangup },
    close: () => {
      source.close();
    },
  });
}
