import { FaultFlag, RecordType } from '../core/wire/batch';
import type { Batch } from '../core/wire/batch';
import type { FaultCounts } from '../core/facts/capture-facts';
import type { Resolved } from '../core/wire/resolved';

/** Where batches come from: a capture session. */
export interface BatchSource {
  drain(buffer: ArrayBuffer): boolean;
  /** What waits there leaves little room. Left out where nothing is lost of what waits. */
  crowded?(): boolean;
}

/** What classifies and counts them: the model. */
export interface BatchConsumer {
  /** False: it waits for an answer, and is to be called again with the same batch (PumpPorts.whenReady). */
  consume(batch: Batch, resolved: Resolved): boolean;
}

/** Where faults go as bytes. */
export interface StreamSink {
  /** Index of the first fault not written; less than `end` when the writer has to wait. */
  write(from: number, end: number): number;
}

/** The writer behind the sink. */
export interface SinkWriter {
  readonly ready: boolean;
  /** Bytes taken so far. */
  readonly written: number;
  whenReady(action: () => void): void;
}

export interface PumpPorts {
  readonly source: BatchSource;
  readonly consumer: BatchConsumer;
  /** Calls back once, later, when the consumer is to be called again. */
  readonly whenReady: (action: () => void) => void;
  /** null for -q. */
  readonly output: { readonly sink: StreamSink; readonly writer: SinkWriter } | null;
  /** Runs an action in a later turn of the event loop. */
  readonly soon: (action: () => void) => void;
  /** The same when some more may have come: a batch costs as much as a thousand faults. Left out where each is waited for. */
  readonly gather?: (action: () => void) => void;
  /** Called after each batch has been counted, before it is written. */
  readonly onBatch: () => void;
  /** Called when the source had nothing more. */
  readonly onIdle: () => void;
}

/** By itself: V8 leaves a loop's optimised code where the code behind the loop was not run before. */
function countCompletions({ flags, counted, faults }: Batch, counts: Float64Array): void {
  for (let i = 0; i < faults; i++) counts[flags[i]! & FaultFlag.COMPLETION]! += counted[i]!;
}

/** Those of which no row tells. */
function countCounted({ recType, recCount, records }: Batch, counts: Float64Array): void {
  for (let r = 0; r < records; r++) {
    if (recType[r] === RecordType.COUNTED) counts[FaultFlag.MIN]! += recCount[r]!;
  }
}

/**
 * Moves batches from the source through the model to the stream. One batch per turn of the event loop:
 * signals, timers and keys get their turn under any load. While the writer has to wait nothing is
 * drained: the mailbox fills, and counts what does not fit.
 */
export class Pump {
  /** Faults by FaultFlag.COMPLETION. */
  private readonly received = new Float64Array(FaultFlag.COMPLETION + 1);
  private scheduled = false;
  private gathering = false;
  private halted = false;
  private waiting = false;
  /** The current batch is not consumed yet. */
  private consuming = false;
  /** The consumer waits for an answer. */
  private held = false;
  /** Faults at..end-1 of the current batch are not written yet. */
  private at = 0;
  private end = 0;

  constructor(
    private readonly ports: PumpPorts,
    private readonly batch: Batch,
    private readonly resolved: Resolved,
  ) {}

  /** Faults that came out of the source, by how they ended. */
  get counts(): FaultCounts {
    return {
      minor: this.received[FaultFlag.MIN]!,
      major: this.received[FaultFlag.MAJ]!,
      unresolved: this.received[FaultFlag.NONE]!,
    };
  }

  /** It lets what has come wait for more. */
  get gathers(): boolean {
    return this.gathering;
  }

  /** The writer does not take what is there. */
  get blocked(): boolean {
    return this.waiting;
  }

  /** To be called when the source has something: it is taken with what comes right behind it. */
  notify(): void {
    const { gather } = this.ports;
    if (gather === undefined) this.wake();
    if (gather === undefined) return;
    if (this.gathering) {
      if (this.ports.source.crowded?.() === true) this.wake();
      return;
    }
    this.gathering = true;
    gather(() => {
      this.gathering = false;
      this.wake();
    });
  }

  /** To be called when the source may have something. */
  wake(): void {
    if (this.scheduled || this.waiting || this.held) return;
    this.scheduled = true;
    this.ports.soon(() => {
      this.scheduled = false;
      this.turn();
    });
  }

  /** Sends faults that did not come from the source; they must be in the batch already. */
  inject(): void {
    this.take();
  }

  /** Moves nothing any more. */
  halt(): void {
    this.halted = true;
  }

  private turn(): void {
    if (this.halted) return;
    if (this.consuming && !this.consume()) return;
    if (!this.written()) return;
    if (!this.ports.source.drain(this.batch.buffer)) {
      this.ports.onIdle();
      return;
    }
    this.take();
    this.wake();
  }

  private take(): void {
    countCompletions(this.batch, this.received);
    countCounted(this.batch, this.received);
    this.consuming = true;
    this.consume();
  }

  /** False where the consumer has to wait; we go on by ourselves then. */
  private consume(): boolean {
    const { batch, resolved, ports } = this;
    if (this.held) return false;
    if (!ports.consumer.consume(batch, resolved)) {
      this.held = true;
      ports.whenReady(() => {
        this.held = false;
        this.wake();
      });
      return false;
    }
    this.consuming = false;
    this.at = 0;
    this.end = batch.faults;
    ports.onBatch();
    this.written();
    return true;
  }

  /** Writes on. False when the writer has to wait; it then wakes us. */
  private written(): boolean {
    const { output } = this.ports;
    if (output === null) {
      this.at = this.end;
      return true;
    }
    if (output.writer.ready && this.at < this.end) this.at = output.sink.write(this.at, this.end);
    if (output.writer.ready && this.at === this.end) return true;
    if (!this.waiting) {
      this.waiting = true;
      output.writer.whenReady(() => {
        this.waiting = false;
        this.wake();
      });
    }
    return false;
  }
}
