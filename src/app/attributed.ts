import type { Stacks, Symbols } from '../core/resolve/attribution';
import type { Depth } from '../core/resolve/counters';
import type { Options } from './options';

type Asked = Pick<Options, 'format' | 'report' | 'stacks' | 'symbols'>;

/** How much is counted, and the stream of faults, null for none. */
interface Shown {
  readonly depth: Depth;
  readonly stream: unknown;
}

/** Which code and call stacks the model names and counts: what something of this run shows. */
export function attributed(asked: Asked, shown: Shown): { symbols: Symbols; stacks: Stacks } {
  const stacks = stacksOf(asked, shown);
  return { symbols: symbolsOf(asked, shown.depth, stacks !== 'off'), stacks };
}

function symbolsOf({ symbols, report }: Asked, depth: Depth, stacks: boolean): Symbols {
  if (symbols) return 'faults';
  // Tables and counters of processes alone.
  if (depth === 'rows' && report === 'none' && !stacks) return 'off';
  return depth === 'totals' && !stacks ? 'off' : 'sites';
}

/** A recording has stacks without the model: what is only recorded costs it nothing. */
function stacksOf({ stacks, format }: Asked, { depth, stream }: Shown): Stacks {
  if (stacks === null) return 'off';
  // Such a stream is written when their names have come.
  if (stream !== null && format !== 'text') return 'faults';
  return depth === 'totals' && format !== 'folded' ? 'off' : 'count';
}
