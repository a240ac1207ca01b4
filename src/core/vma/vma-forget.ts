import { FAN } from './vma-nodes';
import type { Rooted, VmaNodes } from './vma-nodes';

/** What is decided of a leaf; it may be met in several trees. */
const FORGET = 1;
const KEEP = 2;

/**
 * Forgets `wanted` leaves of all trees together, those first that were not looked up for longest; among
 * those of one age the lowest addresses of the oldest tree. /proc answers again for what is missing when
 * it faults. Shared nodes are changed in place: what one map forgets its copies forget too. Returns how many
 * leaves went.
 */
export function forgetOldest(nodes: VmaNodes, wanted: number): number {
  const before = nodes.leaves.room;
  const ages = inUse(nodes).sort();
  if (ages.length === 0) return 0;
  const sweep = new Sweep(nodes, ages, Math.min(wanted, ages.length));
  for (const tree of [...nodes.trees]) sweep.tree(tree);
  return nodes.leaves.room - before;
}

function inUse({ leaves, used }: VmaNodes): Uint32Array {
  const ages = new Uint32Array(leaves.made);
  let n = 0;
  for (let leaf = 0; leaf < leaves.made; leaf++) {
    if (leaves.refs[leaf]! > 0) ages[n++] = used[leaf]!;
  }
  return ages.subarray(0, n);
}

class Sweep {
  private readonly decided: Uint8Array;
  private readonly visited: Uint8Array;
  private readonly limit: number;
  /** Leaves of exactly that age which are to go. */
  private left: number;

  constructor(
    private readonly nodes: VmaNodes,
    sortedAges: Uint32Array,
    wanted: number,
  ) {
    this.decided = new Uint8Array(nodes.leaves.made);
    this.visited = new Uint8Array(nodes.inner.made);
    this.limit = sortedAges[wanted - 1]!;
    this.left = wanted - sortedAges.indexOf(this.limit);
  }

  tree(tree: Rooted): void {
    const { nodes } = this;
    tree.changed();
    if (!this.empties(tree.height, tree.root)) return;
    nodes.release(tree.height, tree.root);
    tree.root = -1;
    tree.height = 0;
    nodes.trees.delete(tree);
  }

  /** Forgets below a node; true when nothing of it is left. */
  private empties(level: number, node: number): boolean {
    if (level === 0) return this.goes(node);
    const { nodes } = this;
    const counts = nodes.inner.counts;
    if (this.visited[node] === 1) return counts[node] === 0;
    this.visited[node] = 1;
    const base = node * FAN;
    let kept = base;
    for (let i = base; i < base + counts[node]!; i++) {
      const child = nodes.kids[i]!;
      if (this.empties(level - 1, child)) {
        nodes.release(level - 1, child);
        continue;
      }
      nodes.kids[kept] = child;
      nodes.keys[kept++] = nodes.endOf(level - 1, child);
    }
    counts[node] = kept - base;
    return counts[node] === 0;
  }

  private goes(leaf: number): boolean {
    if (this.decided[leaf] === 0) {
      const age = this.nodes.used[leaf]!;
      const goes = age < this.limit || (age === this.limit && this.left-- > 0);
      this.decided[leaf] = goes ? FORGET : KEEP;
    }
    return this.decided[leaf] === FORGET;
  }
}
