import { columnAt, heatMapLines, pointer } from '../../../../src/tui/layout/heat-map';
import { cells } from '../../../support/cells';
import { makeTheme } from '../../../../src/tui/terminal/theme';

const theme = makeTheme({ colours: 0, ascii: true });

/** A map of one line: a fault in every column. */
function mapOf(count: number): Parameters<typeof heatMapLines>[2]['grid'] {
  const kept = Math.min(count, 240);
  return {
    columns: Array.from({ length: kept }, () => [1]),
    times: Array.from({ length: kept }, (_, k) => (count - kept + k) * 1e9),
    count,
  };
}

test('a cell leads to the column that is drawn there, however wide it is', () => {
  const wrong: unknown[] = [];
  for (const count of [1, 2, 7, 8, 9, 17, 40, 41, 100, 500]) {
    const grid = mapOf(count);
    const lines = [{ label: 'x', from: 0, to: 1 }];
    const { lines: drawn, place } = heatMapLines(theme, 90, { grid, lines, rows: (c) => c });
    const text = cells(drawn[0]!);
    for (let cell = 0; cell < 90; cell++) {
      const column = columnAt(place, grid, cell);
      const isDrawn = !' x|'.includes(text.charAt(cell)) && cell >= place.gutter;
      if (isDrawn !== (column !== null)) wrong.push([count, cell, column]);
      if (column === null) continue;
      const [mark = ''] = pointer(theme, 90, place, column, '');
      const at = cells(mark).indexOf(theme.glyphs.up);
      if (columnAt(place, grid, at) !== column) wrong.push([count, cell, column, at]);
    }
  }
  expect(wrong).toEqual([]);
});
