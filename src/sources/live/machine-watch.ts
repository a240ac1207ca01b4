import { machineMemory } from '../../core/facts/machine-memory';
import type { MachineMemory, MemoryCounters } from '../../core/facts/machine-memory';
import { parseMemoryCounters } from '../proc/memory-parse';
import { KeptTexts } from './kept-texts';

/** Between two looks, ms: a rate over less jitters. */
const LEAST_MS = 500;

/** Reads the text of a file of /proc; rejects where there is none. */
export type ReadText = (path: string) => Promise<string>;

/**
 * The memory of the machine. /proc/vmstat sums up the counters of every CPU, and a thread of the pool waits for that,
 * not the event loop: what is told is what came last.
 */
export class MachineWatch {
  private before: MemoryCounters | null = null;
  private last: MemoryCounters | null = null;
  private asking = false;

  constructor(
    private readonly nowMs: () => number,
    private readonly read: ReadText = new KeptTexts().reader,
  ) {}

  /** Asks for a new look; null until one has come. */
  look(): MachineMemory | null {
    const { last, asking } = this;
    const askedMs = this.nowMs();
    if (!asking && (last === null || askedMs - last.atMs >= LEAST_MS)) {
      this.asking = true;
      void this.ask(askedMs);
    }
    return last === null ? null : machineMemory(this.before, last);
  }

  private async ask(atMs: number): Promise<void> {
    // A kernel without PSI (CONFIG_PSI, psi=0) has no such file; a container may hide any of them.
    const none = (): string => '';
    const [meminfo, pressure, vmstat] = await Promise.all([
      this.read('/proc/meminfo').catch(none),
      this.read('/proc/pressure/memory').catch(none),
      this.read('/proc/vmstat').catch(none),
    ]);
    this.before = this.last;
    this.last = { atMs, ...parseMemoryCounters(meminfo, pressure, vmstat) };
    this.asking = false;
  }
}
