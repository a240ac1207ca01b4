import { readFileSync } from 'node:fs';
import type { Owner } from '../../core/facts/owner';
import type { CgroupWalk, Kinship, OwnerAnswer, OwnerSource } from '../../core/ports';
import { parseCgroup, parseStatus, parseUsers, type Status } from '../proc/proc-parse';
import { MAX_TASKS } from '../reader/requests';
import type { TaskTexts } from '../reader/requests';
import type { TargetReader } from '../reader/target-reader';
import { Answers } from './answers';
import { CgroupPaths } from './cgroup-paths';
import { OpenQuestions } from './open-questions';
import type { Waiting } from './open-questions';

const PASSWD = '/etc/passwd';
/** Questions that wait for the one at hand: of more, the answer is that it is not known. */
const MAX_WAITING = 8192;
/** Nobody waits for these answers but the end of a run. */
const WAITING: Waiting = { limits: { questionMs: 0, budgetMs: 0 } };

interface Question {
  readonly pid: number;
  readonly ticket: number;
  readonly settle: (take: () => void) => void;
}

/** Reads users and control groups of processes by way of the readers: one request at a time, for many processes each. */
export class Owners implements OwnerSource {
  readonly questions: OpenQuestions;
  private readonly waiting: Question[] = [];
  private asking = false;
  private readonly answers = new Answers<OwnerAnswer>();
  /** One object for all processes of one owner: there may be thousands. */
  private readonly known = new Map<string, Owner>();
  private readonly paths: CgroupPaths | null;
  private users: ReadonlyMap<number, string> | null = null;

  constructor(
    private readonly reader: Pick<TargetReader, 'tasks'>,
    nowMs: () => number,
    private readonly passwd = PASSWD,
    /** Where cgroup v2 is mounted; null where its ids are in no record. */
    mount: string | null = null,
  ) {
    this.questions = new OpenQuestions(nowMs, WAITING);
    this.paths =
      mount === null ? null : new CgroupPaths(mount, nowMs, () => this.questions.begin());
  }

  get knowsCgroupIds(): boolean {
    return this.paths !== null;
  }

  askCgroups(): number {
    return this.paths?.ask() ?? 0;
  }

  takeCgroups(): CgroupWalk | null {
    return this.paths?.take() ?? null;
  }

  askOwner(pid: number, ticket: number): void {
    if (this.waiting.length >= MAX_WAITING) {
      this.answers.add({ ticket, owner: null });
      return;
    }
    this.waiting.push({ pid, ticket, settle: this.questions.begin() });
    if (this.asking) return;
    this.asking = true;
    // Those that are asked about in one go share a request.
    setImmediate(() => {
      this.ask();
    });
  }

  takeOwners(): readonly OwnerAnswer[] {
    return this.answers.take();
  }

  private ask(): void {
    const asked = this.waiting.splice(0, MAX_TASKS);
    this.asking = asked.length > 0;
    if (!this.asking) return;
    this.reader.tasks(
      asked.map(({ pid }) => pid),
      (texts) => {
        asked.forEach(({ ticket, settle }, k) => {
          settle(() => {
            this.answers.add({ ticket, ...this.answerOf(texts?.[k] ?? null) });
          });
        });
        this.ask();
      },
    );
  }

  private answerOf(texts: TaskTexts | null): Omit<OwnerAnswer, 'ticket'> {
    const status = texts === null ? null : parseStatus(texts.status);
    if (texts === null || status === null) return { owner: null };
    return {
      owner: this.ownerOf(status.uids[1]!, parseCgroup(texts.cgroup)),
      kinship: kinship(status),
    };
  }

  private ownerOf(uid: number, cgroup: string): Owner {
    const key = `${uid} ${cgroup}`;
    let owner = this.known.get(key);
    if (owner === undefined) {
      owner = { user: this.userName(uid), cgroup };
      if (this.known.size >= MAX_WAITING) this.known.clear();
      this.known.set(key, owner);
    }
    return owner;
  }

  private userName(uid: number): string {
    this.users ??= parseUsers(readOr(this.passwd, ''));
    return this.users.get(uid) ?? String(uid);
  }
}

function kinship({ ppid, nsPids }: Status): Kinship {
  return { ppid, nsPid: nsPids.length > 1 ? nsPids.at(-1)! : 0 };
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return otherwise;
  }
}
