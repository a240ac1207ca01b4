import type { CodeAddress } from '../../../../src/core/code/address';
import { Batch, FaultFlag } from '../../../../src/core/wire/batch';
import { Cause, FaultClass, KIND_NAMES, RegionKind } from '../../../../src/core/classify/classes';
import { compileFaultTest, type FilterNames } from '../../../../src/core/filter/fault-test';
import { parseFilter } from '../../../../src/core/filter/parse';
import { Resolved } from '../../../../src/core/wire/resolved';
import { fill, resolve } from '../../../support/fault-kit';
import type { FaultRow } from '../../../support/fault-kit';

interface Region {
  label: string;
  path: string;
  kind: number;
}

class Names implements FilterNames {
  asked = 0;
  regions: Region[] = [
    { label: 'libc.so.6 .text', path: '/usr/lib/libc.so.6', kind: RegionKind.FILE },
    { label: '[heap]', path: '', kind: RegionKind.HEAP },
    { label: 'Data.db', path: '/srv/Data.db', kind: RegionKind.FILE },
  ];
  comms = ['postgres', 'writer'];
  regionLabel(slot: number): string {
    this.asked++;
    return this.regions[slot]!.label;
  }
  regionPath(slot: number): string {
    return this.regions[slot]!.path;
  }
  regionKind(slot: number): number {
    return this.regions[slot]!.kind;
  }
  commName(id: number): string {
    return this.comms[id]!;
  }
  codes: (CodeAddress | null)[] = [null];
  code(number: number): CodeAddress | null {
    return this.codes[number]!;
  }
}

const entry = FaultFlag.ENTRY | FaultFlag.ERROR_CODE;
const faults: readonly FaultRow[] = [
  {
    time: 0,
    faultClass: FaultClass.MAJOR,
    cause: Cause.FILE_READ,
    region: 0,
    comm: 0,
    pid: 10,
    tid: 10,
    address: 0x7f1200001000n,
    latency: 2e6,
    flags: entry,
    errorCode: 20,
  },
  {
    time: 0,
    faultClass: FaultClass.MINOR,
    cause: Cause.DEMAND_ZERO,
    region: 1,
    comm: 1,
    pid: 10,
    tid: 11,
    address: 0xfffff123n,
    latency: 900,
    flags: entry,
    errorCode: 6,
  },
  {
    time: 0,
    faultClass: FaultClass.COW,
    cause: Cause.COW_FILE,
    region: 2,
    comm: 1,
    pid: 20,
    tid: 20,
    address: 0x7f1300000000n,
    latency: -1,
    flags: FaultFlag.KERNEL,
    errorCode: 0,
  },
  {
    time: 0,
    faultClass: FaultClass.MINOR,
    cause: Cause.PAGE_CACHE,
    region: 2,
    comm: 0,
    pid: 20,
    tid: 21,
    address: 0x7f1200002000n,
    latency: 1000,
    flags: entry,
    errorCode: 4,
  },
];

const batch = new Batch();
const resolved = new Resolved();
fill(batch, resolved, faults);
const passing = (expression: string, names: FilterNames = new Names()): number[] => {
  const { filter, error } = parseFilter(expression);
  expect(error).toBeNull();
  const test = compileFaultTest(filter!, names, false);
  return faults.map((_, i) => i).filter((i) => test(batch, resolved, i));
};

describe('compileFaultTest', () => {
  it.each<[string, number[]]>([
    ['class:major', [0]],
    ['class:minor,cow', [1, 2, 3]],
    ['cause:cow-file', [2]],
    ['kind:heap', [1]],
    ['mode:kernel', [2]],
    ['mode:user', [0, 1, 3]],
    ['access:w', [1]],
    ['access:x', [0]],
    ['access:r', [3]],
    ['region:libc', [0]],
    ['region:db', [2, 3]],
    ['region:data', [2, 3]],
    ['region:DATA', []],
    ['region:~^lib.*text$', [0]],
    ['file:/srv', [2, 3]],
    ['comm:writer', [1, 2]],
    ['comm:~^post', [0, 3]],
    ['tid:11', [1]],
    ['tid:11,20', [1, 2]],
    ['pid:20', [2, 3]],
    ['addr:0x7f1200001000-0x7f1200002000', [0, 3]],
    ['addr:0xfffff000', [1]],
    ['addr:0x0-0xffffffffffffffff', [0, 1, 2, 3]],
    ['lat>1us', [0]],
    ['lat>=1us', [0, 3]],
    ['lat<1us', [1]],
    ['lat<=1us', [1, 3]],
    ['not lat>0ns', [2]],
    ['heap', [1]],
    ['writer', [1, 2]],
    ['page-cache', [3]],
    ['major', [0]],
    ['class:minor and not comm:writer', [3]],
    ['class:major or (pid:20 comm:writer)', [0, 2]],
  ])('%s', (expression, expected) => {
    expect(passing(expression)).toEqual(expected);
  });

  it('gives every kind a name that a filter finds', () => {
    expect(KIND_NAMES.map((kind) => parseFilter(`kind:${kind}`).error)).toEqual(
      KIND_NAMES.map(() => null),
    );
  });

  describe('functions', () => {
    const place = {
      kind: 1,
      object: 'a',
      path: '',
      era: 0,
      key: 'a',
      pid: 0,
      vma: null,
      ancestors: [],
    };
    const named = (code: number, ...functions: string[]): CodeAddress => ({
      ...{ place, high: 0, low: 0, code, object: 'a' },
      frames: functions.map((name) => ({ function: name, offset: 0, file: '', line: 0 })),
    });
    const names = new Names();
    names.codes = [null, named(1, 'reserve', 'LoadIndex'), named(2), { ...named(3), frames: null }];
    const coded = new Resolved();
    faults.forEach((fault, code) => {
      resolve(coded, code, { ...fault, code });
    });
    const which = (expression: string, word: boolean): number[] => {
      const test = compileFaultTest(parseFilter(expression).filter!, names, word);
      return faults.map((_, i) => i).filter((i) => test(batch, coded, i));
    };

    it('matches the function at an instruction and the inlined ones there', () => {
      expect(which('function:reserve', false)).toEqual([1]);
      expect(which('function:~^Load', false)).toEqual([1]);
      expect(which('not function:reserve', false)).toEqual([0, 2, 3]);
      expect(which('function:none', false)).toEqual([]);
    });

    it('is asked by words where names are wanted', () => {
      expect(which('loadindex', true)).toEqual([1]);
      expect(which('loadindex', false)).toEqual([]);
    });

    it('sees names that have come, and that a number stands for other code', () => {
      const test = compileFaultTest(parseFilter('function:late').filter!, names, false);
      const before = names.codes;
      expect(test(batch, coded, 3)).toBe(false);
      names.codes = [...before.slice(0, 3), named(3, 'late')];
      expect(test(batch, coded, 3)).toBe(true);
      names.codes = [...before.slice(0, 3), named(3, 'other')];
      expect(test(batch, coded, 3)).toBe(false);
      names.codes = before;
    });
  });

  it('sees that a slot has got another name', () => {
    const names = new Names();
    const { filter } = parseFilter('region:libc');
    const test = compileFaultTest(filter!, names, false);
    expect(test(batch, resolved, 0)).toBe(true);
    names.regions[0] = { label: 'other', path: '', kind: RegionKind.ANON };
    expect(test(batch, resolved, 0)).toBe(false);
  });

  it('decides about a name once, not once per fault', () => {
    const names = new Names();
    const { filter } = parseFilter('region:elsewhere');
    const test = compileFaultTest(filter!, names, false);
    const decided = jest.spyOn(String.prototype, 'toLowerCase');
    for (let n = 0; n < 1000; n++) test(batch, resolved, 0);
    const times = decided.mock.calls.length;
    decided.mockRestore();
    expect(times).toBe(1);
    expect(names.asked).toBe(1000);
  });
});
