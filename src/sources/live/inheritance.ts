import type { Inheritance } from '../../native/contract';

export type { Inheritance } from '../../native/contract';

/** Without the launcher nothing is known, and a COMMAND gets what Node has. */
const UNKNOWN: LaunchNotes = {
  inherit: {
    nofile: null,
    ignored: 0n,
    blocked: 0n,
    descriptors: [],
    closed: [],
    environment: null,
  },
  lacking: [],
};

/** What a COMMAND is to get back, and what of it is not known. */
export interface LaunchNotes {
  readonly inherit: Inheritance;
  /** What could not be found out; COMMAND gets what Node has. */
  readonly lacking: readonly string[];
}

/** Reads what the launcher noted before Node started (addon/launch/notes.h has the format). */
export function readLaunchNotes(notes: Buffer | undefined): LaunchNotes {
  if (notes === undefined) return UNKNOWN;
  const end = notes.indexOf('\n');
  const fields = new Map(
    notes
      .toString('latin1', 0, end)
      .split(';')
      .map((field) => {
        const equals = field.indexOf('=');
        return [field.slice(0, equals), field.slice(equals + 1)] as const;
      }),
  );
  const list = (name: string): string[] =>
    (fields.get(name) ?? '').split(',').filter((item) => item !== '');
  return {
    inherit: {
      nofile: limits(fields.get('nofile') ?? ''),
      ignored: mask(fields.get('ignored')),
      blocked: mask(fields.get('blocked')),
      descriptors: list('fds').map((range) => {
        const [first, last] = range.split('-').map(Number);
        return [first!, last ?? first!];
      }),
      closed: list('closed').map(Number),
      environment: notes.subarray(end + 1),
    },
    lacking: list('lack'),
  };
}

function limits(text: string): Inheritance['nofile'] {
  if (text === '') return null;
  const [soft, hard] = text
    .split(':')
    .map((limit) => (limit === 'unlimited' ? Infinity : Number(limit)));
  return { soft: soft!, hard: hard! };
}

function mask(hex: string | undefined): bigint {
  return hex === undefined ? 0n : BigInt(`0x${hex}`);
}
