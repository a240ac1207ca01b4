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

export function buildElf(plan: ElfPlan): Uint8Array {
  const { wide, little } = plan;
  const [ehsize, phentsize, shentsize] = wide ? [64, 56, 64] : [52, 32, 40];
  const names = ['', ...plan.sections.map((s) => s.name), '.shstrtab'];
  const table = Buffer.from(names.join('\0') + '\0', 'latin1');
  const nameOffsets: number[] = [];
  let at = 0;
  for (const name of names) {
    nameOffsets.push(at);
    at += name.length + 1;
  }
  const phoff = ehsize;
  const tableOffset = phoff + phentsize * plan.segments.length;
  const shoff = (tableOffset + table.length + 7) & ~7;
  const count = plan.sections.length + 2;
  const bytes = new Uint8Array(shoff + shentsize * count);
  const view = new DataView(bytes.buffer);
  const put = (offset: number, width: number, value: number): void => {
    if (width === 2) view.setUint16(offset, value, little);
    else if (width === 4) view.setUint32(offset, value, little);
    else view.setBigUint64(offset, BigInt(value), little);
  };
  const word = wide ? 8 : 4;
  /** Writes consecutive fields of the given widths. */
  const fields = (offset: number, ...list: [number, number][]): void => {
    for (const [width, value] of list) {
      put(offset, width, value);
      offset += width;
    }
  };

  bytes.set([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, little ? 1 : 2, 1], 0);
  fields(
    16,
    [2, plan.type ?? 3],
    [2, 62],
    [4, 1],
    [word, 0],
    [word, phoff],
    [word, shoff],
    [4, 0],
    [2, ehsize],
    [2, phentsize],
    [2, plan.extended ? 0xffff : plan.segments.length],
    [2, shentsize],
    [2, plan.extended ? 0 : count],
    [2, plan.extended ? 0xffff : count - 1],
  );
  plan.segments.forEach((s, i) => {
    const type = s.type ?? 1;
    const sizes: [number, number][] = [
      [word, s.offset],
      [word, s.address],
      [word, s.address],
      [word, s.fileSize],
      [word, s.memSize],
    ];
    const row = phoff + i * phentsize;
    if (wide) fields(row, [4, type], [4, s.flags], ...sizes, [8, 4096]);
    else fields(row, [4, type], ...sizes, [4, s.flags], [4, 4096]);
  });
  const section = (
    i: number,
    s: BuiltSection & { offset?: number; link?: number; info?: number },
  ): void => {
    fields(
      shoff + i * shentsize,
      [4, nameOffsets[i]!],
      [4, s.type ?? 1],
      [word, s.flags ?? 0],
      [word, s.address ?? 0],
      [word, s.offset ?? 0],
      [word, s.size ?? 0],
      [4, s.link ?? 0],
      [4, s.info ?? 0],
    );
  };
  section(0, {
    name: '',
    type: 0,
    ...(plan.extended ? { size: count, link: count - 1, info: plan.segments.length } : {}),
  });
  plan.sections.forEach((s, i) => {
    section(i + 1, s);
  });
  section(count - 1, { name: '', type: 3, offset: tableOffset, size: table.length });
  bytes.set(table, tableOffset);
  return bytes;
}

export const SHF_WRITE = 1;
export const SHF_ALLOC = 2;
export const SHF_EXEC = 4;
export const SHF_TLS = 0x400;
export const SHT_NOBITS = 8;
