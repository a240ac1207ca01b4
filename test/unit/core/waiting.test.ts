import { Rig, FILE_START, HEAP_START } from '../../support/model-kit';
import { backing, R, vma, X } from '../../support/vma-kit';
import type { ElfImage } from '../../../src/core/elf/elf';

const PROGRAM: ElfImage = {
  sections: [{ name: '.text', address: 0, size: 0x10000, nobits: false }],
  segments: [{ offset: 0, address: 0, fileSize: 0x10000, memSize: 0x10000, prot: R | X }],
};
const code = vma(0x500, 0x510, '/bin/prog', { prot: R | X });

let rig: Rig;
beforeEach(() => {
  rig = new Rig().attach(100);
  rig.source.images.set('/bin/prog', PROGRAM);
});

const labels = (): string[] => rig.verdicts().map(({ region }) => region);

describe('a batch stops before the fault that needs an answer', () => {
  test('the headers of a file', () => {
    rig.source.pending.add('elf /bin/prog');
    rig.fault({ page: HEAP_START }).mmap(code).fault({ page: 0x501 }).fault({ page: HEAP_START });
    expect(rig.consumes()).toBe(false);
    expect(rig.consumes()).toBe(false);
    expect(rig.model.snapshot(rig.now).totals.faults).toBe(0);
    rig.source.pending.clear();
    expect(rig.consumes()).toBe(true);
    expect(labels()).toEqual(['[heap]', 'prog .text', '[heap]']);
    // Each was counted once, however often the batch was begun.
    expect(rig.model.snapshot(rig.now).totals.faults).toBe(3);
  });

  test('the mapping of a page', () => {
    rig.source.maps.set(100, { vmas: [vma(0x900, 0x901, '/srv/new')], asOf: 0 });
    rig.source.pending.add(`page 2304`);
    rig.fault({ page: 0x900 });
    expect(rig.consumes()).toBe(false);
    rig.source.pending.clear();
    expect(rig.consumes()).toBe(true);
    expect(labels()).toEqual(['new']);
  });

  test('the whole file, where single pages cannot be asked about, without asking for the page again', () => {
    rig.source.answersPages = false;
    rig.source.maps.set(100, { vmas: [vma(0x900, 0x901, '/srv/new')], asOf: 0 });
    rig.source.pending.add('maps 100');
    rig.fault({ page: 0x900 });
    expect(rig.consumes()).toBe(false);
    expect(rig.consumes()).toBe(false);
    rig.source.pending.clear();
    expect(rig.consumes()).toBe(true);
    expect(labels()).toEqual(['new']);
    expect(rig.source.asked.pages).toBe(1);
  });

  test('the maps of a process that nobody announced, for a fault and for a record', () => {
    rig.source.maps.set(200, { vmas: [vma(0x900, 0x910, '/srv/new')], asOf: 1e9 });
    rig.source.pending.add('maps 200');
    rig.fault({ page: 0x900, pid: 200 });
    expect(rig.consumes()).toBe(false);
    rig.source.pending.clear();
    expect(rig.consumes()).toBe(true);
    expect(labels()).toEqual(['new']);
    rig.source.maps.set(300, { vmas: [vma(0x900, 0x910, '/srv/new')], asOf: 0 });
    rig.source.pending.add('maps 300');
    rig.mmap(vma(0x905, 0x906, '/srv/newer'), 300).fault({ page: 0x905, pid: 300 });
    rig.fault({ page: 0x906, pid: 300 });
    expect(rig.consumes()).toBe(false);
    rig.source.pending.clear();
    expect(rig.consumes()).toBe(true);
    expect(labels()).toEqual(['newer', 'new']);
  });

  test('maps that are read again after a loss', () => {
    rig.lost(1).run();
    rig.source.maps.set(100, { vmas: [vma(HEAP_START, HEAP_START + 1, '/srv/new')], asOf: 1e9 });
    rig.source.pending.add('maps 100');
    rig.fault({ page: HEAP_START });
    expect(rig.consumes()).toBe(false);
    rig.source.pending.clear();
    expect(rig.consumes()).toBe(true);
    expect(labels()).toEqual(['new']);
  });
});

describe('what is not answered', () => {
  test('costs the section, and is made good when the answer comes late', () => {
    rig.source.unknown.add('elf /bin/prog');
    rig.mmap(code).fault({ page: 0x501 }).fault({ page: 0x502 });
    expect(rig.labels()).toEqual(['prog', 'prog']);
    rig.source.unknown.clear();
    expect(rig.fault({ page: 0x503 }).labels()).toEqual(['prog']);
    rig.source.late = true;
    expect(rig.fault({ page: 0x504 }).labels()).toEqual(['prog .text']);
  });

  test('leaves a page unknown, and the maps of an unknown process to single questions', () => {
    rig.source.unknown.add('maps 200').add(`page 2305`);
    rig.source.maps.set(200, { vmas: [vma(0x900, 0x910, '/srv/new')], asOf: 0 });
    rig.fault({ page: 0x901, pid: 200 }).fault({ page: 0x900, pid: 200 });
    expect(rig.labels()).toEqual(['[unknown]', 'new']);
  });

  test('is no end of a process: that is what the kernel says', () => {
    rig.lost(1).run();
    rig.source.unknown.add('maps 100');
    rig.fault({ page: FILE_START }).run();
    expect(rig.model.snapshot(rig.now).processes[0]!.alive).toBe(true);
    rig.source.ended.add(100);
    rig.fault({ page: FILE_START }).run();
    expect(rig.model.snapshot(rig.now).processes[0]!.alive).toBe(false);
  });
});

test('one file under two paths is one row, two files of one path are two', () => {
  const at = (page: number, name: string, ino: string): void => {
    rig.mmap(vma(page, page + 1, { backing: backing(name, ino) }));
    rig.fault({ page });
  };
  at(0x700, '/srv/data', '77');
  at(0x701, '/jail/srv/data', '77');
  at(0x702, '/srv/data', '78');
  rig.run();
  const rows = rig.model.snapshot(rig.now).regions.filter(({ label }) => label === 'data');
  expect(rows.map(({ faults }) => faults).sort()).toEqual([1, 2]);
});
