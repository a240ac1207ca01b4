import mri from 'mri';
import { OPTIONS } from './table';
import type { OptionSpec } from './table';

/** A mistake on the command line: one line for stderr, exit status 2. */
export class UsageError extends Error {}

/** Options as written, and what follows them. */
export interface RawOptions {
  /** By long name: '' for a switch; the last value, or all of them joined by commas (`many`). */
  readonly given: ReadonlyMap<string, string>;
  readonly operands: readonly string[];
  /** The operands came after `--`. */
  readonly separated: boolean;
}

const BY_LONG: ReadonlyMap<string, OptionSpec> = new Map(OPTIONS.map((o) => [o.long, o]));
const BY_SHORT: ReadonlyMap<string, OptionSpec> = new Map(
  OPTIONS.filter((o) => o.short !== '').map((o) => [o.short, o]),
);

/**
 * Splits a command line as getopt_long(3) with a leading '+' does: options end at the first operand or at
 * `--`, because what follows is a COMMAND with options of its own. mri reads the options; it is given
 * them alone, since it would look for ours among COMMAND's. Throws UsageError.
 */
export function parseArguments(args: readonly string[]): RawOptions {
  const { words, end } = optionWords(args);
  // oxlint-disable-next-line pagefault/names-are-data -- mri's own type; its keys are those of OPTIONS
  const parsed: mri.Argv<Record<string, unknown>> = mri(words, {
    string: OPTIONS.filter(takesValue).map((spec) => spec.long),
    boolean: OPTIONS.filter((spec) => !takesValue(spec)).map(keyOf),
    alias: Object.fromEntries(OPTIONS.map((spec) => [keyOf(spec), spec.short || []])),
    unknown: (flag) => {
      throw unknownOption(flag);
    },
  });
  const given = new Map<string, string>();
  for (const spec of OPTIONS) {
    const value = parsed[keyOf(spec)];
    if (value === undefined) continue;
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (!takesValue(spec)) {
      // Of --symbols and --no-symbols, too, the last one counts.
      if (values.at(-1) === !isNegative(spec)) given.set(spec.long, '');
    } else given.set(spec.long, spec.many === true ? values.join(',') : String(values.at(-1)));
  }
  const separated = args[end] === '--';
  return { given, operands: args.slice(separated ? end + 1 : end), separated };
}

/**
 * The options as words that mri cannot misread, and the index behind them. Left to itself it takes `-5`
 * for a switch and what follows `--name=` for its value, reads `---q` as -q and `--no-quiet` as an
 * option, and does not tell a missing value from an empty one.
 */
function optionWords(args: readonly string[]): {
  readonly words: string[];
  readonly end: number;
} {
  const words: string[] = [];
  let at = 0;
  const valueOf = (spec: OptionSpec, shown: string): string => {
    const next = args[at];
    // An option in the place of a value means that the value was forgotten; `--name=-value` forces it.
    if (next === undefined || next === '--' || isOption(next)) {
      throw new UsageError(`option '${shown}' needs a value: ${spec.value}`);
    }
    at += 1;
    return next;
  };
  const pushValue = (spec: OptionSpec, value: string): void => {
    if (value === '') words.push(`--${spec.long}`, '');
    else words.push(`--${spec.long}=${value}`);
  };
  while (at < args.length) {
    const arg = args[at]!;
    if (arg === '--' || arg === '-' || !arg.startsWith('-')) break;
    at += 1;
    if (arg.startsWith('--')) {
      const equals = arg.indexOf('=');
      const shown = equals < 0 ? arg : arg.slice(0, equals);
      const spec = BY_LONG.get(shown.slice(2));
      if (spec === undefined) throw unknownOption(shown);
      if (takesValue(spec))
        pushValue(spec, equals < 0 ? valueOf(spec, shown) : arg.slice(equals + 1));
      else if (equals < 0) words.push(arg);
      else throw new UsageError(`option '${shown}' takes no value`);
      continue;
    }
    // -q, -qn5, -n 5: switches may be bundled, a value takes the rest.
    for (let k = 1; k < arg.length; k++) {
      const shown = `-${arg[k]!}`;
      const spec = BY_SHORT.get(arg[k]!);
      if (spec === undefined) throw unknownOption(arg.length === 2 ? arg : `${shown}' in '${arg}`);
      if (!takesValue(spec)) {
        words.push(shown);
        continue;
      }
      pushValue(spec, arg.slice(k + 1) || valueOf(spec, shown));
      break;
    }
  }
  return { words, end: at };
}

function takesValue(spec: OptionSpec): boolean {
  return spec.value !== '';
}

/** Name under which mri returns an option: it reads `--no-children` as `children` being false. */
function keyOf(spec: OptionSpec): string {
  return isNegative(spec) ? spec.long.slice(3) : spec.long;
}

function isNegative(spec: OptionSpec): boolean {
  return spec.long.startsWith('no-');
}

function isOption(arg: string): boolean {
  if (arg.startsWith('--')) return BY_LONG.has(arg.slice(2).split('=')[0]!);
  return arg.length === 2 && arg.startsWith('-') && BY_SHORT.has(arg[1]!);
}

function unknownOption(shown: string): UsageError {
  return new UsageError(`unknown option '${shown}'`);
}
