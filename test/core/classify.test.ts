import { How } from '../../src/core/batch';
import { CAUSE_NAMES, CLASS_NAMES } from '../../src/core/classes';
import { FaultRules, Memory, ruleIndex } from '../../src/core/classify';

/** A mapping in the words of the contract, not of the tables. */
interface Mapping {
  readonly name: string;
  readonly memory: number;
  readonly known: boolean;
  readonly private: boolean;
  readonly kind: 'anon' | 'file' | 'shm';
}

const MAPPINGS: readonly Mapping[] = [
  { name: 'heap', memory: Memory.PRIVATE_ANON, known: true, private: true, kind: 'anon' },
  { name: 'libc.so.6', memory: Memory.PRIVATE_FILE, known: true, private: true, kind: 'file' },
  { name: 'data.db', memory: Memory.SHARED_FILE, known: true, private: false, kind: 'file' },
  { name: 'private memfd', memory: Memory.PRIVATE_SHM, known: true, private: true, kind: 'shm' },
  { name: 'memfd', memory: Memory.SHARED_SHM, known: true, private: false, kind: 'shm' },
  { name: '[vdso]', memory: Memory.SPECIAL, known: true, private: true, kind: 'file' },
  { name: '[unknown]', memory: Memory.UNKNOWN, known: false, private: false, kind: 'anon' },
];

/** The table of the contract, read line by line. `code` is null where no error code is known. */
function expectedClass(m: Mapping, completion: number, code: number | null): string {
  if (completion === How.MAJ) return 'MAJOR';
  if (completion === How.NONE) return 'ERROR';
  const write = code !== null && (code & 2) !== 0;
  const present = code !== null && (code & 1) !== 0;
  const fileBacked = m.kind !== 'anon';
  if (m.known && m.private && write && (present || fileBacked)) return 'COW';
  return 'MINOR';
}

function expectedCause(m: Mapping, completion: number, code: number | null): string {
  const faultClass = expectedClass(m, completion, code);
  if (faultClass === 'ERROR') return 'unresolved';
  if (!m.known) return 'unknown';
  if (faultClass === 'MAJOR') return m.kind === 'file' ? 'file-read' : 'swap-in';
  if (code === null) return 'unknown';
  if (faultClass === 'COW') return m.kind === 'anon' ? 'cow-anon' : 'cow-file';
  const present = (code & 1) !== 0;
  if (present) return (code & 2) !== 0 && !m.private ? 'write-notify' : 'protection';
  return { anon: 'demand-zero', file: 'page-cache', shm: 'shmem' }[m.kind];
}

describe('FaultRules', () => {
  const rules = new FaultRules();
  const judge = (memory: number, how: number, code: number): [string, string] => {
    const index = ruleIndex(memory, how, code);
    return [CLASS_NAMES[rules.faultClass[index]!]!, CAUSE_NAMES[rules.cause[index]!]!];
  };

  it.each(MAPPINGS)('follows the contract in every combination for $name', (m) => {
    for (const completion of [How.NONE, How.MIN, How.MAJ]) {
      for (const kernel of [0, How.KERNEL]) {
        for (const entry of [0, How.ENTRY]) {
          for (let code = 0; code < 0x80; code++) {
            const how = completion | kernel | entry;
            expect([how, code, ...judge(m.memory, how | How.ERROR_CODE, code)]).toEqual([
              how,
              code,
              expectedClass(m, completion, code),
              expectedCause(m, completion, code),
            ]);
            // Without its valid bit the column holds whatever it held before.
            expect([how, code, ...judge(m.memory, how, code)]).toEqual([
              how,
              code,
              expectedClass(m, completion, null),
              expectedCause(m, completion, null),
            ]);
          }
        }
      }
    }
  });

  it('never claims a copy without an error code', () => {
    for (const { memory } of MAPPINGS) {
      for (let code = 0; code < 8; code++) expect(judge(memory, How.MIN, code)[0]).toBe('MINOR');
    }
  });

  it('tells the first write to a private file page from the first write to a shared one', () => {
    const write = How.MIN | How.ERROR_CODE;
    expect(judge(Memory.PRIVATE_FILE, write, 0x6)).toEqual(['COW', 'cow-file']);
    expect(judge(Memory.SHARED_FILE, write, 0x6)).toEqual(['MINOR', 'page-cache']);
    expect(judge(Memory.SHARED_FILE, write, 0x7)).toEqual(['MINOR', 'write-notify']);
    expect(judge(Memory.PRIVATE_ANON, write, 0x6)).toEqual(['MINOR', 'demand-zero']);
    expect(judge(Memory.PRIVATE_ANON, write, 0x7)).toEqual(['COW', 'cow-anon']);
  });
});
