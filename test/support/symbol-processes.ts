import { readdirSync, readFileSync } from 'node:fs';

/** RLIMIT_AS of addon/symbols/main.cc, KiB. */
export const MAX_KB = 512 << 10;

export interface SymbolProcess {
  readonly pid: number;
  readonly status: string;
  /** The most memory that it ever had, KiB. */
  readonly kb: number;
}

/** Children of readers of ours. */
export function symbolProcesses(): SymbolProcess[] {
  return readdirSync('/proc').flatMap((pid) => {
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'latin1');
      const field = (name: string): string =>
        new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status)?.[1] ?? '';
      if (field('Name') !== 'pagefault-symbo') return [];
      const parent = readFileSync(`/proc/${field('PPid')}/status`, 'latin1');
      if (!new RegExp(`^PPid:\\s*${process.pid}$`, 'm').test(parent)) return [];
      return [{ pid: Number(pid), status, kb: Number(field('VmHWM')) }];
    } catch {
      return []; // Ended, or no process.
    }
  });
}
