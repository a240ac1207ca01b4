import { isFuse } from '../../core/vma/served';
import type { ServedMount, Server } from '../../core/vma/served';
import type { ServerSource } from '../../core/ports';
import { BoundedMap } from '../bounded-map';
import { KnownServers } from '../known-servers';
import type { ServedFact } from '../known-servers';
import { OpenQuestions } from './open-questions';
import type { Waiting } from './open-questions';
import { ServerKind } from '../reader/requests';
import type { TargetReader } from '../reader/target-reader';

const MAX_ASKED = 256;
/** A thread is seen only while it reads the descriptor: so often is looked, ever more seldom. */
const MAX_LOOKS = 8;
const FIRST_PAUSE_NS = 200e6;

/** Nobody waits for these answers but the end of a run. */
const WAITING: Waiting = { limits: { questionMs: 0, budgetMs: 0 } };

interface Asked {
  looks: number;
  /** Not before this time, ns. */
  next: number;
}

/** Who answers faults that wait for no disk: asked once where such a wait is met, and by a reader. */
export class Servers implements ServerSource {
  private readonly known = new KnownServers();
  private readonly asked = new BoundedMap<number, Asked>(MAX_ASKED);
  readonly questions: OpenQuestions;

  /** `now` gives ns since the session's start, `nowMs` ms of any fixed zero. */
  constructor(
    private readonly reader: Pick<TargetReader, 'server'>,
    private readonly now: () => number,
    nowMs: () => number,
    /** Takes what is learnt. */
    private readonly told: (fact: ServedFact) => void,
  ) {
    this.questions = new OpenQuestions(nowMs, WAITING);
  }

  /** A file of such a file system is mapped. */
  meetMount(device: string, { type, source, point }: ServedMount): void {
    const fact = { kind: 'mount', device, mount: { type, source, point }, server: null } as const;
    this.learn(fact);
    if (!isFuse(type)) return;
    this.ask(ServerKind.FUSE, kernelDevice(device), (server) => {
      this.learn({ ...fact, server });
    });
  }

  /** Memory of the process is registered with userfaultfd. */
  meetUserfaultfd(pid: number): void {
    const now = this.now();
    const asked = this.asked.get(pid) ?? { looks: 0, next: now };
    this.asked.set(pid, asked);
    const server = this.known.answererOf(pid);
    const seen = server !== null && server.tid !== 0;
    if (seen || asked.looks >= MAX_LOOKS || now < asked.next) return;
    asked.next = now + FIRST_PAUSE_NS * 2 ** asked.looks++;
    this.ask(ServerKind.USERFAULTFD, pid, (found) => {
      this.learn({ kind: 'server', pid, server: found });
    });
  }

  /** Another file of the recording begins: what is known is told once more. */
  tellAgain(): void {
    for (const fact of this.known.all()) this.told(fact);
  }

  ofDevice(device: string): string {
    return this.known.ofDevice(device);
  }

  ofUserfaultfd(pid: number): string {
    return this.known.ofUserfaultfd(pid);
  }

  private ask(kind: number, of: number, found: (server: Server) => void): void {
    const answered = this.questions.begin();
    this.reader.server(kind, of, (server) => {
      answered(() => {
        if (server !== null) found(server);
      });
    });
  }

  private learn(fact: ServedFact): void {
    this.known.add(fact);
    this.told(fact);
  }
}

/** MKDEV() of the kernel's include/linux/kdev_t.h. */
function kernelDevice(device: string): number {
  const [major, minor] = device.split(':').map(Number);
  return major! * 2 ** 20 + minor!;
}
