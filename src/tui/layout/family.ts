import type { ProcessRow } from '../../core/snapshot/snapshot';

/** What of a row says whose child it is. */
export type Kin = Pick<ProcessRow, 'id' | 'pid' | 'ppid' | 'alive'>;

/** Of the rows below each other: deeper ones stand no further to the right. */
const MAX_DEPTH = 12;

/** Who the parent of a row is among some rows, null for none of them. */
export function parentsIn<Row extends Kin>(rows: readonly Row[]): (row: Row) => Row | null {
  const byPid = new Map<number, Row[]>();
  for (const row of rows) {
    if (row.pid === 0) continue;
    const known = byPid.get(row.pid);
    if (known === undefined) byPid.set(row.pid, [row]);
    else known.push(row);
  }
  return (row) => (row.pid === 0 ? null : parentAmong(row, byPid.get(row.ppid) ?? []));
}

/**
 * Numbers are used again. Who lives has a parent that lives (who has lost his is another's child); of those that have
 * ended it is the one that was met last before the child.
 */
function parentAmong<Row extends Kin>(child: Row, candidates: readonly Row[]): Row | null {
  let best: Row | null = null;
  for (const row of candidates) {
    if (row === child) continue;
    if (row.alive && child.alive) return row;
    const better = best === null || isNearer(row.id, best.id, child.id);
    if (better) best = row;
  }
  return best;
}

/** Ids rise in the order in which rows were met. */
function isNearer(id: number, than: number, child: number): boolean {
  if (id < child) return than > child || id > than;
  return than > child && id < than;
}

/** Rows as a tree, as they are shown one below the other. */
export interface Family<Row> {
  readonly rows: readonly Row[];
  /** By id, of those that stand below another. */
  readonly parents: ReadonlyMap<number, Row>;
  readonly depths: ReadonlyMap<number, number>;
}

/**
 * Puts each row below its parent, or below the nearest one above that which is there too; siblings stay in the order of
 * `rows`. `parentOf` knows those as well that are not shown.
 */
export function familyOf<Row extends Pick<Kin, 'id'>>(
  rows: readonly Row[],
  parentOf: (row: Row) => Row | null,
): Family<Row> {
  const above = nearestAmong(rows, parentOf);
  const children = new Map<Row | null, Row[]>();
  for (const row of rows) {
    const parent = above(row);
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [row]);
    else siblings.push(row);
  }
  const parents = new Map<number, Row>();
  const depths = new Map<number, number>();
  const placed: Row[] = [];
  const left = new Set(rows);
  const place = (first: Row): void => {
    // Without a recursion: a shell loop can make a line of any length.
    const open = [{ row: first, parent: null as Row | null, depth: 0 }];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { row, parent, depth } = next;
      if (!left.delete(row)) continue;
      placed.push(row);
      if (parent !== null) parents.set(row.id, parent);
      if (depth > 0) depths.set(row.id, Math.min(depth, MAX_DEPTH));
      const below = children.get(row) ?? [];
      for (let k = below.length - 1; k >= 0; k--) {
        open.push({ row: below[k]!, parent: row, depth: depth + 1 });
      }
    }
  };
  for (const row of children.get(null) ?? []) place(row);
  // A number that is used again can make a circle: the row of it that comes first stands at the margin.
  for (const row of left) place(row);
  return { rows: placed, parents, depths };
}

/** Who stands nearest above a row among some. */
function nearestAmong<Row>(
  rows: readonly Row[],
  parentOf: (row: Row) => Row | null,
): (row: Row) => Row | null {
  const shown = new Set(rows);
  /** Of those that are not shown. */
  const known = new Map<Row, Row | null>();
  return (row) => {
    const passed: Row[] = [];
    let at = parentOf(row);
    while (at !== null && !shown.has(at)) {
      const before = known.get(at);
      if (before !== undefined) {
        at = before;
        break;
      }
      known.set(at, null);
      passed.push(at);
      at = parentOf(at);
    }
    for (const hidden of passed) known.set(hidden, at);
    return at;
  };
}
