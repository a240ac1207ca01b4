import { TRUNCATED } from '../code/address';
import { UNKNOWN } from '../code/stack-names';
import { LIST_SEPARATOR } from './fault-fields';
import type { StackRow } from '../snapshot/snapshot';
import { percent } from '../text/format';
import { printable } from '../text/printable';

/** Frames that a line names; of longer runs the first and the last. */
const NAMED = 8;
/** Characters of a frame's name. */
const MAX_NAME = 60;

/** One line of stacks with what they have in common: frames without a branch, and what those below add up to. */
export interface StackLine {
  /** How many lines above it belongs under. */
  readonly depth: number;
  readonly text: string;
  readonly faults: number;
  readonly stallNs: number;
}

/** Less is no matter: a thread or two begin in code of that kind. */
const LEAST_LOST = 0.1;
/** Frames, with the mark. Stacks that are deeper than what is copied of them have more: those do not lack tables. */
const CUT_SHORT = 8;

/** Of many stacks the callers are not known, and could be: what to do. '' for none. */
export function lostCallers(rows: readonly StackRow[]): string {
  let all = 0;
  let lost = 0;
  let cut = 0;
  for (const { frames, faults } of rows) {
    all += faults;
    if (frames[0] === UNKNOWN) lost += faults;
    if (frames[0] === TRUNCATED && frames.length <= CUT_SHORT) cut += faults;
  }
  if (lost > 0 && lost >= LEAST_LOST * all)
    return `${percent(lost / all)} % end in code without frame pointers; --stacks dwarf needs none`;
  if (cut > 0 && cut >= LEAST_LOST * all)
    return `${percent(cut / all)} % are cut off where no unwind tables were found; --stacks fp needs none`;
  return '';
}

/** `callees`: from the root to what faulted. `callers`: from there to the root. */
export type Direction = 'callees' | 'callers';

interface Node {
  readonly frames: string[];
  faults: number;
  stallNs: number;
  readonly below: Map<string, Node>;
  /** A stack ends here, and others go on. */
  ends: boolean;
}

/**
 * Stacks as a tree in lines, those with the most first; frames that several have in common stand once. `weight` says
 * what is most.
 */
export function stackLines(
  rows: readonly StackRow[],
  direction: Direction,
  weight: (row: Pick<StackRow, 'faults' | 'stallNs'>) => number,
): StackLine[] {
  const root = node([]);
  for (const row of rows) {
    const frames = direction === 'callees' ? row.frames : [...row.frames].reverse();
    let at = root;
    for (const frame of frames) {
      let next = at.below.get(frame);
      if (next === undefined) at.below.set(frame, (next = node([frame])));
      next.faults += row.faults;
      next.stallNs += row.stallNs;
      at = next;
    }
    at.ends = true;
  }
  const lines: StackLine[] = [];
  const add = (parent: Node, depth: number): void => {
    const nodes = [...parent.below.values()].sort((a, b) => weight(b) - weight(a));
    for (const top of nodes) {
      const last = run(top);
      const { faults, stallNs } = top;
      lines.push({ depth, text: runText(top.frames), faults, stallNs });
      add(last, depth + 1);
    }
  };
  add(root, 0);
  return lines;
}

function node(frames: string[]): Node {
  return { frames, faults: 0, stallNs: 0, below: new Map(), ends: false };
}

/** Takes the frames that follow without a branch into the node. Returns the last of them. */
function run(top: Node): Node {
  let last = top;
  while (last.below.size === 1 && !last.ends) {
    const [next] = last.below.values();
    top.frames.push(...next!.frames);
    last = next!;
  }
  return last;
}

/** `main;load;recurse x12;fill`. */
function runText(frames: readonly string[]): string {
  const repeated: { readonly name: string; count: number }[] = [];
  for (const frame of frames) {
    const last = repeated.at(-1);
    if (last?.name === frame) last.count++;
    else repeated.push({ name: frame, count: 1 });
  }
  const names = repeated.map(({ name, count }) => {
    const short = printable(name, MAX_NAME);
    return count === 1 ? short : `${short} x${count}`;
  });
  if (names.length > NAMED) {
    const left = names.length - NAMED + 1;
    names.splice(NAMED / 2, left, `... ${left} more ...`);
  }
  return names.join(LIST_SEPARATOR);
}
