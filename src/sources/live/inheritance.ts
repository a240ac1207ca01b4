import type { Inheritance } from '../../native/contract';

export type { Inheritance } from '../../native/contract';

/** Without the launcher nothing is known, and a COMMAND gets what Node has. */
const UNKNOWN: Inheritance = {
  nofile: null,
  ignored: 0n,
  blocked: 0n,
  descriptors: [],
  closed: [],
  drop: [],
  give: [],
};

/** What a COMMAND cannot get back, in numbers. */
export interface LaunchNotes {
  readonly inherit: Inheritance;
  /** Variables too large to be kept for it. */
  readonly variablesLeft: number;
  /** What could not be found out; COMMAND gets what Node has. */
  readonly lacking: readonly string[];
}

/** Reads what bin/pagefault-analyzer noted before Node started (addon/launch/launch.c has the format). */
export function readLaunchNotes(notes: string): LaunchNotes {
  const fields = new Map(
    notes.split(';').map((field) => {
      const equals = field.indexOf('=');
      return [field.slice(0, equals), field.slice(equals + 1)] as const;
    }),
  );
  const list = (name: string): string[] =>
    (fields.get(name) ?? '').split(',').filter((item) => item !== '');
  return {
    inherit: {
      ...UNKNOWN,
      nofile: limits(fields.get('nofile') ?? ''),
      ignored: mask(fields.get('ignored')),
      blocked: mask(fields.get('blocked')),
      descriptors: list('fds').map((range) => {
        const [first, last] = range.split('-').map(Number);
        return [first!, last ?? first!];
      }),
      closed: list('closed').map(Number),
      drop: list('drop').map((name) => decoded(name).toString()),
      give: list('give').map(decoded),
    },
    variablesLeft: Number(fields.get('left') ?? 0),
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

/** %25 and the like as the bytes they stand for. */
function decoded(text: string): Buffer {
  return Buffer.from(
    text.replace(/%([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  );
}
