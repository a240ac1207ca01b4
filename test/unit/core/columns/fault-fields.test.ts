import { RegionKind } from '../../../../src/core/classify/classes';
import {
  PROCESS_COLUMNS,
  REGION_COLUMNS,
  THREAD_COLUMNS,
} from '../../../../src/core/columns/row-columns';
import {
  FAULT_FIELDS,
  fieldText,
  labelWithoutSection,
} from '../../../../src/core/columns/fault-fields';
import type { RegionRow } from '../../../../src/core/snapshot/snapshot';
import {
  bytes,
  count,
  grouped,
  hexText,
  latency,
  pageAddress,
  percent,
  rate,
} from '../../../../src/core/text/format';
import { Fixture } from '../../../support/fixture';
import { region } from '../../../support/sample';

test('the documented fields come first, in its order', () => {
  expect(FAULT_FIELDS.map((field) => field.id).slice(0, 17)).toEqual([
    'time_ns',
    'pid',
    'tid',
    'comm',
    'class',
    'cause',
    'address',
    'ip',
    'access',
    'mode',
    'region_kind',
    'region',
    'section',
    'file',
    'file_offset',
    'latency_ns',
    'error_code',
  ]);
});

test('one fault field by field', () => {
  const fixture = new Fixture();
  fixture.regions = [
    { kind: RegionKind.FILE, label: 'a.out .data', section: '.data', path: '/tmp/a.out' },
  ];
  fixture.fill([{ time: 1500, address: 0xffffffffff600010n, errorCode: 7, latency: 1200 }]);
  const row = Object.fromEntries(
    FAULT_FIELDS.map((field) => [field.id, fieldText(field, fixture.view, 0)]),
  );
  expect(row).toMatchObject({
    time_ns: '1500',
    comm: 'worker',
    address: '0xffffffffff600010',
    access: 'w',
    mode: 'user',
    region: 'a.out',
    section: '.data',
    file_offset: '',
    latency_ns: '1200',
    error_code: '7',
  });
});

test('a label loses its section and nothing else', () => {
  expect(labelWithoutSection('libc.so.6 .text', '.text')).toBe('libc.so.6');
  expect(labelWithoutSection('my .text file', '.text')).toBe('my .text file');
  expect(labelWithoutSection('data.db', '')).toBe('data.db');
});

test('addresses keep the zeros of the lower half', () => {
  expect(hexText(1, 0)).toBe('0x100000000');
  expect(hexText(0, 0xfff)).toBe('0xfff');
});

test('columns have distinct ids and headings that fit', () => {
  for (const columns of [REGION_COLUMNS, THREAD_COLUMNS, PROCESS_COLUMNS]) {
    const ids = columns.map((column) => column.id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { title, width } of columns) expect(title.length).toBeLessThanOrEqual(width);
  }
});

test('START tells anonymous regions apart and sorts as text in the order of addresses', () => {
  const start = REGION_COLUMNS.find((column) => column.id === 'start')!;
  const row = (kind: RegionRow['kind'], startPage: number): RegionRow =>
    region({ kind, startPage });
  expect(start.format(row('anon', 0x7f2c7b100))).toBe('7f2c7b100000');
  expect(start.format(row('file', 0x7f2c7b100))).toBe('');
  // Rows that stand for several regions have no place.
  expect(start.format(row('anon', 0))).toBe('');
  const pages = [0x10, 0x400, 0x7f2c7b100, 0xfffffffffffff];
  const values = pages.map((page) => String(start.value(row('file', page))));
  expect([...values].reverse().sort()).toEqual(values);
  expect(values[1]).toBe('0x0000000000400000');
});

test('numbers for a person', () => {
  expect([0, 640, 1_234, 999_949, 999_950, 12.4e6, 812.3e6, 3e9, NaN].map(latency)).toEqual([
    '0ns',
    '640ns',
    '1.2us',
    '999.9us',
    '1.0ms',
    '12.4ms',
    '812.3ms',
    '3.0s',
    '',
  ]);
  expect([0, 99_999, 100_000, 123_456, 999_999, 54.2e6, 999.96e6].map(count)).toEqual([
    '0',
    '99999',
    '100.0k',
    '123.5k',
    '1.0M',
    '54.2M',
    '1.0G',
  ]);
  expect([0, 0.44, 9.94, 9.96, 690].map(rate)).toEqual(['0', '0.4', '9.9', '10', '690']);
  expect([0, 1023, 1024, 412 * 1024 ** 2, 2 * 1024 ** 3, 1023.6 * 1024].map(bytes)).toEqual([
    '0',
    '1023',
    '1.0K',
    '412M',
    '2.0G',
    '1.0M',
  ]);
  expect([0, 0.032, 1, 4.1].map(percent)).toEqual(['0.0', '3.2', '100.0', '410.0']);
  expect([0, 999, 57_233, 1_234_567].map(grouped)).toEqual(['0', '999', '57,233', '1,234,567']);
  expect([0, 0x400, 0xfffffffffffff].map(pageAddress)).toEqual(['0', '400000', 'fffffffffffff000']);
});
