/** Facts that have been taken lie in front of the others until there are so many. */
const MAX_TAKEN = 1024;

/** What a capture learnt, in the order in which it did, for a replay that has not come as far. */
export class DueFacts<Fact extends { readonly after: number }> {
  private readonly facts: Fact[] = [];
  private next = 0;

  add(fact: Fact): void {
    this.facts.push(fact);
  }

  /** The next that the capture had learnt when it had come to `horizon`, ns; undefined where there is none. */
  take(horizon: number): Fact | undefined {
    const fact = this.facts[this.next];
    if (fact === undefined || fact.after > horizon) return undefined;
    this.next++;
    if (this.next === MAX_TAKEN) {
      this.facts.splice(0, MAX_TAKEN);
      this.next = 0;
    }
    return fact;
  }
}
