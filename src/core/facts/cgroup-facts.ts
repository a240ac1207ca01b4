/** What the kernel says of a cgroup (Documentation/admin-guide/cgroup-v2.rst). NaN is what is not known. */
export interface CgroupFacts {
  /** memory.current, bytes. */
  readonly memory: number;
  /** The lowest memory.max and memory.high of it and of those above it, bytes; Infinity without one. */
  readonly limit: number;
  /** memory.events: how often its memory was reclaimed at memory.high, and at memory.max; processes killed. */
  readonly high: number;
  readonly max: number;
  readonly oomKills: number;
  /** memory.pressure: percent of the last 10 s in which some of its tasks stood still for memory. */
  readonly pressure: number;
}

/** Memory of a process, bytes; NaN where it has none. */
export interface ProcessMemory {
  readonly rss: number;
  readonly swap: number;
}
