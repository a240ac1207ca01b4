import { Guard } from '../../core/classify/rules';
import type { GuardedRange } from '../../core/classify/guarded-ranges';
import type { HugePageFacts } from '../../core/facts/huge-pages';
import type {
  GuardAnswer,
  GuardSource,
  HugePageAnswer,
  HugePageQuestion,
  HugePageSource,
  Reached,
} from '../../core/ports';
import { DueFacts } from './due-facts';
import type { GuardsFact, MemoryFact } from './look-facts';

const PAGE = 4096;
/** Processes that are waited for, and such whose memory is known. */
const MAX_PROCESSES = 4096;
/** Mappings of one process that something is known of. */
const MAX_MAPPINGS = 64;

/** What was registered with userfaultfd, as the capture learnt it; asking learns nothing more. */
export class RecordedGuards implements GuardSource {
  private readonly told = new DueFacts<GuardsFact>();
  /** Of the beginning: processes that no record has told of yet. */
  private readonly unmet = new Map<number, GuardsFact>();
  /** The ranges of an answer that is not whole yet. */
  private parts: number[] = [];

  add(fact: GuardsFact): void {
    // A hostile recording may have thousands of parts: what is there is not copied for each.
    for (const number of fact.ranges) this.parts.push(number);
    if (fact.more) return;
    this.told.add({ ...fact, ranges: this.parts });
    this.parts = [];
  }

  askGuards(): void {
    // Nobody can be asked.
  }

  takeGuards(reached: Reached): readonly GuardAnswer[] {
    const { unmet } = this;
    const answers: GuardAnswer[] = [];
    for (const [pid, fact] of unmet) {
      if (this.tell(fact, reached, answers)) unmet.delete(pid);
    }
    for (let fact; (fact = this.told.take(reached.horizon)) !== undefined;) {
      if (this.tell(fact, reached, answers) || fact.after > 0) continue;
      if (unmet.size < MAX_PROCESSES) unmet.set(fact.pid, fact);
    }
    return answers;
  }

  /** False where nothing is known of the process. */
  private tell(fact: GuardsFact, { spaceOf }: Reached, answers: GuardAnswer[]): boolean {
    const { pid, asOf, bySelf } = fact;
    const space = spaceOf(pid);
    if (space === undefined) return false;
    const ranges = rangesOf(fact.ranges);
    if (ranges !== null) answers.push({ pid, space, asOf, bySelf, ranges });
    return true;
  }
}

/** Numbers of three each: start page, end page, bits of Guard; ascending. null: anybody wrote them. */
function rangesOf(numbers: readonly number[]): GuardedRange[] | null {
  const ranges: GuardedRange[] = [];
  for (let at = 0, floor = 0; at < numbers.length; at += 3) {
    const [start, end, guard] = numbers.slice(at, at + 3);
    if (start! < floor || !(end! > start!) || (guard! & ~(Guard.ABSENT | Guard.WRITE)) !== 0) {
      return null;
    }
    floor = end!;
    ranges.push({ start: start!, end: end!, guard: guard! });
  }
  return ranges;
}

/** What smaps had said of mappings by the time that was reached: the answer to whoever asks for a page of one. */
export class RecordedHugePages implements HugePageSource {
  private readonly told = new DueFacts<MemoryFact>();
  /** What is known of processes by now, the newest last. */
  private readonly known = new Map<number, HugePageFacts[]>();
  /** Of each row the last question: what is told later is an answer to it, too. */
  private readonly asked = new Map<number, HugePageQuestion[]>();
  private readonly answers: HugePageAnswer[] = [];

  add(fact: MemoryFact): void {
    this.told.add(fact);
  }

  askHugePages(question: HugePageQuestion): boolean {
    const { pid, ticket, page } = question;
    const others = this.asked.get(pid)?.filter((other) => other.ticket !== ticket);
    if (others !== undefined) this.asked.set(pid, others);
    note(this.asked, pid, question);
    const facts = this.known.get(pid)?.findLast((one) => holds(one, page));
    if (facts !== undefined) this.answer(question, facts);
    return true;
  }

  takeHugePages({ horizon }: Reached): readonly HugePageAnswer[] {
    for (let fact; (fact = this.told.take(horizon)) !== undefined;) {
      const { pid, facts } = fact;
      note(this.known, pid, facts);
      for (const question of this.asked.get(pid) ?? []) {
        if (holds(facts, question.page)) this.answer(question, facts);
      }
    }
    return this.answers.splice(0);
  }

  private answer({ ticket, pid, space }: HugePageQuestion, facts: HugePageFacts): void {
    this.answers.push({ ticket, pid, space, facts });
  }
}

function holds({ start, end }: HugePageFacts, page: number): boolean {
  return start <= page * PAGE && page * PAGE < end;
}

function note<Item>(to: Map<number, Item[]>, pid: number, item: Item): void {
  const items = to.get(pid) ?? [];
  items.push(item);
  if (items.length > MAX_MAPPINGS) items.shift();
  if (to.has(pid) || to.size < MAX_PROCESSES) to.set(pid, items);
}
