import type { MemoryCounters } from '../../core/facts/machine-memory';

/** What /proc/meminfo, /proc/pressure/memory and /proc/vmstat say; NaN for what they do not. */
export function parseMemoryCounters(
  meminfo: string,
  pressure: string,
  vmstat: string,
): Omit<MemoryCounters, 'atMs'> {
  const counter = (name: string): number => number(vmstat, `^${name} (\\d{1,20})$`);
  const ofFiles = counter('workingset_refault_file');
  return {
    available: number(meminfo, '^MemAvailable: +(\\d{1,15}) kB$') * 1024,
    some: number(pressure, '^some avg10=(\\d{1,3}\\.\\d\\d) '),
    full: number(pressure, '^full avg10=(\\d{1,3}\\.\\d\\d) '),
    swapIn: counter('pswpin'),
    swapOut: counter('pswpout'),
    refaults: Number.isNaN(ofFiles) ? counter('workingset_refault') : ofFiles,
  };
}

function number(text: string, pattern: string): number {
  return Number(new RegExp(pattern, 'm').exec(text)?.[1] ?? NaN);
}
