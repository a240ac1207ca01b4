import { OTHERS } from '../stats/limits';

/** 65,536 names of at most 16 bytes; a target that renames itself for ever must not cost memory. */
const COMM_CAP = 65536;
const COMM_MAX = 64;

/** Thread names by number. Numbers are never reused, so that outputs may keep encoded names by number. */
export class CommTable {
  readonly names: string[] = [];
  private readonly byName = new Map<string, number>();

  constructor(private readonly cap = COMM_CAP) {}

  get full(): boolean {
    return this.names.length >= this.cap;
  }

  /** Number of a name; beyond the cap that of OTHERS. */
  intern(name: string): number {
    // The kernel's limit is 15; a longer one comes from a broken record and is not kept in full.
    if (name.length > COMM_MAX) name = name.slice(0, COMM_MAX);
    const known = this.byName.get(name);
    if (known !== undefined) return known;
    if (this.names.length >= this.cap - 1 && name !== OTHERS) return this.intern(OTHERS);
    const id = this.names.length;
    this.names.push(name);
    this.byName.set(name, id);
    return id;
  }
}
