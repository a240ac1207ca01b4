import type { Effects, Options } from '../../app/options';
import { UsageError } from './parse';
import { choice, integer } from './values';

const DEFAULT_BUDGET = 2000;
const BUDGET_MAX = 1_000_000;
/** A period that the kernel takes, and that a fault is met in at all. */
const EVERY_MAX = 1_000_000;

/** What options say of call stacks, which show in some places only. Throws UsageError where one has no effect. */
export function stackOptions(
  given: ReadonlyMap<string, string>,
  format: Options['format'],
  report: Options['report'],
  effects: Effects,
): Pick<Options, 'stacks' | 'weigh' | 'dashboardOnly'> {
  const mode = choice('stacks', given.get('stacks'), ['fp', 'dwarf', 'off'] as const);
  const every = integer('stack-every', given.get('stack-every'), 1, EVERY_MAX);
  const budget = integer('stack-budget', given.get('stack-budget'), 1, BUDGET_MAX);
  const weigh = choice('weigh', given.get('weigh'), ['count', 'stall'] as const);
  const folded = format === 'folded';
  if (folded && given.has('tui')) {
    throw new UsageError('--tui and --format folded exclude each other');
  }
  if (folded && mode === 'off') {
    throw new UsageError('--format folded and --stacks off exclude each other');
  }
  if (weigh !== null && !folded)
    throw new UsageError('--weigh has no effect without --format folded');
  if (every !== null && budget !== null) {
    throw new UsageError('--stack-budget has no effect with --stack-every');
  }
  const copied = mode === 'dwarf';
  if (copied && given.has('input')) {
    throw new UsageError(
      '--stacks dwarf has no effect with -i: what was copied is in no recording',
    );
  }
  const wanted = mode === 'fp' || copied || folded;
  if (!wanted) {
    if (every !== null) throw new UsageError('--stack-every has no effect without --stacks fp');
    if (budget !== null) throw new UsageError('--stack-budget has no effect without --stacks fp');
    return { stacks: null, weigh: 'count', dashboardOnly: effects.dashboardOnly };
  }
  // The text stream, tables and the summary show none. What was copied is in no recording.
  const streamed = format !== 'text' && !given.has('quiet') && !given.has('batch');
  const shown = report !== 'none' || streamed || (!copied && given.has('record'));
  if (!shown && effects.view === 'stream') {
    throw new UsageError(
      `--stacks ${mode ?? 'fp'} shows with --format csv, ndjson or folded, with --report, in the dashboard` +
        (copied ? '' : ', and in recordings (--record)'),
    );
  }
  return {
    stacks: { every: every ?? 0, budget: budget ?? DEFAULT_BUDGET, copied },
    weigh: weigh ?? 'count',
    dashboardOnly: shown ? effects.dashboardOnly : [...effects.dashboardOnly, '--stacks'],
  };
}
