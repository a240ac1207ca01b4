import { printable } from '../text/printable';
import { bareName, PlaceKind, TRUNCATED } from './address';
import type { CodeAddress } from './address';
import { MAX_CHAIN, StackTable } from './stack-table';
import { OTHERS } from '../stats/limits';

/** Longest name of a frame, in characters: C++ has functions whose names are longer than a page. */
const MAX_FRAME = 512;
/** Of one that shares a line with others. */
const MAX_SHORT = 60;
/** Of all frames of a stack. */
export const MAX_STACK_TEXT = 16_384;
/** In place of the caller of a function without a frame, which frame pointers do not tell. */
const UNKNOWN = '[unknown]';
/** Between frames, and in none of them. */
export const FRAME_SEPARATOR = ';';

/**
 * Names of a stack's frames, root first. What stands for an address without a name is `object+0xOFFSET`; inlined
 * functions are frames of their own. No `;`, line end or control character is left in a name: `;` is what
 * flame graphs separate frames by, and becomes `:`. A stack that the kernel or its length has cut off, or that
 * could not be unwound to its end, begins with `[truncated]`.
 */
export function stackFrames(table: StackTable, stack: number): string[] {
  if (stack === StackTable.NONE) return [];
  if (stack === StackTable.OTHERS) return [OTHERS];
  const names: string[] = [];
  // The kernel's function, where there is one, and the user's instruction are where the thread was. All
  // others are return addresses, looked up by the byte before.
  let exact = 1;
  let room = MAX_STACK_TEXT;
  let walked = 0;
  for (const code of table.codesOf(stack)) {
    const address = table.codes.address(code)!;
    if (address.place.kind === PlaceKind.KERNEL) exact = 2;
    else walked++;
    const found = frameNames(address, exact > 0);
    // Where the thread was, not where it will return to.
    if (exact === 1 && address.frameless === true) found.push(UNKNOWN);
    for (const name of found) {
      room -= name.length;
      if (room >= 0) names.push(name);
    }
    exact--;
  }
  const cut = room < 0 || walked >= MAX_CHAIN;
  if (cut && names.at(-1) !== TRUNCATED) names.push(TRUNCATED);
  return names.reverse();
}

/** The innermost frames of a stack, root first, that find room in so many characters, at least one; `...` stands for the others. */
export function innermost(frames: readonly string[], width: number): string {
  let text = '';
  for (let i = frames.length - 1; i >= 0; i--) {
    const frame = printable(frames[i]!, MAX_SHORT);
    const longer = text === '' ? frame : frame + FRAME_SEPARATOR + text;
    const cut = i === 0 ? '' : `...${FRAME_SEPARATOR}`;
    if (text !== '' && cut.length + longer.length > width) return `...${FRAME_SEPARATOR}${text}`;
    text = longer;
  }
  return text;
}

/** Innermost first. */
function frameNames(address: CodeAddress, exact: boolean): string[] {
  const { place, frames } = address;
  if (place.kind === PlaceKind.UNKNOWN) return [place.object];
  const known = frames?.filter((frame) => frame.function !== '') ?? [];
  if (known.length === 0) return [clean(bareName(exact ? address : next(address)))];
  const before = place.kind === PlaceKind.KERNEL ? '[kernel] ' : '';
  return known.map((frame) => clean(before + frame.function));
}

/** The address behind. */
function next({ object, high, low }: CodeAddress): Pick<CodeAddress, 'object' | 'high' | 'low'> {
  const sum = (low + 1) >>> 0;
  return { object, high: sum === 0 ? high + 1 : high, low: sum };
}

function clean(name: string): string {
  return printable(name, MAX_FRAME).replaceAll(FRAME_SEPARATOR, ':');
}
