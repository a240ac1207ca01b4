import type { CodeAddress, CodeFrame, CodePlace } from '../../src/core/code/address';
import type { NameAnswer, NameSource } from '../../src/core/ports';

/** Names by `object+offset`; answers when it is told to. */
export class FakeNames implements NameSource {
  readonly asked: { readonly place: CodePlace; readonly address: CodeAddress }[] = [];
  private answers: NameAnswer[] = [];
  waited = false;
  namesLater = false;

  constructor(private readonly frames: Readonly<Record<string, readonly CodeFrame[]>>) {}

  askNames(place: CodePlace, addresses: readonly CodeAddress[]): void {
    for (const one of addresses) this.asked.push({ place, address: one });
  }
  answer(): void {
    this.waited = false;
    for (const { place, address: one } of this.asked.splice(0)) {
      const frames = this.frames[`${place.object}+${one.low.toString(16)}`] ?? [];
      this.answers.push({ address: one, frames, object: '' });
    }
  }
  takeNames(): readonly NameAnswer[] {
    return this.answers.splice(0);
  }
  crowded = false;
  namesCrowded(): boolean {
    return this.crowded;
  }
  expectsNames(): boolean {
    return this.waited;
  }
}
