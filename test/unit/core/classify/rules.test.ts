import { FaultFlag } from '../../../../src/core/wire/batch';
import { CAUSE_NAMES, CLASS_NAMES } from '../../../../src/core/classify/classes';
import { FaultRules, Guard, Memory, ruleIndex } from '../../../../src/core/classify/rules';

/** A mapping in the words of docs/classes.md, not of the tables. */
interface Mapping {
  readonly name: string;
  readonly memory: number;
  readonly known: boolean;
  readonly private: boolean;
  readonly kind: 'anon' | 'file' | 'shm' | 'anon-huge' | 'huge' | 'device';
}

const MAPPINGS: readonly Mapping[] = [
  { name: 'heap', memory: Memory.PRIVATE_ANON, known: true, private: true, kind: 'anon' },
  { name: 'libc.so.6', memory: Memory.PRIVATE_FILE, known: true, private: true, kind: 'file' },
  { name: 'data.db', memory: Memory.SHARED_FILE, known: true, private: false, kind: 'file' },
  { name: 'private memfd', memory: Memory.PRIVATE_SHM, known: true, private: true, kind: 'shm' },
  { name: 'memfd', memory: Memory.SHARED_SHM, known: true, private: false, kind: 'shm' },
  {
    name: 'MAP_HUGETLB',
    memory: Memory.PRIVATE_ANON_HUGE,
    known: true,
    private: true,
    kind: 'anon-huge',
  },
  { name: 'private huge', memory: Memory.PRIVATE_HUGE, known: true, private: true, kind: 'huge' },
  { name: 'huge', memory: Memory.SHARED_HUGE, known: true, private: false, kind: 'huge' },
  { name: '/dev/mem', memory: Memory.PRIVATE_DEVICE, known: true, private: true, kind: 'device' },
  { name: 'dri', memory: Memory.SHARED_DEVICE, known: true, private: false, kind: 'device' },
  { name: '[vdso]', memory: Memory.SPECIAL, known: true, private: true, kind: 'file' },
  { name: '[unknown]', memory: Memory.UNKNOWN, known: false, private: false, kind: 'anon' },
];

/** The table of docs/classes.md, read line by line. `code` is null where no error code is known. */
function expectedClass(m: Mapping, completion: number, code: number | null): string {
  if (completion === FaultFlag.MAJ) return 'MAJOR';
  if (completion === FaultFlag.NONE) return 'ERROR';
  const write = code !== null && (code & 2) !== 0;
  const present = code !== null && (code & 1) !== 0;
  const fileBacked = !m.kind.startsWith('anon');
  if (m.known && m.private && write && (present || fileBacked)) return 'COW';
  return 'MINOR';
}

function expectedCause(m: Mapping, completion: number, code: number | null): string {
  const faultClass = expectedClass(m, completion, code);
  if (faultClass === 'ERROR') return 'unresolved';
  if (!m.known) return 'unknown';
  if (faultClass === 'MAJOR') {
    if (m.kind === 'device') return 'device';
    if (m.kind === 'huge' || m.kind === 'anon-huge') return 'huge-page';
    return m.kind === 'file' ? 'file-read' : 'swap-in';
  }
  if (code === null) return 'unknown';
  const present = (code & 1) !== 0;
  if (!present && (m.kind === 'huge' || m.kind === 'anon-huge')) return 'huge-page';
  if (faultClass === 'COW') return m.kind.startsWith('anon') ? 'cow-anon' : 'cow-file';
  if (m.kind === 'device') return 'device';
  if (present) return (code & 2) !== 0 && !m.private ? 'write-notify' : 'protection';
  return m.kind === 'anon' ? 'demand-zero' : m.kind === 'file' ? 'page-cache' : 'shmem';
}

describe('FaultRules', () => {
  const rules = new FaultRules();
  const judge = (memory: number, how: number, code: number): [string, string] => {
    const index = ruleIndex(memory, how, code);
    return [CLASS_NAMES[rules.faultClass[index]!]!, CAUSE_NAMES[rules.cause[index]!]!];
  };

  it.each(MAPPINGS)('follows docs/classes.md in every combination for $name', (m) => {
    const wrong: unknown[] = [];
    const check = (how: number, code: number, known: number | null): void => {
      const verdict = judge(m.memory, how, code);
      const completion = how & FaultFlag.COMPLETION;
      const right = [expectedClass(m, completion, known), expectedCause(m, completion, known)];
      if (verdict.join() !== right.join()) wrong.push({ how, code, known, verdict, right });
    };
    for (const completion of [FaultFlag.NONE, FaultFlag.MIN, FaultFlag.MAJ]) {
      for (const rest of [
        0,
        FaultFlag.KERNEL,
        FaultFlag.ENTRY,
        FaultFlag.KERNEL | FaultFlag.ENTRY,
      ]) {
        for (let code = 0; code < 0x80; code++) {
          check(completion | rest | FaultFlag.ERROR_CODE, code, code);
          // Without its valid bit the column holds whatever it held before.
          check(completion | rest, code, null);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it.each(MAPPINGS)(
    'gives what a program answers to userfaultfd, in the same class: $name',
    (m) => {
      const guarded = (guard: number, completion: number, code: number): string => {
        const [faultClass, cause] = judge(
          m.memory | guard,
          completion | FaultFlag.ERROR_CODE,
          code,
        );
        expect(faultClass).toBe(expectedClass(m, completion, code));
        return cause === expectedCause(m, completion, code) ? 'as without' : cause;
      };
      for (const completion of [FaultFlag.MIN, FaultFlag.MAJ]) {
        for (const write of [0, 2]) {
          expect(guarded(Guard.ABSENT, completion, write)).toBe('userfaultfd');
          expect(guarded(Guard.ABSENT, completion, write | 1)).toBe('as without');
          expect(guarded(Guard.WRITE, completion, write)).toBe('as without');
        }
        expect(guarded(Guard.WRITE, completion, 3)).toBe('userfaultfd');
        expect(guarded(Guard.WRITE, completion, 1)).toBe('as without');
      }
      for (const code of [0, 1, 2, 3]) {
        expect(guarded(Guard.ABSENT | Guard.WRITE, FaultFlag.NONE, code)).toBe('as without');
      }
      // Without an error code only the wait says something: it makes a fault major.
      expect(judge(m.memory | Guard.ABSENT, FaultFlag.MAJ, 0)[1]).toBe('userfaultfd');
      expect(judge(m.memory | Guard.ABSENT, FaultFlag.MIN, 0)[1]).toBe('unknown');
    },
  );

  it('never claims a copy without an error code', () => {
    for (const { memory } of MAPPINGS) {
      for (let code = 0; code < 8; code++)
        expect(judge(memory, FaultFlag.MIN, code)[0]).toBe('MINOR');
    }
  });

  it('tells the first write to a private file page from the first write to a shared one', () => {
    const write = FaultFlag.MIN | FaultFlag.ERROR_CODE;
    expect(judge(Memory.PRIVATE_FILE, write, 0x6)).toEqual(['COW', 'cow-file']);
    expect(judge(Memory.SHARED_FILE, write, 0x6)).toEqual(['MINOR', 'page-cache']);
    expect(judge(Memory.SHARED_FILE, write, 0x7)).toEqual(['MINOR', 'write-notify']);
    expect(judge(Memory.PRIVATE_ANON, write, 0x6)).toEqual(['MINOR', 'demand-zero']);
    expect(judge(Memory.PRIVATE_ANON, write, 0x7)).toEqual(['COW', 'cow-anon']);
  });
});
