import { How } from '../core/batch';
import type { Batch } from '../core/batch';
import type { FaultCounts } from '../core/capture-facts';
import type { Resolved } from '../core/resolved';

/** Where batches come from: a capture session. */
export interface BatchSource {
  drain(buffer: ArrayBuffer): boolean;
}

/** What classifies and counts them: the model. */
export interface BatchConsumer {
  consume(batch: Batch, resolved: Resolved): void;
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
  /** null for -q. */
  readonly output: { readonly sink: StreamSink; readonly writer: SinkWriter } | null;
  /** Runs an action in a later turn of the event loop. */
  readonly soon: (action: () => void) => void;
  /** Called after each batch has been counted, before it is written. */
  readonly onBatch: () => void;
  /** Called when the source had nothing more. */
  readonly onIdle: () => void;
}

/** By itself: V8 leaves a loop's optimised code where the code behind the loop was not run before. */
function countCompletions({ how, faults }: Batch, counts: Float64Array): void {
  for (let i = 0; i < faults; i++) counts[how[i]! & How.COMPLETION]!++;
}

/**
 * Moves batches from the source through the model to the stream. One batch per turn of the event loop:
 * signals, timers and keys get their turn under any load. While the writer has to wait nothing is
 * drained: the mailbox fills, and counts what does not fit.
 */
export class Pump {
  /** Faults by How.COMPLETION. */
  private readonly received = new Float64Array(How.COMPLETION + 1);
  private scheduled = false;
  private halted = false;
  private waiting = false;
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
      minor: this.received[How.MIN]!,
      major: this.received[How.MAJ]!,
      unresolved: this.received[How.NONE]!,
    };
  }

  /** The writer does not take what is there. */
  get blocked(): boolean {
    return this.waiting;
  }

  /** To be called when the source may have something. */
  wake(): void {
    if (this.scheduled || this.waiting) return;
    this.scheduled = true;
    this.ports.soon(() => {
      this.scheduled = false;
      this.turn();
    });
  }

  /** Sends faults that did not come from the source; they must be in the batch already. Writes them all. */
  inject(): void {
    this.take();
  }

  /** Moves nothing any more. */
  halt(): void {
    this.halted = true;
  }

  private turn(): void {
    if (this.halted) return;
    if (!this.written()) return;
    if (!this.ports.source.drain(this.batch.buffer)) {
      this.ports.onIdle();
      return;
    }
    this.take();
    this.wake();
  }

  private take(): void {
    const { batch, resolved, ports } = this;
    ports.consumer.consume(batch, resolved);
    const { faults } = batch;
    countCompletions(batch, this.received);
    this.at = 0;
    this.end = faults;
    ports.onBatch();
    this.written();
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
