/** Section and segment headers of an ELF file: just enough to name an address. */
export interface ElfImage {
  readonly sections: readonly ElfSection[];
  readonly segments: readonly ElfSegment[];
  /** Hexadecimal; left out where it has none. */
  readonly buildId?: string;
}

export interface ElfSection {
  readonly name: string;
  /** Link-time address and size in bytes; SHT_NOBITS sections occupy no file bytes. */
  readonly address: number;
  readonly size: number;
  readonly nobits: boolean;
}

/** A PT_LOAD program header. Bytes. */
export interface ElfSegment {
  readonly offset: number;
  readonly address: number;
  readonly fileSize: number;
  readonly memSize: number;
  readonly prot: number;
}
