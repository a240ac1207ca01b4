import type { SystemFacts } from '../../core/classify/cause-text';
import type { ElfImage, ElfSection, ElfSegment } from '../../core/elf/elf';
import { objectOf } from '../../core/text/json-object';
import type { JsonObject } from '../../core/text/json-object';
import type { Backing } from '../../core/vma/vma';
import { isCount } from './fact-values';
import { parseLook } from './look-facts';
import type { GuardsFact, MemoryFact } from './look-facts';
import type { ServedFact } from '../known-servers';
import { parseOwner } from './owner-facts';
import type { CgroupsFact, OwnerFact } from './owner-facts';
import { parseServed } from './served-facts';
import { parseRunFact } from './run-facts';
import type { RunFact } from './run-facts';

/** What a recording of ours holds beside its records, one JSON text each. */
export type RecordedFact =
  | { readonly kind: 'elf'; readonly file: string; readonly image: ElfImage }
  | { readonly kind: 'store'; readonly file: string; readonly store: number }
  | {
      readonly kind: 'comm';
      readonly pid: number;
      readonly tid: number;
      readonly name: string;
    }
  | { readonly kind: 'build'; readonly name: string; readonly id: string }
  | { readonly kind: 'system'; readonly system: SystemFacts }
  | RunFact
  | GuardsFact
  | MemoryFact
  | ServedFact
  | OwnerFact
  | CgroupsFact;

/** A file as facts know it: the same for every process that maps it under one name. */
export function fileKey({ devMajor, devMinor, ino, name }: Backing): string {
  return `${devMajor}:${devMinor}:${ino}:${name}`;
}

export function factText(fact: RecordedFact): string {
  return JSON.stringify(fact);
}

/** null for what is none: the file may be anybody's. */
export function parseFact(text: string): RecordedFact | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const fact = objectOf(value);
  if (fact === null) return null;
  const { kind, file, store } = fact;
  if (kind === 'store' && typeof file === 'string' && isCount(store)) return { kind, file, store };
  if (kind === 'elf' && typeof file === 'string') {
    const image = imageOf(objectOf(fact.image));
    return image === null ? null : { kind, file, image };
  }
  if (kind === 'guards' || kind === 'memory') return parseLook(fact);
  if (kind === 'mount' || kind === 'server') return parseServed(fact);
  if (kind === 'owner' || kind === 'cgroups') return parseOwner(fact);
  const ofRun = parseRunFact(fact);
  if (ofRun !== null) return ofRun;
  const { pid, tid, name, id } = fact;
  if (kind === 'build' && typeof name === 'string' && isBuildId(id)) return { kind, name, id };
  if (kind === 'comm' && isCount(pid) && isCount(tid) && typeof name === 'string') {
    return { kind, pid, tid, name };
  }
  const system = objectOf(fact.system);
  if (kind !== 'system' || system === null) return null;
  const { swapInUse, numaBalancing } = system;
  return {
    kind,
    system: { swapInUse: swapInUse === true, numaBalancing: numaBalancing === true },
  };
}

function isBuildId(value: unknown): value is string {
  return typeof value === 'string' && /^([0-9a-f]{2}){2,64}$/.test(value);
}

function imageOf(value: JsonObject | null): ElfImage | null {
  if (value === null || !Array.isArray(value.sections) || !Array.isArray(value.segments)) {
    return null;
  }
  const sections = value.sections.map((item) => sectionOf(objectOf(item)));
  const segments = value.segments.map((item) => segmentOf(objectOf(item)));
  if (sections.includes(null) || segments.includes(null)) return null;
  const image = { sections: sections as ElfSection[], segments: segments as ElfSegment[] };
  const { buildId } = value;
  return isBuildId(buildId) ? { ...image, buildId } : image;
}

function sectionOf(value: JsonObject | null): ElfSection | null {
  if (value === null) return null;
  const { name, address, size, nobits } = value;
  if (typeof name !== 'string' || !isCount(address) || !isCount(size)) return null;
  return { name, address, size, nobits: nobits === true };
}

function segmentOf(value: JsonObject | null): ElfSegment | null {
  if (value === null) return null;
  const { offset, address, fileSize, memSize, prot } = value;
  if (![offset, address, fileSize, memSize, prot].every(isCount)) return null;
  return { offset, address, fileSize, memSize, prot } as ElfSegment;
}
