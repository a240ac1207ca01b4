import type { HugePageFacts } from '../../core/facts/huge-pages';
import type { JsonObject } from '../../core/text/json-object';
import { objectOf } from '../../core/text/json-object';
import { isCount } from './fact-values';

/** Part of what a look for userfaultfd has found in a process. */
export interface GuardsFact {
  readonly kind: 'guards';
  readonly pid: number;
  /** The model had come so far when it took the answer over: ns of the file's time. */
  readonly after: number;
  /** See GuardAnswer; ns of the file's time. */
  readonly asOf: number;
  readonly bySelf: boolean;
  /** Three numbers each: start page, end page, bits of Guard. */
  readonly ranges: readonly number[];
  /** The rest is in the next fact. */
  readonly more: boolean;
}

/** What smaps and the machine's settings said of a mapping. */
export interface MemoryFact {
  readonly kind: 'memory';
  readonly pid: number;
  /** As in GuardsFact. */
  readonly after: number;
  readonly facts: HugePageFacts;
}

/** null for what is none. */
export function parseLook(fact: JsonObject): GuardsFact | MemoryFact | null {
  const { kind, pid, after } = fact;
  if (!isCount(pid) || !isCount(after)) return null;
  if (kind === 'memory') {
    const facts = memoryOf(objectOf(fact.facts));
    return facts === null ? null : { kind, pid, after, facts };
  }
  const { asOf, bySelf, ranges, more } = fact;
  if (kind !== 'guards' || !isCount(asOf) || !Array.isArray(ranges)) return null;
  if (ranges.length % 3 !== 0 || !ranges.every(isCount)) return null;
  return { kind, pid, after, asOf, bySelf: bySelf === true, ranges, more: more === true };
}

function memoryOf(value: JsonObject | null): HugePageFacts | null {
  if (value === null) return null;
  const { start, end, resident, huge, pageSize, eligible, enabled, defrag } = value;
  if (![start, end, resident, huge, pageSize].every(isCount)) return null;
  if (!isSetting(enabled) || !isSetting(defrag)) return null;
  return {
    ...({ start, end, resident, huge, pageSize } as Pick<HugePageFacts, Sizes>),
    eligible: typeof eligible === 'boolean' ? eligible : null,
    advised: value.advised === true,
    refused: value.refused === true,
    enabled,
    defrag,
  };
}

type Sizes = 'start' | 'end' | 'resident' | 'huge' | 'pageSize';

/** The word of a file below /sys that holds: it is printed. */
function isSetting(value: unknown): value is string {
  return typeof value === 'string' && /^[\w+]{0,32}$/.test(value);
}
