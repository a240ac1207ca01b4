// Prints src/tui/terminal/wide-ranges.ts from get-east-asian-width, which cannot be required: npm run widths
import { fullwidthRanges, wideRanges } from '../node_modules/get-east-asian-width/lookup-data.js';

const pairs = [];
for (const list of [wideRanges, fullwidthRanges]) {
  for (let k = 0; k < list.length; k += 2) pairs.push([list[k], list[k + 1]]);
}
pairs.sort((a, b) => a[0] - b[0]);
const merged = [];
for (const [from, to] of pairs) {
  const last = merged.at(-1);
  if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to);
  else merged.push([from, to]);
}
const hex = (n) => `0x${n.toString(16)}`;
const rows = merged.map(([from, to]) => `  [${hex(from)}, ${hex(to)}],`);
process.stdout.write(`/**
 * Code points of East Asian Width W and F (Unicode's UAX 11), first and last of each range, in order. Made by
 * \`npm run widths\` from the data of get-east-asian-width.
 */
// oxfmt-ignore
export const WIDE_RANGES: readonly (readonly [number, number])[] = [
${rows.join('\n')}
];
`);
