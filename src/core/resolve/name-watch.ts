import type { CodeAddress } from '../code/address';
import { CodeTable } from '../code/code-table';
import type { SiteTable } from '../code/site-table';
import type { NameSource } from '../ports';

/** Has the code named that causes faults: every instruction is asked about once, when it is met first. */
export class NameWatch {
  /** Instructions below this number have been asked about. */
  private asked = CodeTable.NONE + 1;
  private era = 0;

  constructor(
    private readonly source: NameSource,
    private readonly sites: SiteTable,
  ) {}

  /** Takes over the answers that have come. */
  takeAnswers(): void {
    const answers = this.source.takeNames();
    if (answers.length > 0) this.sites.nameAll(answers);
  }

  /** Asks about what was met since the last call. */
  ask(): void {
    const { codes } = this.sites;
    if (this.era !== codes.era) {
      this.era = codes.era;
      this.asked = CodeTable.NONE + 1;
    }
    if (this.asked >= codes.limit) return;
    const byPlace = new Map<string, CodeAddress[]>();
    for (; this.asked < codes.limit; this.asked++) {
      const address = codes.address(this.asked)!;
      const list = byPlace.get(address.place.key);
      if (list === undefined) byPlace.set(address.place.key, [address]);
      else list.push(address);
    }
    for (const list of byPlace.values()) this.source.askNames(list[0]!.place, list);
  }

  /** Names of what has been asked about are on their way, and worth waiting for. */
  get expecting(): boolean {
    return this.source.expectsNames();
  }
}
