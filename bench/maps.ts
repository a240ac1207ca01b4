import { measuredApart } from './apart';
import type { Asked, Section } from './bench';
import { Feeder } from './feeder';
import { whole } from './figures';
import { MAPPED_WORLDS } from './mapped-worlds';
import { sectionHead } from './section';

const SIZES = [100, 10_000, 262_144];
/** Records of each measurement; the best of so many turns counts. */
const RECORDS = 400_000;
const TURNS = 5;

/** What a process takes that holds one of the mapped worlds: bytes, and the mappings that are known. */
export interface MappedMemory {
  readonly rss: number;
  readonly heapUsed: number;
  readonly mappings: number;
}

/** Places of a process of `size` mappings, without order: no two neighbours follow each other. */
function scattered(size: number): () => number {
  let at = 1;
  return () => {
    at = (at * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((at / 2_147_483_648) * size) * 8;
  };
}

/** The least that one of the turns took, per record in ns of CPU. */
function best(takesUs: () => number): number {
  let least = Infinity;
  for (let turn = 0; turn < TURNS; turn++) least = Math.min(least, takesUs() / RECORDS);
  return least * 1e3;
}

/** What the model takes of records; `step` makes two of them. */
function ofRecords(feeder: Feeder, step: () => void): number {
  return best(() => {
    feeder.cpuUs = 0;
    for (let i = 0; i < RECORDS; i += 2) step();
    feeder.flush();
    return feeder.cpuUs;
  });
}

/** Kinds of change in a process that has `size` mappings of 4 pages, 4 pages apart. */
function costs(size: number): number[] {
  const feeder = new Feeder();
  feeder.process(100);
  const place = scattered(size);
  for (let i = 0; i < size; i++) feeder.map(100, i * 8, i * 8 + 4);
  feeder.flush();
  const inserted = ofRecords(feeder, () => {
    const at = place() + 5;
    feeder.map(100, at, at + 1);
    feeder.unmap(100, at, at + 1);
  });
  const cut = ofRecords(feeder, () => {
    const at = place();
    feeder.map(100, at + 1, at + 2, 1);
    feeder.map(100, at, at + 4);
  });
  const { map } = feeder.model.tasks.process(100)!;
  let found = 0;
  const looked = best(() => {
    const began = process.cpuUsage();
    for (let i = 0; i < RECORDS; i++) found += map.find(place());
    const { user, system } = process.cpuUsage(began);
    return user + system;
  });
  if (found === 0 || map.length !== size) throw new Error('the map is not what was made');
  return [inserted, cut, looked];
}

function costLines(): string[] {
  const rows = SIZES.map((size) => ({ size, values: costs(size) }));
  const least = rows[0]!.values;
  return rows.map(({ size, values }) => {
    const cells = values.map((ns, k) => `${ns.toFixed(0)} (${(ns / least[k]!).toFixed(1)})`);
    return `| ${whole(size)} | ${cells.join(' | ')} |`;
  });
}

function memoryLine(title: string): string {
  const measured = measuredApart('maps-memory', [title], ['--expose-gc']) as MappedMemory;
  const { rss, heapUsed, mappings } = measured;
  const [held, heap] = [rss, heapUsed].map((bytes) => (bytes / 1e6).toFixed(0));
  return `| ${title} | ${whole(mappings)} | ${held!} | ${heap!} |`;
}

/**
 * What address-space records cost the model, by the number of mappings of the process, and what the mappings of
 * many and large processes take. The records are made here.
 */
export function maps({ load }: Asked): Section {
  return {
    name: 'maps',
    lines: [
      ...sectionHead('Mappings: what a change costs the analyzer', 'maps', load),
      `ns of CPU per record, places at random, best of ${TURNS} times ${whole(RECORDS)}; in brackets`,
      'the multiple of the first line.',
      '',
      '| mappings of the process | mmap and munmap | mprotect of a part and back | look-up |',
      '|---:|---:|---:|---:|',
      ...costLines(),
      '',
      'Memory of a process that holds the model and nothing else, after garbage collection, MB.',
      '',
      '| what was fed to it, as records | mappings known | resident | JavaScript heap |',
      '|---|---:|---:|---:|',
      ...[...MAPPED_WORLDS.keys()].map(memoryLine),
    ],
  };
}
