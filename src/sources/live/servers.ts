import { isFuse, mountText, serverText } from '../../core/vma/served';
import type { ServedMount, Server } from '../../core/vma/served';
import type { ServerSource } from '../../core/ports';
import { BoundedMap } from '../bounded-map';
import { ServerKind } from '../reader/requests';
import type { TargetReader } from '../reader/target-reader';

const MAX_KNOWN = 256;
/** A thread is seen only while it reads the descriptor: so often is looked, ever more seldom. */
const MAX_LOOKS = 8;
const FIRST_PAUSE_NS = 200e6;

interface Asked {
  /** null: nothing is known. */
  server: Server | null;
  looks: number;
  /** Not before this time, ns. */
  next: number;
}

/** Who answers faults that wait for no disk: asked once where such a wait is met, and by a reader. */
export class Servers implements ServerSource {
  private readonly mounts = new BoundedMap<string, { mount: ServedMount; server: Server | null }>(
    MAX_KNOWN,
  );
  private readonly processes = new BoundedMap<number, Asked>(MAX_KNOWN);

  /** `now` gives ns since the session's start. */
  constructor(
    private readonly reader: Pick<TargetReader, 'server'>,
    private readonly now: () => number,
  ) {}

  /** A file of such a file system is mapped. */
  meetMount(device: string, mount: ServedMount): void {
    const known = { mount, server: null as Server | null };
    this.mounts.set(device, known);
    if (!isFuse(mount.type)) return;
    this.reader.server(ServerKind.FUSE, Number(device.split(':')[1]), (server) => {
      known.server = server;
    });
  }

  /** Memory of the process is registered with userfaultfd. */
  meetUserfaultfd(pid: number): void {
    const now = this.now();
    const asked = this.processes.get(pid) ?? { server: null, looks: 0, next: now };
    this.processes.set(pid, asked);
    const known = asked.server !== null && asked.server.tid !== 0;
    if (known || asked.looks >= MAX_LOOKS || now < asked.next) return;
    asked.next = now + FIRST_PAUSE_NS * 2 ** asked.looks++;
    this.reader.server(ServerKind.USERFAULTFD, pid, (server) => {
      if (server !== null) asked.server = server;
    });
  }

  ofDevice(device: string): string {
    const known = this.mounts.get(device);
    return known === undefined ? '' : mountText(known.mount, known.server);
  }

  ofUserfaultfd(pid: number): string {
    const server = this.processes.get(pid)?.server ?? null;
    return server === null ? '' : serverText(server);
  }
}
