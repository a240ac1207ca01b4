import { Batch, RecordType } from '../../../src/core/wire/batch';
import type { Column } from '../../../src/core/wire/columns';
import { PendingFaults } from '../../../src/core/wire/pending-faults';
import { wireDiffers } from '../../../src/native/load';

const batchColumns: readonly Column[] = new Batch().columns;
const pendingColumns: readonly Column[] = new PendingFaults().columns;
const ours = { batchColumns, pendingColumns, recordTypes: RecordType };

/** The batch's columns with one of them replaced. */
const withColumn = (at: number, change: Partial<Column>): readonly Column[] =>
  batchColumns.map((column, i) => (i === at ? { ...column, ...change } : column));

const FLAGS = batchColumns.findIndex(({ name }) => name === 'flags');

describe('wireDiffers', () => {
  it('finds nothing where all lists are the same', () => {
    expect(wireDiffers(ours)).toBe('');
  });

  it('says of an addon of before the lists that it has none', () => {
    expect(wireDiffers({})).toBe(
      'column 0 is nothing where time (f64, 16384 rows at 64) is needed',
    );
  });

  it.each<[string, Partial<Column>]>([
    ['name', { name: 'how' }],
    ['type', { type: 'u16' }],
    ['length', { rows: 1 }],
    ['place', { offset: 72 }],
  ])('names a column of another %s', (_, change) => {
    const theirs = { ...batchColumns[FLAGS]!, ...change };
    expect(wireDiffers({ ...ours, batchColumns: withColumn(FLAGS, change) })).toBe(
      `column ${FLAGS} is ${theirs.name} (${theirs.type}, ${theirs.rows} rows at ${theirs.offset}) where ` +
        `flags (u8, 16384 rows at ${batchColumns[FLAGS]!.offset}) is needed`,
    );
  });

  it('names a column too many or too few', () => {
    const last = pendingColumns.length - 1;
    expect(wireDiffers({ ...ours, pendingColumns: pendingColumns.slice(0, last) })).toContain(
      `column ${last} is nothing where tid`,
    );
    const more = [...pendingColumns, { ...pendingColumns[0]!, name: 'cpu' }];
    expect(wireDiffers({ ...ours, pendingColumns: more })).toMatch(/is cpu .* where nothing/);
  });

  it('tells record types of other numbers', () => {
    const recordTypes = { ...RecordType, STACK: 99 };
    expect(wireDiffers({ ...ours, recordTypes })).toMatch(/ STACK=99 .*where MMAP=1/);
  });
});
