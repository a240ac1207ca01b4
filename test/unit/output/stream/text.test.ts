import { FaultFlag } from '../../../../src/core/wire/batch';
import { FaultClass, RegionKind } from '../../../../src/core/classify/classes';
import { FixedNames } from '../../../../src/core/columns/stable-names';
import { FaultStream } from '../../../../src/output/stream/fault-stream';
import { LineEncoder } from '../../../../src/output/stream/text';
import type { ShownLatency } from '../../../../src/output/stream/text';
import { FdWriter } from '../../../../src/output/files/writer';
import { Fixture, MemoryIo } from '../../../support/fixture';
import type { FaultRow } from '../../../support/fault-kit';
import type { Region } from '../../../support/fixture';

function lines(
  faults: readonly FaultRow[],
  latency: ShownLatency = 'major',
  regions?: Region[],
): string {
  const fixture = new Fixture();
  if (regions) fixture.regions = regions;
  const io = new MemoryIo();
  const encoder = new LineEncoder(fixture.view, (view, i) => view.batch.time[i]!, latency);
  const stream = new FaultStream(fixture.view, encoder, new FdWriter(1, io));
  expect(stream.write(0, fixture.fill(faults))).toBe(faults.length);
  return io.text;
}

const FILES: Region[] = [
  { kind: RegionKind.FILE, label: 'libc.so.6 .text', section: '.text', path: '/lib/libc.so.6' },
  { kind: RegionKind.FILE, label: 'demo.bin .text', section: '.text', path: '/tmp/demo.bin' },
  { kind: RegionKind.FILE, label: 'my data.db', path: '/srv/my data.db' },
  { kind: RegionKind.UNKNOWN, label: '[unknown]' },
];

test('the lines of the contract', () => {
  const text = lines(
    [
      { time: 1_000_000, address: 0x7f2c7b100000n, region: 0, latency: 900 },
      {
        time: 12_999_999,
        address: 0x400000n,
        region: 1,
        latency: 12_400_000,
        faultClass: FaultClass.MAJOR,
      },
    ],
    'major',
    FILES,
  );
  expect(text).toBe(
    '[000000.001] MINOR 0x7f2c7b100000 libc.so.6 .text\n' +
      '[000000.012] MAJOR 0x400000 demo.bin .text 12.4ms\n',
  );
});

test('names with spaces, unknown regions, errors and all latencies', () => {
  const text = lines(
    [
      { time: 0, address: 0x1000n, region: 2, latency: 1500, faultClass: FaultClass.COW },
      { time: 5e9, address: 0n, region: 3, faultClass: FaultClass.ERROR, flags: FaultFlag.NONE },
    ],
    'all',
    FILES,
  );
  expect(text).toBe('[000000.000] COW 0x1000 my data.db 1.5us\n[000005.000] ERROR 0x0 [unknown]\n');
});

test('seconds beyond six digits make the stamp longer', () => {
  expect(lines([{ time: 1_234_567.891e9, address: 0x1000n }])).toBe(
    '[1234567.891] MINOR 0x1000 [heap]\n',
  );
  expect(lines([{ time: 999_999.9999e9, address: 0x1000n }])).toBe(
    '[999999.999] MINOR 0x1000 [heap]\n',
  );
});

test('control characters of names never come out', () => {
  const text = lines([{ time: 0, address: 0x1000n }], 'major', [
    { kind: RegionKind.FILE, label: 'a\x1b[31m\x9b2J\r\n\x7f\x00b' },
  ]);
  // oxlint-disable-next-line no-control-regex
  expect(text.slice(0, -1)).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
  expect(text).toMatch(/^\[000000\.000\] MINOR 0x1000 a\?\[31m\?2J\?\?\?\?b\n$/);
});

test('faults that the filter drops are left out', () => {
  expect(
    lines([
      { time: 0, address: 0x1000n, keep: 0 },
      { time: 0, address: 0x2000n },
    ]),
  ).toBe('[000000.000] MINOR 0x2000 [heap]\n');
});

test('a slot that means something else in the next batch is printed anew', () => {
  const fixture = new Fixture();
  const io = new MemoryIo();
  const encoder = new LineEncoder(fixture.view, (view, i) => view.batch.time[i]!, 'none');
  const stream = new FaultStream(fixture.view, encoder, new FdWriter(1, io));
  stream.write(0, fixture.fill([{ time: 0, address: 0x1000n }]));
  fixture.regions = [{ kind: RegionKind.STACK, label: '[stack:7]' }];
  stream.write(0, fixture.fill([{ time: 0, address: 0x1000n }]));
  expect(io.text).toBe('[000000.000] MINOR 0x1000 [heap]\n[000000.000] MINOR 0x1000 [stack:7]\n');
});

test('--fixed-ts: the number of the fault in ms, tids by order of appearance, no latency', () => {
  const run = (tids: readonly number[]): string => {
    const fixture = new Fixture();
    fixture.regions = tids.map((tid) => ({ kind: RegionKind.STACK, label: `[stack:${tid}]` }));
    const fixed = new FixedNames();
    const view = { ...fixture.view, names: fixed.wrap(fixture.names) };
    const io = new MemoryIo();
    const encoder = new LineEncoder(view, () => fixed.nextTime(), 'none');
    const stream = new FaultStream(view, encoder, new FdWriter(1, io));
    stream.write(
      0,
      fixture.fill(
        tids.map((tid, i) => ({
          time: Math.random() * 1e9,
          address: 0x1000n,
          tid,
          region: i,
          latency: Math.random() * 1e9,
          faultClass: FaultClass.MAJOR,
        })),
      ),
    );
    return io.text;
  };
  expect(run([4711, 4712])).toBe(
    '[000000.001] MAJOR 0x1000 [stack:1]\n[000000.002] MAJOR 0x1000 [stack:2]\n',
  );
  expect(run([99, 12])).toBe(run([4711, 4712]));
});
