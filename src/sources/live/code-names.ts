import { PlaceKind } from '../../core/code/address';
import type { CodeAddress, CodeFrame, CodePlace } from '../../core/code/address';
import type { NameAnswer, NameSource } from '../../core/ports';
import { Patience } from '../proc/patience';
import type { PatienceLimits } from '../proc/patience';
import type { NamedFrame, NamedPlace, NamesOf, Place } from '../reader/names';
import type { TargetReader } from '../reader/target-reader';

/** Addresses in one question: an answer has up to some hundred bytes for each. */
const BATCH = 512;
/** Questions waiting for answers, from which on no more are wanted. */
const MAX_OPEN = 256;

/** The first look at a large program takes a tenth of a second, and much more on a busy machine. */
const FOR_NAMES: PatienceLimits = { questionMs: 1000, budgetMs: 1500 };

/** How long the end of a run waits for names, ms. */
const SETTLE_MS = 3000;

/** Whom to ask about a kind of place; nobody about others. */
const ASKED: Readonly<Record<number, NamesOf>> = {
  [PlaceKind.FILE]: 'file',
  [PlaceKind.DATA]: 'file',
  [PlaceKind.VDSO]: 'vdso',
  [PlaceKind.KERNEL]: 'kernel',
  [PlaceKind.ANON]: 'jit',
};

/** Names code and data by way of the readers, in batches. */
export class CodeNames implements NameSource {
  private answers: NameAnswer[] = [];
  /** Questions that somebody may wait for, and since when (ms). */
  private readonly open = new Set<{ readonly since: number }>();

  private readonly patience: Patience;
  private waited = false;
  private whenSettled: (() => void) | null = null;

  constructor(
    private readonly reader: Pick<TargetReader, 'names'>,
    private readonly nowMs: () => number,
  ) {
    this.patience = new Patience(nowMs, FOR_NAMES);
  }

  askNames(place: CodePlace, addresses: readonly CodeAddress[]): void {
    const of = ASKED[place.kind];
    if (of === undefined) return;
    for (let from = 0; from < addresses.length; from += BATCH) {
      this.ask(of, place, addresses.slice(from, from + BATCH));
    }
  }

  namesCrowded(): boolean {
    return this.open.size >= MAX_OPEN;
  }

  private ask(of: NamesOf, place: CodePlace, addresses: readonly CodeAddress[]): void {
    const question = { since: this.nowMs() };
    this.open.add(question);
    const data = place.kind === PlaceKind.DATA;
    const places = addresses.map(({ high, low }): Place => ({
      data,
      linked: false,
      value: (BigInt(high) << 32n) | BigInt(low),
    }));
    this.reader.names(place.pid, of, place.vma, places, (named) => {
      this.open.delete(question);
      this.patience.start();
      addresses.forEach((address, i) => {
        this.answers.push(answerOf(address, named?.[i] ?? null));
      });
      this.patience.wake();
      if (this.open.size === 0) this.whenSettled?.();
    });
  }

  takeNames(): readonly NameAnswer[] {
    if (this.answers.length === 0) return this.answers;
    const { answers } = this;
    this.answers = [];
    return answers;
  }

  expectsNames(): boolean {
    for (const { since } of this.open) if (this.patience.lasts(since)) return (this.waited = true);
    return false;
  }

  /** Calls back once when there is an answer, or no point in waiting. False where nobody waits for names. */
  whenReady(action: () => void): boolean {
    const { waited } = this;
    this.waited = false;
    if (waited) this.patience.whenReady(action);
    return waited;
  }

  /** Every question has its answer, or has been waited for long enough. */
  settled(): Promise<void> {
    if (this.open.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, SETTLE_MS);
      this.whenSettled = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  close(): void {
    this.patience.close();
  }
}

function answerOf(address: CodeAddress, named: NamedPlace | null): NameAnswer {
  const frames = named?.frames.map(frameOf) ?? [];
  return { address, frames, object: named?.object ?? '' };
}

function frameOf({ name, offset, file, line }: NamedFrame): CodeFrame {
  return { function: name ?? '', offset: offset ?? 0, file: file ?? '', line };
}
