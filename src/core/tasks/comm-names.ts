/** 65,536 names of at most 16 bytes; a target that renames itself for ever must not cost memory. */
const COMM_CAP = 65536;
const COMM_MAX = 64;
const OVERFLOW = '[others]';

/** Thread names by number. Numbers are never reused, so that outputs may keep encoded names by number. */
export class CommTable {
  readonly names: string[] = [];
  private readonly byName = new Map<string, number>();

  constructor(private readonly cap = COMM_CAP) {}

  get full(): boolean {
    return this.names.length >= this.cap;
  }

  /** Number of a name; beyond the cap that of '[others]'. */
  intern(name: string): number {
    // The kernel's limit is 15; a longer one comes from a broken record and is not kept in full.
    if (name.length > COMM_MAX) name = name.slice(0, COMM_MAX);
    const known = this.byName.get(name);
    if (known !== undefined) return known;
    if (this.names.length >= this.cap - 1 && name !== OVERFLOW) return this.intern(OVERFLOW);
    const id = this.names.length;
    this.names.push(name);
    this.byName.set(name, id);
    return id;
  }
}
