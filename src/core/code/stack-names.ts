import { printable } from '../text/printable';
import { bareName, PlaceKind, TRUNCATED } from './address';
import type { CodeAddress } from './address';
import { codeOfFrame, shownOf } from './stack-address';
import { MAX_CHAIN, StackTable } from './stack-table';
import { OTHERS } from '../stats/limits';

/** Longest name of a frame, in characters: C++ has functions whose names are longer than a page. */
const MAX_FRAME = 512;
/** Of one that shares a line with others. */
const MAX_SHORT = 60;
/** Of all frames of a stack. */
export const MAX_STACK_TEXT = 16_384;
/** In place of callers that frame pointers do not tell: of a function without a frame, and from where they lead to no code. */
export const UNKNOWN = '[unknown]';
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
  let room = MAX_STACK_TEXT;
  let walked = 0;
  for (const frame of table.framesOf(stack)) {
    const address = table.codes.address(codeOfFrame(frame))!;
    const found = frameNames(frame, address);
    if (address.place.kind !== PlaceKind.KERNEL) walked++;
    // Where the thread was, not where it will return to.
    if (walked === 1 && address.frameless === true) found.push(UNKNOWN);
    for (const name of found) {
      // Nobody knows how many they are.
      if (name === UNKNOWN && names.at(-1) === UNKNOWN) continue;
      room -= name.length;
      if (room >= 0) names.push(name);
    }
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

/** What the C library calls its ways into the kernel: the same for whoever maps something. */
const MAPPING_CALL = /^(__GI_)?_*(mmap|mmap64|mremap|brk|sbrk)$/;

/** Of the calls that made a mapping, root first, those that differ: who called the C library's mmap, mremap or brk comes last. */
function makers(frames: readonly string[]): readonly string[] {
  let end = frames.length;
  while (end > 1 && MAPPING_CALL.test(frames[end - 1]!)) end--;
  return frames.slice(0, end);
}

/** The innermost of them, as `innermost` has them. */
export function innermostMaker(frames: readonly string[], width: number): string {
  return innermost(makers(frames), width);
}

/** Some of them is known. */
export function isMakerKnown(frames: readonly string[]): boolean {
  return makers(frames).some((frame) => frame !== UNKNOWN && frame !== TRUNCATED);
}

/** Innermost first. */
function frameNames(frame: number, address: CodeAddress): string[] {
  const { place, frames } = address;
  if (place.kind === PlaceKind.UNKNOWN) return [place.object];
  const known = frames?.filter((frame) => frame.function !== '') ?? [];
  if (known.length === 0) return [clean(bareName(shownOf(frame, address)))];
  const before = place.kind === PlaceKind.KERNEL ? '[kernel] ' : '';
  return known.map((named) => clean(before + named.function));
}

function clean(name: string): string {
  return printable(name, MAX_FRAME).replaceAll(FRAME_SEPARATOR, ':');
}
