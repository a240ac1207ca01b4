/** Writes small ELF files field by field, as the System V ABI lays them out. */
export interface BuiltSection {
  readonly name: string;
  readonly type?: number;
  readonly flags?: number;
  readonly address?: number;
  readonly size?: number;
}

export interface BuiltSegment {
  readonly type?: number;
  readonly flags: number;
  readonly offset: number;
  readonly address: number;
  readonly fileSize: number;
  readonly memSize: number;
}

export interface ElfPlan {
  readonly wide: boolean;
  readonly little: boolean;
  readonly sections: readonly BuiltSection[];
  readonly segments: readonly BuiltSegment[];
  readonly type?: number;
  /** Numbers stand in section 0, as they do when they do not fit in 16 bits. */
  readonly extended?: boolean;
}

/** Width in bytes and value. */
type Field = readonly [width: number, value: number];

/** A section header but for its name: where the section lies, and what its type says with link and info. */
interface SectionHeader extends BuiltSection {
  readonly offset?: number;
  readonly link?: number;
  readonly info?: number;
}

export function buildElf(plan: ElfPlan): Uint8Array {
  const file = new ElfWriter(plan);
  file.header();
  plan.segments.forEach((segment, i) => {
    file.segment(i, segment);
  });
  const { last } = file;
  file.section(0, {
    name: '',
    type: 0,
    ...(plan.extended ? { size: last + 1, link: last, info: plan.segments.length } : {}),
  });
  plan.sections.forEach((section, i) => {
    file.section(i + 1, section);
  });
  file.nameTable();
  return file.bytes;
}

/** Where each of the names begins in a table of them, each with a zero behind it. */
function offsetsOf(names: readonly string[]): number[] {
  let at = 0;
  return names.map((name) => {
    const begin = at;
    at += name.length + 1;
    return begin;
  });
}

/** The file in the making: its header, segments, names of sections, headers of sections, in this order. */
class ElfWriter {
  readonly bytes: Uint8Array;
  /** Number of the section of names, the last. */
  readonly last: number;
  private readonly view: DataView;
  /** Bytes of an address. */
  private readonly word: number;
  private readonly sizes: {
    readonly header: number;
    readonly segment: number;
    readonly section: number;
  };
  private readonly names: Buffer;
  private readonly nameOffsets: readonly number[];
  private readonly namesAt: number;
  private readonly sectionsAt: number;

  constructor(private readonly plan: ElfPlan) {
    this.word = plan.wide ? 8 : 4;
    this.sizes = plan.wide
      ? { header: 64, segment: 56, section: 64 }
      : { header: 52, segment: 32, section: 40 };
    const names = ['', ...plan.sections.map(({ name }) => name), '.shstrtab'];
    this.names = Buffer.from(names.join('\0') + '\0', 'latin1');
    this.nameOffsets = offsetsOf(names);
    this.last = names.length - 1;
    this.namesAt = this.sizes.header + this.sizes.segment * plan.segments.length;
    this.sectionsAt = (this.namesAt + this.names.length + 7) & ~7;
    this.bytes = new Uint8Array(this.sectionsAt + this.sizes.section * names.length);
    this.view = new DataView(this.bytes.buffer);
  }

  header(): void {
    const { plan, sizes, word, last } = this;
    const { wide, little, extended } = plan;
    this.bytes.set([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, little ? 1 : 2, 1], 0);
    this.put(
      16,
      [2, plan.type ?? 3],
      [2, 62],
      [4, 1],
      [word, 0],
      [word, sizes.header],
      [word, this.sectionsAt],
      [4, 0],
      [2, sizes.header],
      [2, sizes.segment],
      [2, extended ? 0xffff : plan.segments.length],
      [2, sizes.section],
      [2, extended ? 0 : last + 1],
      [2, extended ? 0xffff : last],
    );
  }

  segment(i: number, { type = 1, flags, offset, address, fileSize, memSize }: BuiltSegment): void {
    const { word } = this;
    const sizes: Field[] = [
      [word, offset],
      [word, address],
      [word, address],
      [word, fileSize],
      [word, memSize],
    ];
    const at = this.sizes.header + i * this.sizes.segment;
    if (this.plan.wide) this.put(at, [4, type], [4, flags], ...sizes, [8, 4096]);
    else this.put(at, [4, type], ...sizes, [4, flags], [4, 4096]);
  }

  section(i: number, of: SectionHeader): void {
    const { word } = this;
    this.put(
      this.sectionsAt + i * this.sizes.section,
      [4, this.nameOffsets[i]!],
      [4, of.type ?? 1],
      [word, of.flags ?? 0],
      [word, of.address ?? 0],
      [word, of.offset ?? 0],
      [word, of.size ?? 0],
      [4, of.link ?? 0],
      [4, of.info ?? 0],
    );
  }

  nameTable(): void {
    this.section(this.last, {
      name: '',
      type: 3,
      offset: this.namesAt,
      size: this.names.length,
    });
    this.bytes.set(this.names, this.namesAt);
  }

  /** Fields one behind the other. */
  private put(at: number, ...fields: readonly Field[]): void {
    const { little } = this.plan;
    for (const [width, value] of fields) {
      if (width === 2) this.view.setUint16(at, value, little);
      else if (width === 4) this.view.setUint32(at, value, little);
      else this.view.setBigUint64(at, BigInt(value), little);
      at += width;
    }
  }
}

export const SHF_WRITE = 1;
export const SHF_ALLOC = 2;
export const SHF_EXEC = 4;
export const SHF_TLS = 0x400;
export const SHT_NOBITS = 8;
