const DIGIT = 256;
/** Levels below the root: 2^24 numbers per child of the root. */
const DEPTH = 3;

type Node = Map<number, Node>;
const LEAF: Node = new Map();

/**
 * A set of whole numbers as a radix tree: those of a range are found in time that grows with what is in
 * the range, however much lies outside.
 */
export class KeyTree {
  private readonly root: Node = new Map();

  add(key: number): void {
    let node = this.root;
    for (let level = DEPTH; level > 0; level--) {
      const digit = digitOf(key, level);
      let child = node.get(digit);
      if (child === undefined) {
        child = new Map<number, Node>();
        node.set(digit, child);
      }
      node = child;
    }
    node.set(digitOf(key, 0), LEAF);
  }

  delete(key: number): void {
    remove(this.root, key, DEPTH);
  }

  /** Those from `first` to `last` (inclusive), in no order. */
  within(first: number, last: number): number[] {
    const found: number[] = [];
    collect(this.root, 0, DEPTH, first, last, found);
    return found;
  }

  clear(): void {
    this.root.clear();
  }
}

/** The root has all the digits that are left. */
function digitOf(key: number, level: number): number {
  const shifted = Math.floor(key / DIGIT ** level);
  return level === DEPTH ? shifted : shifted % DIGIT;
}

/** True when nothing is left below the node. */
function remove(node: Node, key: number, level: number): boolean {
  const digit = digitOf(key, level);
  const child = node.get(digit);
  if (child === undefined) return false;
  if (level === 0 || remove(child, key, level - 1)) node.delete(digit);
  return node.size === 0;
}

function collect(
  node: Node,
  prefix: number,
  level: number,
  first: number,
  last: number,
  found: number[],
): void {
  const span = DIGIT ** level;
  for (const [digit, child] of node) {
    const below = prefix * DIGIT + digit;
    if ((below + 1) * span <= first || below * span > last) continue;
    if (level === 0) found.push(below);
    else collect(child, below, level - 1, first, last, found);
  }
}
