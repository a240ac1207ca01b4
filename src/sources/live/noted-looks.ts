import type { GuardedRange, GuardedRanges } from '../../core/classify/guarded-ranges';
import type {
  GuardAnswer,
  GuardSource,
  HugePageAnswer,
  HugePageQuestion,
  HugePageSource,
  OwnerSource,
  Reached,
} from '../../core/ports';
import type { RecordedFact } from '../recording/recorded-facts';
import { FileTime } from './file-time';
import { NotedOwners } from './noted-owners';

/** A fact is one record of perf.data, below 64 KiB: so many ranges of three numbers fit in. */
const RANGES_EACH = 1000;
/** 40 MB of facts at most, of which a replay takes 64 MB over; of more nothing is told. */
const MAX_NOTED = 1 << 20;

type Note = (fact: RecordedFact) => void;

/** Looks for userfaultfd whose answers go into the recording, with how far the model had come. */
export class NotedGuards implements GuardSource {
  private noted = 0;

  constructor(
    private readonly source: GuardSource,
    private readonly note: Note,
    private readonly time: FileTime,
  ) {}

  askGuards(pid: number, space: string): void {
    this.source.askGuards(pid, space);
  }

  takeGuards(reached: Reached): readonly GuardAnswer[] {
    const answers = this.source.takeGuards(reached);
    const after = this.time.after(reached);
    for (const { pid, space, asOf, bySelf, ranges } of answers) {
      // Else it is of another program, and the model passes it over, too.
      if (reached.spaceOf(pid) !== space) continue;
      this.tell(pid, after, this.time.of(asOf), bySelf, ranges);
    }
    return answers;
  }

  /** Another file begins: what holds by then is to be told again. */
  begin(): void {
    this.noted = 0;
  }

  /** At the head of a file. */
  tellAgain(pid: number, { all, bySelf }: GuardedRanges): void {
    // The mappings of the head, at its first moment, are those that are registered.
    this.tell(pid, 0, 1, bySelf, all);
  }

  private tell(
    pid: number,
    after: number,
    asOf: number,
    bySelf: boolean,
    ranges: readonly GuardedRange[],
  ): void {
    this.noted += 1 + ranges.length;
    if (this.noted > MAX_NOTED) return;
    for (let at = 0; at === 0 || at < ranges.length; at += RANGES_EACH) {
      const part = ranges.slice(at, at + RANGES_EACH);
      this.note({
        kind: 'guards',
        pid,
        after,
        asOf,
        bySelf,
        ranges: part.flatMap(({ start, end, guard }) => [start, end, guard]),
        more: at + RANGES_EACH < ranges.length,
      });
    }
  }
}

/** Answers about memory that go into the recording, too: one a second at most. */
export class NotedHugePages implements HugePageSource {
  constructor(
    private readonly source: HugePageSource,
    private readonly note: Note,
    private readonly time: FileTime,
  ) {}

  askHugePages(question: HugePageQuestion): boolean {
    return this.source.askHugePages(question);
  }

  takeHugePages(reached: Reached): readonly HugePageAnswer[] {
    const answers = this.source.takeHugePages(reached);
    const after = this.time.after(reached);
    for (const { pid, facts } of answers) this.note({ kind: 'memory', pid, after, facts });
    return answers;
  }
}

export interface NotedLooks {
  readonly guards: NotedGuards;
  readonly hugePages: NotedHugePages;
  readonly owners: NotedOwners;
  /** Another file begins, at a session time (ns): what is not of one process is told again. */
  begin(origin: number): void;
}

export function notedLooks(
  noted: { readonly note: Note },
  guards: GuardSource,
  hugePages: HugePageSource,
  /** Tell by themselves what they learn. */
  servers: { tellAgain(): void },
  owners: OwnerSource,
): NotedLooks {
  const note: Note = (fact) => {
    noted.note(fact);
  };
  const time = new FileTime();
  const looks = {
    guards: new NotedGuards(guards, note, time),
    hugePages: new NotedHugePages(hugePages, note, time),
    owners: new NotedOwners(owners, note, time),
  };
  const begin = (origin: number): void => {
    time.begin(origin);
    looks.guards.begin();
    looks.owners.begin();
    servers.tellAgain();
  };
  return { ...looks, begin };
}
