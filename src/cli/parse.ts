import { OPTIONS } from './option-table';
import type { OptionSpec } from './option-table';

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
 * `--`, because what follows is a COMMAND with options of its own. Written by hand: mri permutes
 * operands, turns `0x10` into 16 and takes `-5` for a switch.
 */
export function parseArguments(args: readonly string[]): RawOptions {
  const given = new Map<string, string>();
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
  while (at < args.length) {
    const arg = args[at]!;
    if (arg === '--') return { given, operands: args.slice(at + 1), separated: true };
    if (!arg.startsWith('-') || arg === '-') break;
    at += 1;
    if (arg.startsWith('--')) {
      const equals = arg.indexOf('=');
      const shown = equals < 0 ? arg : arg.slice(0, equals);
      const spec = BY_LONG.get(shown.slice(2));
      if (spec === undefined) throw unknown(shown);
      if (spec.value === '') {
        if (equals >= 0) throw new UsageError(`option '${shown}' takes no value`);
        set(given, spec, '');
      } else {
        set(given, spec, equals < 0 ? valueOf(spec, shown) : arg.slice(equals + 1));
      }
      continue;
    }
    // -q, -qn5, -n 5: switches may be bundled, a value takes the rest.
    for (let k = 1; k < arg.length; k++) {
      const shown = `-${arg[k]!}`;
      const spec = BY_SHORT.get(arg[k]!);
      if (spec === undefined) throw unknown(arg.length === 2 ? arg : `${shown}' in '${arg}`);
      if (spec.value === '') {
        set(given, spec, '');
        continue;
      }
      const rest = arg.slice(k + 1);
      set(given, spec, rest === '' ? valueOf(spec, shown) : rest);
      break;
    }
  }
  return { given, operands: args.slice(at), separated: false };
}

function set(given: Map<string, string>, spec: OptionSpec, value: string): void {
  const before = spec.many === true ? given.get(spec.long) : undefined;
  given.set(spec.long, before === undefined ? value : `${before},${value}`);
}

function isOption(arg: string): boolean {
  if (arg.startsWith('--')) return BY_LONG.has(arg.slice(2).split('=')[0]!);
  return arg.length === 2 && arg.startsWith('-') && BY_SHORT.has(arg[1]!);
}

function unknown(shown: string): UsageError {
  return new UsageError(`unknown option '${shown}'`);
}
