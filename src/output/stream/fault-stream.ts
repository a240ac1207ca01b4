import type { FaultView } from '../../core/columns/fault-fields';
import { Bytes, MAX_RECORD_BYTES } from './bytes';
import type { FaultEncoder } from './encoder';
import type { FdWriter } from '../files/writer';

const CHUNK_BYTES = 256 * 1024;

/** The faults of batches as a stream of bytes: an encoder, a reused buffer and a writer. */
export class FaultStream {
  private readonly out = new Bytes(CHUNK_BYTES + MAX_RECORD_BYTES);

  constructor(
    private readonly view: FaultView,
    private readonly encoder: FaultEncoder,
    private readonly writer: FdWriter,
  ) {
    writer.write(encoder.header);
  }

  /**
   * Writes faults from..end-1 of the view's batch, those that the filter keeps. Returns the index of the
   * first fault not written: less than `end` when the writer has to wait (go on when it is ready).
   */
  write(from: number, end: number): number {
    const { out, encoder, writer } = this;
    const keep = this.view.resolved.keep;
    if (from === 0) encoder.nextBatch();
    for (let i = from; i < end; i++) {
      if (keep[i] === 0) continue;
      if (out.length >= CHUNK_BYTES) {
        this.flush();
        if (!writer.ready) return i;
      }
      encoder.fault(out, i);
    }
    this.flush();
    return end;
  }

  private flush(): void {
    const { out } = this;
    if (out.length === 0) return;
    this.writer.write(out.data.subarray(0, out.length));
    out.length = 0;
  }
}
