import { FileStore } from '../../../../src/core/vma/file-store';
import { factText, fileKey } from '../../../../src/sources/recording/recorded-facts';
import type { RecordedFact } from '../../../../src/sources/recording/recorded-facts';
import { RecordedSource } from '../../../../src/sources/recording/recorded-source';
import { alone, FILE_A, FILE_B, vma } from '../../../support/vma-kit';

const IMAGE = {
  sections: [{ name: '.text', address: 4096, size: 100, nobits: false }],
  segments: [{ offset: 0, address: 4096, fileSize: 100, memSize: 200, prot: 5 }],
};

function told(...facts: readonly (RecordedFact | string)[]): RecordedSource {
  const source = new RecordedSource();
  for (const fact of facts) source.add(typeof fact === 'string' ? fact : factText(fact));
  return source;
}

test('a source tells what a capture has told', () => {
  const source = told(
    { kind: 'elf', file: fileKey(FILE_A), image: IMAGE },
    { kind: 'store', file: fileKey(FILE_A), store: FileStore.MEMORY },
    { kind: 'system', system: { swapInUse: true, numaBalancing: false } },
  );
  expect(source.elfImage(alone(1), vma(1, 2, '/other', { backing: FILE_A }))).toEqual(IMAGE);
  expect(source.elfImage(alone(1), vma(1, 2, '/other', { backing: FILE_B }))).toBeNull();
  expect(source.fileStore(1, 1, FILE_A)).toBe(FileStore.MEMORY);
  expect(source.fileStore(1, 1, FILE_B)).toBe(FileStore.UNKNOWN);
  expect(source.system).toEqual({ swapInUse: true, numaBalancing: false });
});

test('of a file the first counts; a number that was given again has its names in turn', () => {
  const file = fileKey(FILE_A);
  const source = told(
    { kind: 'store', file, store: FileStore.MEMORY },
    { kind: 'store', file, store: FileStore.UNKNOWN },
    { kind: 'elf', file, image: IMAGE },
    { kind: 'elf', file, image: { sections: [], segments: [] } },
    { kind: 'comm', pid: 7, tid: 7, name: 'first' },
    { kind: 'comm', pid: 7, tid: 7, name: 'second' },
  );
  expect(source.fileStore(1, 1, FILE_A)).toBe(FileStore.MEMORY);
  expect(source.elfImage(alone(1), vma(1, 2, '', { backing: FILE_A }))).toEqual(IMAGE);
  expect([1, 2, 3].map(() => source.comm(7, 7))).toEqual(['first', 'second', null]);
});

test.each([
  '',
  'no JSON',
  'null',
  '[]',
  '{"kind":"none"}',
  '{"kind":"system"}',
  '{"kind":"comm","pid":-1,"tid":1,"name":"x"}',
  '{"kind":"comm","pid":1,"tid":1.5,"name":"x"}',
  '{"kind":"comm","pid":1,"tid":1,"name":["x"]}',
  `{"kind":"store","file":${JSON.stringify(fileKey(FILE_A))},"store":"1"}`,
  `{"kind":"store","file":${JSON.stringify(fileKey(FILE_A))},"store":1e300}`,
  ...[
    { sections: {}, segments: [] },
    { sections: [null], segments: [] },
    { sections: [{ name: '.text', address: -1, size: 1 }], segments: [] },
    { sections: [], segments: [{ ...IMAGE.segments[0], offset: '0' }] },
    { sections: [], segments: [[]] },
  ].map((image) => JSON.stringify({ kind: 'elf', file: fileKey(FILE_A), image })),
])('%j tells nothing', (text) => {
  const source = told(text);
  expect(source.elfImage(alone(1), vma(1, 2, '', { backing: FILE_A }))).toBeNull();
  expect(source.fileStore(1, 1, FILE_A)).toBe(FileStore.UNKNOWN);
  expect(source.comm(1, 1)).toBeNull();
  expect(source.system).toEqual({ swapInUse: false, numaBalancing: false });
});
