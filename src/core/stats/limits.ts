import { PAGE_CHUNK_CAP } from './page-set';
import { STAT_BLOCK_CAP } from './row-histograms';
import { MAX_LEAVES } from '../vma/vma-nodes';

/** As everything beyond a cap is called: where all folding ends. */
export const OTHERS = '[others]';
/** Name of a process that was gone before anybody could ask for it. */
export const UNNAMED = '[unknown]';
/** As what belongs to processes that are not kept in detail is called. */
export const NOT_IN_DETAIL = '[not in detail]';

/** What the model may keep. Whatever the target does, memory stays below what these add up to. */
export interface Limits {
  /** Rows per table; see RowTable. At most 8,192: slots must stay below 2^15 (PairCounts). */
  readonly regions: number;
  readonly threads: number;
  readonly processes: number;
  readonly sites: number;
  /** Ended processes whose rows stay apart; beyond twice as many the older ones share rows by name. */
  readonly endedProcesses: number;
  /** The same of ended threads of processes that go on. */
  readonly endedThreads: number;
  /** Live address spaces that are followed; faults of further processes are `[unknown]`. */
  readonly spaces: number;
  /** Live threads that are told apart. */
  readonly liveThreads: number;
  /** Leaves (32 mappings each at most) of all VMA maps together; see VmaPool. */
  readonly vmaLeaves: number;
  /** Of where the sections of mapped files lie, all processes together. */
  readonly sectionBytes: number;
  readonly pageChunks: number;
  readonly statBlocks: number;
}

export const DEFAULT_LIMITS: Limits = {
  regions: 8192,
  threads: 8192,
  processes: 4096,
  sites: 8192,
  endedProcesses: Infinity,
  endedThreads: Infinity,
  spaces: 32768,
  liveThreads: 131072,
  vmaLeaves: MAX_LEAVES,
  sectionBytes: 64 << 20,
  pageChunks: PAGE_CHUNK_CAP,
  statBlocks: STAT_BLOCK_CAP,
};
