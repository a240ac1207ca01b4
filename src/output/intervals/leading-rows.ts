/** The first of some rows in an order, sorted, and the others as they came. */
export interface LeadingRows<Row> {
  readonly leading: readonly Row[];
  readonly rest: readonly Row[];
}

/** Of thousands that rest a few are shown every second: the others are compared with the last of those alone. */
export function leadingRows<Row>(
  rows: readonly Row[],
  most: number,
  order: (a: Row, b: Row) => number,
): LeadingRows<Row> {
  const leading: Row[] = [];
  const rest: Row[] = [];
  for (const row of rows) {
    const last = leading.at(-1);
    if (leading.length === most && (last === undefined || order(row, last) >= 0)) {
      rest.push(row);
      continue;
    }
    leading.splice(placeOf(row, leading, order), 0, row);
    if (leading.length > most) rest.push(leading.pop()!);
  }
  return { leading, rest };
}

/** Behind those that come before it, or are as far. */
function placeOf<Row>(row: Row, sorted: readonly Row[], order: (a: Row, b: Row) => number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (order(row, sorted[middle]!) < 0) high = middle;
    else low = middle + 1;
  }
  return low;
}
