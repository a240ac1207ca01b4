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

/** Has addresses named: each is asked about once, when it is met first. */
export class NameWatch {
  private readonly tables: { readonly of: Named; asked: number; era: number }[];

  constructor(
    private readonly source: NameSource,
    tables: readonly Named[],
  ) {
    this.tables = tables.map((of) => ({ of, asked: CodeTable.NONE + 1, era: 0 }));
  }

  /** Takes over the answers that have come. */
  takeAnswers(): void {
    const answers = this.source.takeNames();
    if (answers.length === 0) return;
    for (const { of } of this.tables) {
      // Of those that the table has forgotten meanwhile nobody wants to hear.
      of.take(answers.filter(({ address }) => of.codes.address(address.code) === address));
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
