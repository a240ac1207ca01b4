import { Batch } from '../../../src/core/wire/batch';
import { Model } from '../../../src/core/model';
import { Resolved } from '../../../src/core/wire/resolved';
import { CountLimit } from '../../../src/app/count-limit';
import { FaultStream } from '../../../src/output/stream/fault-stream';
import { LineEncoder } from '../../../src/output/stream/text';
import { FdWriter } from '../../../src/output/files/writer';
import { FakeSource } from '../../support/model-kit';
import { vma } from '../../support/vma-kit';
import { capture } from '../../support/fault-kit';
import { MemoryIo } from '../../support/fixture';

/** Minor faults on the pages from `first` on. */
function minorFaults(batch: Batch, count: number, first: number): void {
  batch.faults = 0;
  batch.records = 0;
  for (let page = first; page < first + count; page++) {
    capture(batch, { time: page * 1e6, latency: 1000, address: page * 4096, pid: 7 });
  }
  batch.horizon = (first + count) * 1e6;
}

test('stream, summary and report end with the same fault, in the middle of a batch', () => {
  const model = new Model({ source: new FakeSource() });
  model.addProcess(7, {
    ppid: 1,
    comm: 'prog',
    tids: [7],
    maps: { vmas: [vma(0, 100, '[heap]')], asOf: 0 },
  });
  const limit = new CountLimit(5, null);
  model.setKeep(limit.test);
  const batch = new Batch();
  const resolved = new Resolved();
  const view = { batch, resolved, names: model };
  const io = new MemoryIo();
  const encoder = new LineEncoder(view, (v, i) => v.batch.time[i]!, 'none');
  const stream = new FaultStream(view, encoder, new FdWriter(1, io));

  for (const [count, first] of [
    [3, 1],
    [4, 4],
    [2, 8],
  ] as const) {
    expect(limit.reached).toBe(first > 5);
    minorFaults(batch, count, first);
    model.consume(batch, resolved);
    stream.write(0, count);
  }
  expect(limit.reached).toBe(true);
  const lines = io.text.trimEnd().split('\n');
  expect(lines.map((line) => line.slice(1, 11))).toEqual([
    '000000.001',
    '000000.002',
    '000000.003',
    '000000.004',
    '000000.005',
  ]);
  const snapshot = model.snapshot(1e9);
  expect(snapshot.totals.faults).toBe(5);
  expect(snapshot.regions.reduce((sum, row) => sum + row.faults, 0)).toBe(5);
});

test('faults that a filter drops do not count', () => {
  const batch = new Batch();
  const resolved = new Resolved();
  const limit = new CountLimit(2, (b, _, i) => b.tid[i]! % 2 === 1);
  batch.tid.set([1, 2, 3, 4, 5]);
  const kept = [0, 1, 2, 3, 4].map((i) => limit.test!(batch, resolved, i));
  expect(kept).toEqual([true, false, true, false, false]);
  expect(limit.reached).toBe(true);
});

test('no limit: never reached, and no test in the way', () => {
  const limit = new CountLimit(null, null);
  expect(limit.test).toBeNull();
  expect(limit.reached).toBe(false);
});
