import { PlaceKind } from '../../core/code/address';
import type { CodeAddress, CodeFrame, CodePlace } from '../../core/code/address';
import type { NameAnswer, NameSource } from '../../core/ports';
import type { PatienceLimits } from '../proc/patience';
import type { ProcFs } from '../proc/proc-source';
import type { NamedFrame, NamedPlace, NamesOf, Place } from '../reader/names';
import type { FileIdentity } from '../reader/requests';
import type { TargetReader } from '../reader/target-reader';
import { Answers } from './answers';
import { OpenQuestions } from './open-questions';
import type { Waiting } from './open-questions';

/** Addresses in one question: an answer has up to some hundred bytes for each. */
const BATCH = 512;
/** Questions waiting for answers, from which on no more are wanted. */
const MAX_OPEN = 256;

/** The first look at a large program takes a tenth of a second, and much more on a busy machine. */
const FOR_NAMES: PatienceLimits = { questionMs: 1000, budgetMs: 1500 };

/** Whom to ask about a kind of place; nobody about others. */
const ASKED: Readonly<Record<number, NamesOf>> = {
  [PlaceKind.FILE]: 'file',
  [PlaceKind.DATA]: 'file',
  [PlaceKind.TLS]: 'file',
  [PlaceKind.VDSO]: 'vdso',
  [PlaceKind.KERNEL]: 'kernel',
  [PlaceKind.ANON]: 'jit',
};

/** Names code and data by way of the readers, in batches. */
export class CodeNames implements NameSource {
  private readonly answers = new Answers<NameAnswer>();
  /** What somebody may wait for. */
  readonly questions: OpenQuestions;

  constructor(
    private readonly reader: Pick<TargetReader, 'names'>,
    /** Null where files are found by what was recorded of them. */
    private readonly files: Pick<ProcFs, 'fileIdentity' | 'fileEra'> | null,
    nowMs: () => number,
    waiting: Partial<Waiting> = {},
  ) {
    this.questions = new OpenQuestions(nowMs, { limits: FOR_NAMES, ...waiting });
  }

  askNames(place: CodePlace, addresses: readonly CodeAddress[], frames = false): void {
    const of = ASKED[place.kind];
    if (of === undefined) return;
    for (let from = 0; from < addresses.length; from += BATCH) {
      this.ask(of, place, addresses.slice(from, from + BATCH), frames);
    }
  }

  /** Of what was recorded nobody writes any more. */
  get namesLater(): boolean {
    return this.files !== null;
  }

  namesCrowded(): boolean {
    return this.questions.count >= MAX_OPEN;
  }

  private ask(
    of: NamesOf,
    place: CodePlace,
    addresses: readonly CodeAddress[],
    frame: boolean,
  ): void {
    const answered = this.questions.begin();
    const data = place.kind === PlaceKind.DATA;
    const tls = place.kind === PlaceKind.TLS;
    const places = addresses.map(({ high, low }): Place => ({
      data,
      linked: false,
      frame,
      tls,
      value: (BigInt(high) << 32n) | BigInt(low),
    }));
    const told = (named: readonly NamedPlace[] | null): void => {
      answered(() => {
        addresses.forEach((address, i) => {
          this.answers.add(answerOf(address, named?.[i] ?? null));
        });
      });
    };
    // Names of a file that has taken its place would be wrong.
    const file = of === 'file' ? this.identityOf(place) : null;
    const { pid, vma, ancestors } = place;
    if (file === 'gone') setImmediate(told, null);
    else this.reader.names(pid, of, vma, places, told, { ancestors, file });
  }

  private identityOf({ vma, era }: CodePlace): FileIdentity | 'gone' | null {
    const { files } = this;
    if (vma === null || files === null) return null;
    const identity = files.fileIdentity(vma.backing, era);
    // Of the first one it may be that nobody has looked at it.
    return identity ?? (era === 0 && files.fileEra(vma.backing) === 0 ? null : 'gone');
  }

  takeNames(): readonly NameAnswer[] {
    return this.answers.take();
  }

  expectsNames(): boolean {
    return this.questions.expects();
  }
}

function answerOf(address: CodeAddress, named: NamedPlace | null): NameAnswer {
  const frames = named?.frames.map(frameOf) ?? [];
  return { address, frames, object: named?.object ?? '', frameless: named?.frameless ?? false };
}

function frameOf({ name, offset, file, line }: NamedFrame): CodeFrame {
  return { function: name ?? '', offset: offset ?? 0, file: file ?? '', line };
}
