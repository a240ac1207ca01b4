import type { AddressSpace } from '../tasks/address-space';
import type { Process } from '../tasks/process';
import { Prot } from '../vma/vma';
import type { VmaMap } from '../vma/vma-map';

/** How often is looked for the thread that a stack is prepared for. */
const MAX_LOOKS = 20;
/** Stacks of a program for which no thread came, one after the other: they are something else. */
const MAX_IN_VAIN = 4;
const MAX_KEPT = 64;

interface Looks {
  readonly image: number;
  /** How often, by the first page. */
  readonly at: Map<number, number>;
  inVain: number;
}

/**
 * Whoever starts a thread makes its stack, with a guard below it, and fills its thread-local variables in there; then
 * there is a thread. Finds such memory that holds variables of none so far.
 */
export class PreparedStacks {
  private readonly looks = new WeakMap<AddressSpace, Looks>();
  /** The mapping that was looked at last. */
  private lastOf: AddressSpace | null = null;
  private lastStart = 0;
  private lastEnd = 0;

  /** A page with variables of no thread that is known. True: it is worth looking for one. */
  looksLikeOne({ space }: Process, page: number): boolean {
    if (space === this.lastOf && page >= this.lastStart && page < this.lastEnd) return false;
    const { map } = space;
    const handle = map.find(page);
    if (handle < 0) return false;
    this.lastOf = space;
    this.lastStart = map.startOf(handle);
    this.lastEnd = map.endOf(handle);
    if (!liesAboveGuard(map, handle)) return false;
    if (space.tls.within(this.lastStart, this.lastEnd).length > 0) return false;
    return this.mayLook(space, this.lastStart);
  }

  /** To be called before the faults of a batch are gone through, once more or for the first time. */
  begin(): void {
    this.lastOf = null;
  }

  /** One came. */
  found(space: AddressSpace): void {
    const looks = this.looks.get(space);
    if (looks === undefined) return;
    looks.inVain = 0;
    looks.at.clear();
  }

  /** The program has no such variables. */
  giveUp(space: AddressSpace): void {
    this.looksOf(space).inVain = MAX_IN_VAIN;
  }

  private mayLook(space: AddressSpace, start: number): boolean {
    const looks = this.looksOf(space);
    const before = looks.at.get(start) ?? 0;
    if (before >= MAX_LOOKS || looks.inVain >= MAX_IN_VAIN) return false;
    if (looks.at.size >= MAX_KEPT) looks.at.clear();
    looks.at.set(start, before + 1);
    if (before + 1 === MAX_LOOKS) looks.inVain++;
    return true;
  }

  private looksOf(space: AddressSpace): Looks {
    const { image } = space;
    const known = this.looks.get(space);
    if (known?.image === image) return known;
    const looks = { image, at: new Map<number, number>(), inVain: 0 };
    this.looks.set(space, looks);
    return looks;
  }
}

/** Private memory to be read and written, directly above such memory that nobody may touch. */
function liesAboveGuard(map: VmaMap, handle: number): boolean {
  const below = map.previous(handle);
  if (below < 0 || map.endOf(below) !== map.startOf(handle)) return false;
  const [vma, guard] = [map.vma(handle), map.vma(below)];
  if (vma.prot !== (Prot.READ | Prot.WRITE) || vma.shared || vma.backing.ino !== '0') return false;
  return guard.prot === 0 && !guard.shared && guard.backing.ino === '0';
}
