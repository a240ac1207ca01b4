import type { ServerSource } from '../core/ports';
import { answererText, mountText } from '../core/vma/served';
import type { ServedMount, Server } from '../core/vma/served';
import { BoundedMap } from './bounded-map';

const MAX_KNOWN = 256;

/** A file system that another machine or program answers for, of which a file was met. */
export interface MountFact {
  readonly kind: 'mount';
  /** `MAJOR:MINOR`. */
  readonly device: string;
  readonly mount: ServedMount;
  /** null where it is not known. */
  readonly server: Server | null;
}

/** Who answers the faults of a process by userfaultfd. */
export interface ServerFact {
  readonly kind: 'server';
  readonly pid: number;
  readonly server: Server;
}

export type ServedFact = MountFact | ServerFact;

/** Who answers faults, as it was learnt: by a capture, or of its recording. */
export class KnownServers implements ServerSource {
  private readonly mounts = new BoundedMap<string, MountFact>(MAX_KNOWN);
  private readonly processes = new BoundedMap<number, ServerFact>(MAX_KNOWN);

  /** What is told later of the same counts. */
  add(fact: ServedFact): void {
    if (fact.kind === 'mount') this.mounts.set(fact.device, fact);
    else this.processes.set(fact.pid, fact);
  }

  all(): ServedFact[] {
    return [...this.mounts.values(), ...this.processes.values()];
  }

  /** null where nothing is known. */
  answererOf(pid: number): Server | null {
    return this.processes.get(pid)?.server ?? null;
  }

  ofDevice(device: string): string {
    const known = this.mounts.get(device);
    return known === undefined ? '' : mountText(known.mount, known.server);
  }

  ofUserfaultfd(pid: number): string {
    const server = this.answererOf(pid);
    return server === null ? '' : answererText(server);
  }
}
