import { PlaceKind } from '../code/address';
import type { CodeAddress } from '../code/address';
import { CodeTable } from '../code/code-table';
import type { NameAnswer, NameSource } from '../ports';

/** A table of addresses, and who takes the names of them. */
export interface Named {
  readonly codes: CodeTable;
  readonly take: (answers: readonly NameAnswer[]) => void;
  /** They were found by frame pointers. */
  readonly walked?: boolean;
}

/** How often is asked again about code that was made at run time and has no name, and how much of it, ns. */
const AGAIN_NS = 5e9;
const MAX_NAMELESS = 4096;

interface Watched {
  readonly of: Named;
  asked: number;
  era: number;
  /** Made at run time, and without a name so far: who makes code may write a map of it when he is told to. */
  nameless: CodeAddress[];
}

/**
 * Has addresses named: each is asked about when it is met first. Only of code that was made at run time names may come
 * later: it is asked about again as long as it has none.
 */
export class NameWatch {
  private readonly tables: readonly Watched[];
  private nextAgain = 0;

  constructor(
    private readonly source: NameSource,
    tables: readonly Named[],
    private readonly lives: (pid: number) => boolean,
  ) {
    this.tables = tables.map((of) => ({ of, asked: CodeTable.NONE + 1, era: 0, nameless: [] }));
  }

  /** Takes over the answers that have come. */
  takeAnswers(): void {
    const answers = this.source.takeNames();
    if (answers.length === 0) return;
    for (const { of, nameless } of this.tables) {
      // Of those that the table has forgotten meanwhile nobody wants to hear.
      const own = answers.filter(({ address }) => isOf(of, address));
      of.take(own);
      if (!this.source.namesLater) continue;
      for (const { address, frames } of own) {
        const isOpen = frames.length === 0 && address.place.kind === PlaceKind.ANON;
        if (isOpen && nameless.length < MAX_NAMELESS) nameless.push(address);
      }
    }
  }

  /** Asks again where it is time to, ns of the session. */
  askAgain(now: number): void {
    if (now < this.nextAgain || this.source.namesCrowded()) return;
    this.nextAgain = now + AGAIN_NS;
    for (const table of this.tables) {
      const { of, nameless } = table;
      // Those that get no name come back with their answers.
      table.nameless = [];
      const open = nameless.filter((one) => isOf(of, one) && this.lives(one.place.pid));
      for (const list of byPlace(open)) this.source.askNames(list[0]!.place, list, of.walked);
    }
  }

  /** Asks about what was met since it was asked last; later, where too many questions are open. */
  ask(): void {
    if (this.source.namesCrowded()) return;
    for (const table of this.tables) {
      const { codes } = table.of;
      if (table.era !== codes.era) {
        table.era = codes.era;
        table.asked = CodeTable.NONE + 1;
      }
      const fresh: CodeAddress[] = [];
      for (; table.asked < codes.limit; table.asked++) fresh.push(codes.address(table.asked)!);
      for (const list of byPlace(fresh)) {
        this.source.askNames(list[0]!.place, list, table.of.walked);
      }
    }
  }

  /** Names of what has been asked about are on their way, and worth waiting for. */
  get expecting(): boolean {
    return this.source.expectsNames();
  }
}

function isOf({ codes }: Named, address: CodeAddress): boolean {
  return codes.address(address.code) === address;
}

function byPlace(addresses: readonly CodeAddress[]): Iterable<CodeAddress[]> {
  const places = new Map<string, CodeAddress[]>();
  for (const address of addresses) {
    const list = places.get(address.place.key);
    if (list === undefined) places.set(address.place.key, [address]);
    else list.push(address);
  }
  return places.values();
}

/** Takes over names that nothing else depends on. */
export function nameFrames(answers: readonly NameAnswer[]): void {
  for (const { address, frames, object, frameless } of answers) {
    address.frames = frames;
    if (frameless === true) address.frameless = true;
    if (object !== '') address.object = object;
  }
}
