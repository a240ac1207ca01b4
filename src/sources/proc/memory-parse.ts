import type { CgroupFacts, ProcessMemory } from '../../core/facts/cgroup-facts';
import type { MemoryCounters } from '../../core/facts/machine-memory';
import type { CgroupTexts } from '../reader/requests';

/** What the kernel says of memory: NaN for what it does not say. */

/** Of the machine: /proc/meminfo, /proc/pressure/memory and /proc/vmstat. */
export function parseMemoryCounters(
  meminfo: string,
  pressure: string,
  vmstat: string,
): Omit<MemoryCounters, 'atMs'> {
  // Of some two hundred counters: it is looked at every second.
  const counter = (name: string): number => number(vmstat, `^${name} (\\d{1,20})$`);
  const refaults = counter('workingset_refault_file');
  return {
    available: kib(meminfo, 'MemAvailable'),
    cached: kib(meminfo, 'Cached'),
    some: lastTenSeconds(pressure, 'some'),
    full: lastTenSeconds(pressure, 'full'),
    swapIn: counter('pswpin'),
    swapOut: counter('pswpout'),
    // Before Linux 5.9 it had one counter for all.
    refaults: Number.isNaN(refaults) ? counter('workingset_refault') : refaults,
  };
}

/** Of a process (/proc/PID/status, proc_pid_status(5)); null where it has none (any more). */
export function parseProcessMemory(status: string): ProcessMemory | null {
  const memory = { rss: kib(status, 'VmRSS'), swap: kib(status, 'VmSwap') };
  return Number.isNaN(memory.rss) ? null : memory;
}

/**
 * Of a control group, its pressure too (Documentation/admin-guide/cgroup-v2.rst). What v1 counts instead of memory.events,
 * how often the limit was hit, is a line of its own.
 */
export function parseCgroupFacts({ current, events, pressure, limit }: CgroupTexts): CgroupFacts {
  const event = (name: string): number => number(events, `^${name} (\\d{1,15})$`);
  const hits = number(events, '^(\\d{1,15})$');
  return {
    memory: number(current, '^(\\d{1,19})$'),
    limit,
    high: Number.isNaN(hits) ? event('high') : 0,
    max: Number.isNaN(hits) ? event('max') : hits,
    oomKills: event('oom_kill'),
    pressure: lastTenSeconds(pressure, 'some'),
  };
}

/** Percent of the last 10 s (Documentation/accounting/psi.rst). */
function lastTenSeconds(pressure: string, tasks: 'some' | 'full'): number {
  return number(pressure, `^${tasks} avg10=(\\d{1,3}\\.\\d\\d) `);
}

/** `name: number kB`, as bytes. */
function kib(text: string, name: string): number {
  return number(text, `^${name}:\\s+(\\d{1,15}) kB$`) * 1024;
}

/** What a pattern finds in some line. */
function number(text: string, pattern: string): number {
  return Number(new RegExp(pattern, 'm').exec(text)?.[1] ?? NaN);
}
