import { ENGINES, NO_COUNTERS } from '../../core/facts/capture-facts';
import type {
  CaptureFacts,
  CaptureMode,
  KernelCounts,
  RecordCounters,
} from '../../core/facts/capture-facts';
import { isNotice } from '../../core/facts/notices';
import type { NoticeFacts } from '../../core/facts/notices';
import { objectOf } from '../../core/text/json-object';
import type { JsonObject } from '../../core/text/json-object';
import { isCount } from './fact-values';

/** What a run has said of itself, in its recording: what it could see, what it could not, and how it ended. */

/** What of the mode no attribute of an event tells. */
export interface ModeFact {
  readonly kind: 'mode';
  readonly mode: RecordedMode;
}
export type RecordedMode = Pick<
  CaptureMode,
  'engine' | 'wide' | 'threads' | 'descriptors' | 'ringBytes'
>;

export interface NoticeFact {
  readonly kind: 'notice';
  readonly notice: NoticeFacts;
}

/** What the analyzer has started, by its words; the first of them where they are many. */
export interface CommandFact {
  readonly kind: 'command';
  readonly words: readonly string[];
}

/** Of a recording that is one file, when its capture had ended. */
export interface EndFact {
  readonly kind: 'end';
  /** ns since the session's start. */
  readonly stoppedNs: number;
  /** That were followed then. */
  readonly threads: number;
  readonly kernel: KernelCounts;
  /** Those that are not 0. */
  readonly records: Partial<RecordCounters>;
}

export type RunFact = ModeFact | NoticeFact | CommandFact | EndFact;

const MAX_DETAIL = 200;
const MAX_WORDS = 32;
const MAX_WORD = 200;
const COUNTERS = Object.keys(NO_COUNTERS) as readonly (keyof RecordCounters)[];

export function modeFact({ engine, wide, threads, descriptors, ringBytes }: CaptureMode): ModeFact {
  const mode = { wide, threads, descriptors, ringBytes };
  return { kind: 'mode', mode: engine === undefined ? mode : { ...mode, engine } };
}

export function commandFact(command: readonly string[]): CommandFact {
  const words = command.slice(0, MAX_WORDS).map((word) => word.slice(0, MAX_WORD));
  return { kind: 'command', words };
}

/** `dropped`: records that are missing in the recording, so that nothing is equal to what the kernel has counted. */
export function endFact(facts: CaptureFacts, stoppedNs: number, dropped: number): EndFact {
  const { records, kernel, mode } = facts;
  // What found no room on its way to the tables is in the recording all the same.
  const recorded = {
    ...records,
    ...{ mailboxMinor: 0, mailboxMajor: 0, mailboxUnresolved: 0, mailboxRecords: 0 },
  };
  const told = COUNTERS.filter((name) => recorded[name] !== 0);
  return {
    kind: 'end',
    stoppedNs: Math.round(stoppedNs),
    threads: mode.threads,
    kernel: { ...kernel, exact: kernel.exact && dropped === 0 },
    records: Object.fromEntries(told.map((name) => [name, recorded[name]])),
  };
}

/** null for what is none. */
export function parseRunFact(fact: JsonObject): RunFact | null {
  switch (fact.kind) {
    case 'mode':
      return modeOf(objectOf(fact.mode));
    case 'notice':
      return noticeOf(objectOf(fact.notice));
    case 'command':
      return commandOf(fact.words);
    case 'end':
      return endOf(fact);
    default:
      return null;
  }
}

function modeOf(value: JsonObject | null): ModeFact | null {
  if (value === null) return null;
  const { wide, threads, descriptors, ringBytes } = value;
  if (!isCount(threads) || !isCount(descriptors) || !isCount(ringBytes)) return null;
  const engine = ENGINES.find((name) => name === value.engine);
  const mode = { wide: wide === true, threads, descriptors, ringBytes };
  return { kind: 'mode', mode: engine === undefined ? mode : { ...mode, engine } };
}

function noticeOf(value: JsonObject | null): NoticeFact | null {
  if (value === null) return null;
  const { code, errno, detail } = value;
  if (!isNotice(code) || !isCount(errno) || typeof detail !== 'string') return null;
  return detail.length > MAX_DETAIL ? null : { kind: 'notice', notice: { code, errno, detail } };
}

function commandOf(words: unknown): CommandFact | null {
  if (!Array.isArray(words) || words.length === 0 || words.length > MAX_WORDS) return null;
  const isWord = (word: unknown): word is string =>
    typeof word === 'string' && word.length <= MAX_WORD;
  return words.every(isWord) ? { kind: 'command', words } : null;
}

function endOf({ stoppedNs, threads, kernel, records }: JsonObject): EndFact | null {
  const [counts, counters] = [objectOf(kernel), objectOf(records)];
  if (!isCount(stoppedNs) || !isCount(threads)) return null;
  if (counts === null || counters === null) return null;
  const { minor, major, exact } = counts;
  if (!isCount(minor) || !isCount(major)) return null;
  // -1: the kernel does not tell.
  const told = COUNTERS.filter(
    (name) =>
      isCount(counters[name]) ||
      (counters[name] === -1 && (name === 'lostMinor' || name === 'lostMajor')),
  );
  return {
    kind: 'end',
    stoppedNs,
    threads,
    kernel: { minor, major, exact: exact === true },
    records: Object.fromEntries(told.map((name) => [name, counters[name] as number])),
  };
}
