import { AnalyzerError } from '../core/facts/errors';
import type { Options } from '../app/options';
import { Outlets } from '../app/outlets';
import type { Patience } from '../app/outlets';
import { interruptibly } from './signals';
import { say } from './stderr';

/**
 * Opens output that may be a FIFO without a reader: SIGINT, SIGTERM, SIGHUP and the end of -d end the
 * waiting. null, with a note, after a signal: there is nothing to do any more, which is no error. Throws
 * AnalyzerError OUTPUT at the end of -d, whose data somebody wanted.
 */
export async function waitForReader<T>(
  { durationNs }: Pick<Options, 'durationNs'>,
  ignoreHangup: boolean,
  path: string | null,
  open: (patience: Patience) => Promise<T | null>,
): Promise<T | null> {
  const end = performance.now() + (durationNs ?? Infinity) / 1e6;
  return interruptibly(ignoreHangup, async (interrupt) => {
    const found = await open(() => !interrupt.aborted && performance.now() < end);
    if (found !== null) return found;
    if (!interrupt.aborted) {
      throw new AnalyzerError(
        'OUTPUT',
        `${path ?? ''}: nobody opened the FIFO to read it within -d`,
      );
    }
    say(`note: nobody opened ${path ?? ''} to read it: nothing was captured`);
    return null;
  });
}

/** The same for where a run writes: stdout, stderr, and the file of -o. */
export function openOutlets(
  options: Pick<Options, 'durationNs' | 'output'>,
  ignoreHangup: boolean,
): Promise<Outlets | null> {
  const { output } = options;
  return waitForReader(options, ignoreHangup, output, (patience) => Outlets.open(output, patience));
}
