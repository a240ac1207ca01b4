import type { CodeAddress, CodeFrame } from '../../../../src/core/code/address';
import { PlaceKind } from '../../../../src/core/code/address';
import { codeText, faultFields, SYMBOL_FIELDS } from '../../../../src/core/columns/symbol-fields';
import { fieldText, fieldValue } from '../../../../src/core/columns/fault-fields';
import type { FaultView } from '../../../../src/core/columns/fault-fields';
import { Fixture } from '../../../support/fixture';

const LIBRARY = '/usr/lib/libindex.so';

function address(frames: readonly CodeFrame[] | null, path = LIBRARY): CodeAddress {
  const object = path === '' ? '[kernel]' : path.slice(path.lastIndexOf('/') + 1);
  const kind = path === '' ? PlaceKind.KERNEL : PlaceKind.FILE;
  const place = { kind, object, path, era: 0, key: path, pid: 1, vma: null, ancestors: [] };
  return { place, object, high: 0, low: 0x1a2b, code: 1, frames };
}

const INLINED: readonly CodeFrame[] = [
  { function: 'reserve', offset: 0, file: '/usr/include/vector.tcc', line: 73 },
  { function: 'LoadIndex', offset: 0x1a, file: '/src/index.cc', line: 118 },
];

function viewOf(code: CodeAddress | null, data: CodeAddress | null = null): FaultView {
  const fixture = new Fixture();
  fixture.fill([{ time: 1, address: 0x1000n }]);
  const { view } = fixture;
  return { ...view, names: { ...view.names, code: () => code, data: () => data } };
}

const fields = (view: FaultView): unknown =>
  Object.fromEntries(SYMBOL_FIELDS.map((field) => [field.id, fieldValue(field, view, 0)]));

const NOTHING = {
  function: null,
  function_offset: null,
  source_file: null,
  source_line: null,
  object: null,
  data_symbol: null,
  data_offset: null,
};

test('the function is that of the symbol table, the line that of the innermost code', () => {
  const data = address([{ function: 'table', offset: 64, file: '', line: 0 }]);
  expect(fields(viewOf(address(INLINED), data))).toEqual({
    function: 'LoadIndex',
    function_offset: 0x1a,
    source_file: '/usr/include/vector.tcc',
    source_line: 73,
    object: LIBRARY,
    data_symbol: 'table',
    data_offset: 64,
  });
});

test.each([
  ['no instruction is known', null, NOTHING],
  ['no name has come', address(null), { ...NOTHING, object: LIBRARY }],
  ['nothing covers the address', address([]), { ...NOTHING, object: LIBRARY }],
  ['it is the kernel', address(null, ''), { ...NOTHING, object: '[kernel]' }],
  [
    'a line without a function',
    address([{ function: '', offset: 0, file: 'a.S', line: 3 }]),
    { ...NOTHING, object: LIBRARY, source_file: 'a.S', source_line: 3 },
  ],
])('what is not known is absent: %s', (_, code, expected) => {
  expect(fields(viewOf(code))).toEqual(expected);
});

test.each([
  [null, ''],
  [address(null), ' <- libindex.so+0x1a2b'],
  [address([]), ' <- libindex.so+0x1a2b'],
  [address(INLINED), ' <- LoadIndex+0x1a (vector.tcc:73)'],
  [address([INLINED[1]!]), ' <- LoadIndex+0x1a (index.cc:118)'],
  [address([{ function: 'memset', offset: 0, file: '', line: 0 }]), ' <- memset+0x0'],
])('the text of an instruction', (code, expected) => {
  expect(codeText(code)).toBe(expected);
});

test('the version of the list says that they are there', () => {
  const version = faultFields(true, false).find(({ id }) => id === 'v')!;
  expect(fieldText(version, viewOf(null), 0)).toBe('2');
});
