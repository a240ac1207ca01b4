import { recordingEnd, recordingNotes } from '../../core/facts/recordings';
import type { SystemFacts } from '../../core/classify/cause-text';
import type { ServerSource } from '../../core/ports';
import { CodeNames } from '../live/code-names';
import type { RecordedGuards, RecordedHugePages } from './recorded-looks';
import type { RecordedOwners } from './recorded-owners';
import { RecordedSource } from './recorded-source';
import { ReplaySession } from './replay-session';
import type { ReplayRequest } from './replay-session';

/** A recording in the place of a capture: nothing of it lives any more, and nobody can be asked. */
export class RecordedCapture {
  readonly bus = null;
  readonly spaces = null;
  readonly machine = null;
  readonly unwinder = null;
  readonly tls = null;
  readonly command = null;
  readonly pids: readonly number[] = [];
  readonly whole = null;
  readonly guards: RecordedGuards;
  readonly owners: RecordedOwners;
  readonly hugePages: RecordedHugePages;
  readonly servers: ServerSource;
  /** What the recording cannot tell. */
  readonly notes: readonly string[];
  /** Of code and data in files that are on this machine, too. */
  readonly names: CodeNames;

  /** ns: as if the recording had begun and ended then. */
  from = 0;
  until = Infinity;

  private constructor(
    readonly session: ReplaySession,
    readonly source: RecordedSource,
    readonly recording: string,
  ) {
    const { head, info } = session;
    this.guards = source.guards;
    this.owners = source.owners;
    this.hugePages = source.hugePages;
    this.servers = source.servers;
    // A run that was recorded by us has its own words for it (notices).
    this.notes =
      head === null || source.mode !== null ? [] : recordingNotes(head.all('note'), info);
    this.names = new CodeNames(source.files, null, () => performance.now(), source.files.patience);
  }

  /** Throws AnalyzerError RECORDING. */
  static async open(
    request: Omit<ReplayRequest, 'onFact' | 'recorded'>,
    note: (text: string) => void = () => undefined,
  ): Promise<RecordedCapture> {
    const source = new RecordedSource(note);
    const onFact = (text: string): void => {
      source.add(text);
    };
    const session = await ReplaySession.open({ ...request, onFact, recorded: source });
    return new RecordedCapture(session, source, request.file);
  }

  /** ns: how long the recording is; null where it does not say so. */
  get lengthNs(): number | null {
    return this.session.lengthNs;
  }

  /** How reading ended: what is to be said of it, '' for nothing. */
  get ending(): { readonly text: string; readonly failed: boolean } {
    const { end } = this.session;
    if (end === null) return { text: '', failed: false };
    if (end.died) return { text: recordingEnd('DIED', 0), failed: true };
    const { facts } = end;
    return { text: recordingEnd(facts.text('trouble'), facts.number('strangers')), failed: false };
  }

  /** See Capture. */
  get ran(): readonly string[] | null {
    return this.source.command;
  }

  /** Of the machine as it was. */
  get system(): SystemFacts {
    return this.source.system;
  }

  initialProcesses(): [] {
    return [];
  }

  now(): number {
    return Math.max(Math.min(this.session.now, this.until), this.from);
  }

  /** Of a recording nobody can tell. */
  askBlocked(_faults: unknown, told: (blocked: readonly boolean[]) => void): void {
    told([]);
  }

  whenReady(action: () => void): void {
    if (this.names.questions.whenReady(action)) return;
    if (!this.source.files.whenReady(action)) setImmediate(action);
  }

  /** The names that are on their way have come, or have been waited for long enough. `take` takes them over. */
  async settled(take: () => void): Promise<void> {
    take();
    await this.names.questions.settled();
    take();
  }

  aroundStop(stop: () => void): void {
    stop();
  }

  beyond(): null {
    return null;
  }

  close(): void {
    this.session.stop();
    this.names.questions.close();
    this.source.files.close();
  }
}
