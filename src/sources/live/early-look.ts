import type { Buffer } from 'node:buffer';
import { isKnown } from '../proc/proc';
import type { Proc } from '../proc/proc';
import type { TargetReader } from '../reader/target-reader';

/** What a process attached to is like, its memory apart. */
export interface ProcessFacts {
  readonly ppid: number;
  readonly comm: string;
  readonly tids: readonly number[];
}

/** null where the process has ended or cannot be looked at. */
export function processFacts(proc: Proc, pid: number): ProcessFacts | null {
  const status = proc.status(pid);
  const comm = proc.comm(pid);
  const tids = proc.tasks(pid);
  return isKnown(status) && isKnown(comm) && isKnown(tids)
    ? { ppid: status.ppid, comm, tids }
    : null;
}

/**
 * The processes attached to, as they were just before their events were opened. One that ends before it
 * can be looked at again has left faults that belong to these mappings.
 */
export class EarlyLook {
  private readonly facts = new Map<number, ProcessFacts>();
  private readonly texts = new Map<number, Buffer>();

  constructor(proc: Proc, reader: Pick<TargetReader, 'maps'>, pids: readonly number[]) {
    for (const pid of pids) {
      const facts = processFacts(proc, pid);
      if (facts !== null) this.facts.set(pid, facts);
      reader.maps(pid, (text) => {
        if (text !== null && text.length > 0) this.texts.set(pid, text);
      });
    }
  }

  factsOf(pid: number): ProcessFacts | null {
    return this.facts.get(pid) ?? null;
  }

  /** The text of its maps, once: what is asked for later has changed too much. null for none. */
  takeMaps(pid: number): Buffer | null {
    const text = this.texts.get(pid) ?? null;
    this.texts.delete(pid);
    return text;
  }
}
