import type { UnwindSource, UnwoundStack } from '../../src/core/ports';
import type { Lineage } from '../../src/core/vma/lineage';
import type { Vma } from '../../src/core/vma/vma';

/** Answers when told to, by the slot. */
export class FakeUnwinder implements UnwindSource {
  readonly asked: {
    readonly slot: number;
    readonly pid: number;
    readonly mappings: readonly Vma[];
  }[] = [];
  private answers: UnwoundStack[] = [];
  waited = false;
  full = false;

  askUnwound({ pid }: Lineage, mappings: readonly Vma[], slot: number): number {
    if (this.full) return 0;
    return this.asked.push({ slot, pid, mappings });
  }
  sendUnwound(): void {
    // Nothing is put together here.
  }
  answer(ticket: number, addresses: readonly bigint[] | null, whole = true): void {
    const words =
      addresses === null ? null : new Uint32Array(BigUint64Array.from(addresses).buffer);
    this.answers.push({ ticket, words, whole });
  }
  takeUnwound(): readonly UnwoundStack[] {
    return this.answers.splice(0);
  }
  expectsUnwound(): boolean {
    return this.waited;
  }
}
