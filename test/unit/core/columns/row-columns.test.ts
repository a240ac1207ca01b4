import {
  PROCESS_COLUMNS,
  REGION_COLUMNS,
  SITE_COLUMNS,
  THREAD_COLUMNS,
} from '../../../../src/core/columns/row-columns';
import { stallNow } from '../../../../src/core/text/format';

const TABLES = {
  regions: REGION_COLUMNS,
  threads: THREAD_COLUMNS,
  processes: PROCESS_COLUMNS,
  sites: SITE_COLUMNS,
};

describe.each(Object.entries(TABLES))('the columns of %s', (_, columns) => {
  it('say each what they are, in words that are not their title', () => {
    for (const { title, doc } of columns) {
      expect(doc.length).toBeGreaterThan(title.length);
      expect(doc).not.toMatch(/[.\n]$/);
    }
  });

  it('have ids and titles of their own, and room for the title', () => {
    expect(new Set(columns.map(({ id }) => id)).size).toBe(columns.length);
    expect(new Set(columns.map(({ title }) => title)).size).toBe(columns.length);
    for (const { title, width } of columns) expect(title.length).toBeLessThanOrEqual(width);
  });
});

test('a title means one thing wherever it stands', () => {
  const docs = new Map<string, Set<string>>();
  for (const { id, title, doc } of Object.values(TABLES).flat()) {
    // Identifiers are those of the rows.
    if (id === 'pid') continue;
    docs.set(title, (docs.get(title) ?? new Set()).add(doc));
  }
  for (const [title, meanings] of docs) expect([title, meanings.size]).toEqual([title, 1]);
});

test('stall of this interval, in seven cells', () => {
  expect([0, 0.04, 0.1, 6.94, 999.94, 999.96, 3800, NaN].map(stallNow)).toEqual([
    '0',
    '<0.1ms',
    '0.1ms',
    '6.9ms',
    '999.9ms',
    '1.0s',
    '3.8s',
    '',
  ]);
});
