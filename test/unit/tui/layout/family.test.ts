import { familyOf, parentsIn } from '../../../../src/tui/layout/family';
import * as sample from '../../../support/sample';
import type { ProcessRow } from '../../../../src/core/snapshot/snapshot';
import { expectSame } from '../../../support/same';

const row = (id: number, pid: number, ppid: number, alive = true): ProcessRow =>
  sample.process({ id, pid, ppid, alive });

/** `pid@depth` of each row, as shown; of those that are hidden nothing. */
function drawn(rows: readonly ProcessRow[], hidden: readonly number[] = []): string[] {
  const shown = rows.filter(({ id }) => !hidden.includes(id));
  const family = familyOf(shown, parentsIn(rows));
  return family.rows.map(({ id, pid }) => `${pid}@${family.depths.get(id) ?? 0}`);
}

test('each below its parent, siblings in the order that they came in', () => {
  const rows = [row(4, 40, 20), row(1, 10, 1), row(3, 30, 10), row(5, 50, 10), row(2, 20, 10)];
  expect(drawn(rows)).toEqual(['10@0', '30@1', '50@1', '20@1', '40@2']);
});

test('below the nearest that is shown, where a filter or the hiding of the ended has taken the parent', () => {
  const rows = [row(1, 10, 1), row(2, 20, 10, false), row(3, 30, 20, false), row(4, 40, 30)];
  expect(drawn(rows, [2])).toEqual(['10@0', '30@1', '40@2']);
  expect(drawn(rows, [2, 3])).toEqual(['10@0', '40@1']);
  expect(drawn(rows, [1])).toEqual(['20@0', '30@1', '40@2']);
});

test('rows that several share and those of unknown parents stand at the margin', () => {
  expect(drawn([row(1, 0, 0, false), row(2, 20, 0), row(3, 30, 7)])).toEqual([
    '0@0',
    '20@0',
    '30@0',
  ]);
});

test('a number that is used again: who lives is a child of who lives', () => {
  const rows = [row(1, 10, 1, false), row(2, 20, 10, false), row(5, 10, 1), row(6, 60, 10)];
  expect(drawn(rows)).toEqual(['10@0', '20@1', '10@0', '60@1']);
  // Met after its child, at its first fault.
  expect(drawn([row(9, 90, 1, false), row(2, 20, 90, false)])).toEqual(['90@0', '20@1']);
});

test('numbers that are used again can make a circle: nothing is lost in it', () => {
  expect(drawn([row(1, 10, 20, false), row(2, 20, 10, false)])).toEqual(['10@0', '20@1']);
  expect(drawn([row(3, 30, 30, false)])).toEqual(['30@0']);
  const rows = [row(5, 50, 20, false), row(2, 20, 10, false), row(1, 10, 20, false)];
  expect(drawn(rows)).toHaveLength(3);
});

test('a line of any length, which does not run out of the screen', () => {
  const rows = Array.from({ length: 20_000 }, (_, k) => row(k + 1, k + 10, k + 9));
  const { rows: placed, depths } = familyOf(rows, parentsIn(rows));
  expectSame(placed, rows);
  expect(
    drawn(
      rows,
      rows.slice(1, -1).map(({ id }) => id),
    ),
  ).toEqual(['10@0', '20009@1']);
  expect(Math.max(...depths.values())).toBe(12);
});
