import fc from 'fast-check';
import { FaultFlag } from '../../../../src/core/wire/batch';
import { Cause, FaultClass, RegionKind } from '../../../../src/core/classify/classes';
import { FAULT_FIELDS } from '../../../../src/core/columns/fault-fields';
import { faultFields } from '../../../../src/core/columns/symbol-fields';
import { FixedNames } from '../../../../src/core/columns/stable-names';
import { Bytes, MAX_RECORD_BYTES } from '../../../../src/output/stream/bytes';
import { csvEncoder } from '../../../../src/output/stream/csv';
import { ndjsonEncoder } from '../../../../src/output/stream/ndjson';
import { Fixture } from '../../../support/fixture';
import type { FaultRow } from '../../../support/fault-kit';
import { anyText } from '../../../support/texts';

/** What shows a name as another one, moves the cursor, or breaks a line. */
const DANGEROUS =
  // oxlint-disable-next-line no-control-regex -- control characters are what this looks for
  /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

const CONTRACT =
  'time_ns,pid,tid,comm,class,cause,address,ip,access,mode,region_kind,region,section,file,' +
  'file_offset,latency_ns,error_code';

const FULL: FaultRow = {
  time: 12_000_000.5,
  address: 0x7f2c7b100123n,
  ip: 0xffffffff81000010n,
  pid: 10,
  tid: 11,
  region: 0,
  faultClass: FaultClass.MAJOR,
  cause: Cause.FILE_READ,
  latency: 12_400_000,
  errorCode: 0x6,
  flags: FaultFlag.MAJ | FaultFlag.KERNEL | FaultFlag.ERROR_CODE | FaultFlag.ENTRY,
  fileOffset: 8192,
};
const BARE: FaultRow = { time: 5, address: 0x10n, region: 1, flags: FaultFlag.MIN, comm: 1 };

function fixture(): Fixture {
  const made = new Fixture();
  made.regions = [
    { kind: RegionKind.FILE, label: 'libc.so.6 .text', section: '.text', path: '/lib/libc.so.6' },
    { kind: RegionKind.UNKNOWN, label: '[unknown]' },
  ];
  made.comms = ['worker', ''];
  return made;
}

function records(of: Fixture, encode: typeof csvEncoder, faults: readonly FaultRow[]): string {
  const encoder = encode(of.view, FAULT_FIELDS);
  const out = new Bytes(MAX_RECORD_BYTES * faults.length);
  encoder.nextBatch();
  const n = of.fill(faults);
  for (let i = 0; i < n; i++) encoder.fault(out, i);
  return Buffer.from(encoder.header).toString('utf8') + out.data.toString('utf8', 0, out.length);
}

/** RFC 4180, from its grammar: fields, quotes doubled, CRLF. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at < text.length) {
    let value = '';
    if (text[at] === '"') {
      at += 1;
      for (;;) {
        if (text[at] !== '"') value += text[at++]!;
        else if (text[at + 1] === '"') {
          value += '"';
          at += 2;
        } else break;
      }
      at += 1;
    } else {
      while (at < text.length && text[at] !== ',' && text[at] !== '\r') {
        if (text[at] === '"' || text[at] === '\n') throw new Error('bare quote or newline');
        value += text[at++]!;
      }
    }
    row.push(value);
    if (text[at] === ',') {
      at += 1;
    } else if (text.startsWith('\r\n', at)) {
      at += 2;
      rows.push(row);
      row = [];
    } else throw new Error(`no separator at ${at}`);
  }
  return rows;
}

test('CSV: the documented fields, in its order, with the schema version behind them', () => {
  const text = records(fixture(), csvEncoder, [FULL, BARE]);
  expect(text).toBe(
    `${CONTRACT},v\r\n` +
      '12000000,10,11,worker,MAJOR,file-read,0x7f2c7b100123,0xffffffff81000010,w,kernel,file,' +
      'libc.so.6,.text,/lib/libc.so.6,8192,12400000,6,1\r\n' +
      '5,100,100,,MINOR,demand-zero,0x10,,,user,unknown,[unknown],,,,,,1\r\n',
  );
});

test('NDJSON: the same fields, null where CSV is empty', () => {
  const parsed = records(fixture(), ndjsonEncoder, [FULL, BARE])
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(Object.keys(parsed[0]!).join(',')).toBe(`${CONTRACT},v`);
  expect(parsed[0]).toEqual({
    time_ns: 12_000_000,
    pid: 10,
    tid: 11,
    comm: 'worker',
    class: 'MAJOR',
    cause: 'file-read',
    address: '0x7f2c7b100123',
    ip: '0xffffffff81000010',
    access: 'w',
    mode: 'kernel',
    region_kind: 'file',
    region: 'libc.so.6',
    section: '.text',
    file: '/lib/libc.so.6',
    file_offset: 8192,
    latency_ns: 12_400_000,
    error_code: 6,
    v: 1,
  });
  expect(parsed[1]).toMatchObject({
    comm: null,
    ip: null,
    access: null,
    section: null,
    file: null,
    file_offset: null,
    latency_ns: null,
    error_code: null,
    v: 1,
  });
});

test('access follows the error code', () => {
  const access = (errorCode: number): unknown => {
    const line = records(fixture(), ndjsonEncoder, [{ ...FULL, errorCode }]);
    return (JSON.parse(line) as Record<string, unknown>).access;
  };
  expect([0x4, 0x5, 0x6, 0x7, 0x14, 0x15].map(access)).toEqual(['r', 'r', 'w', 'w', 'x', 'x']);
});

const nasty = fc.oneof(
  anyText({ maxLength: 40 }),
  fc.string({
    unit: fc.constantFrom(
      '"',
      ',',
      '\r',
      '\n',
      '\x1b',
      '\x9b',
      '\u2028',
      '\u200e',
      '\u061c',
      '\u202e',
      '\u2069',
      ' ',
      'ä',
      '\0',
    ),
  }),
);

test('CSV: any name round-trips through RFC 4180, control characters as ?', () => {
  fc.assert(
    fc.property(nasty, nasty, nasty, (comm, label, path) => {
      const of = fixture();
      of.comms = [comm];
      of.regions = [{ kind: RegionKind.FILE, label, path }];
      const text = records(of, csvEncoder, [FULL]);
      const [header, row, ...rest] = readCsv(text);
      expect(rest).toEqual([]);
      expect(row).toHaveLength(header!.length);
      expect(row!.join('')).not.toMatch(DANGEROUS);
      const safe = /^[ -~äöü]*$/;
      if (safe.test(comm)) expect(row![3]).toBe(comm);
      if (safe.test(label)) expect(row![11]).toBe(label);
      if (safe.test(path)) expect(row![13]).toBe(path);
      expect(row![3]).toHaveLength(comm.length);
    }),
  );
});

test('NDJSON: any name comes back as it was, on one line without control characters', () => {
  fc.assert(
    fc.property(nasty, nasty, nasty, (comm, label, path) => {
      const of = fixture();
      of.comms = [comm];
      of.regions = [{ kind: RegionKind.FILE, label, path }];
      const text = records(of, ndjsonEncoder, [FULL]);
      expect(text.slice(0, -1)).not.toMatch(DANGEROUS);
      const row = JSON.parse(text) as Record<string, unknown>;
      const utf8 = (s: string): string | null =>
        s === '' ? null : Buffer.from(s, 'utf8').toString('utf8');
      expect(row.comm).toBe(utf8(comm));
      expect(row.file).toBe(utf8(path));
    }),
  );
});

/** Each record by an encoder of its own, which has nothing to remember. */
function afresh(of: Fixture, encode: typeof csvEncoder, count: number): string {
  const out = new Bytes(MAX_RECORD_BYTES * 2);
  let text = '';
  for (let i = 0; i < count; i++) {
    const encoder = encode(of.view, FAULT_FIELDS);
    encoder.nextBatch();
    out.length = 0;
    encoder.fault(out, i);
    text += out.data.toString('utf8', 0, out.length);
  }
  return text;
}

test('what an encoder keeps of earlier faults never shows in later ones', () => {
  const of = fixture();
  // More combinations than are kept, names too long to be kept, and another meaning in every batch.
  const many = Array.from({ length: 40 }, (_, k) => k);
  const fault = fc.record({
    time: fc.nat(1e6),
    address: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
    region: fc.nat(39),
    comm: fc.nat(9),
    pid: fc.integer({ min: 1, max: 3 }),
    tid: fc.integer({ min: 1, max: 4_194_304 }),
    faultClass: fc.nat(3),
    cause: fc.nat(10),
    latency: fc.integer({ min: -1, max: 5e6 }),
    fileOffset: fc.integer({ min: -1, max: 1e9 }),
    errorCode: fc.nat(31),
    flags: fc.nat(31),
  });
  for (const encode of [csvEncoder, ndjsonEncoder]) {
    const encoder = encode(of.view, FAULT_FIELDS);
    const out = new Bytes(MAX_RECORD_BYTES * 2);
    let epoch = 0;
    fc.assert(
      fc.property(fc.array(fault, { minLength: 1, maxLength: 300 }), (faults) => {
        epoch += 1;
        of.comms = many.map((k) => `comm ${k} ${epoch}`);
        of.regions = many.map((k) => ({
          kind: RegionKind.FILE,
          label: `label ${epoch} ${'x'.repeat(k * 20)}`,
          path: k % 2 === 0 ? '' : `/path/${epoch}`,
        }));
        const n = of.fill(faults);
        encoder.nextBatch();
        let text = '';
        for (let i = 0; i < n; i++) {
          out.length = 0;
          encoder.fault(out, i);
          text += out.data.toString('utf8', 0, out.length);
        }
        expect(text).toBe(afresh(of, encode, n));
      }),
      { numRuns: 25 },
    );
  }
});

test('the longest names that can be still fit into a record', () => {
  for (const encode of [csvEncoder, ndjsonEncoder]) {
    for (const unit of ['\x9b', '"', '\u2028', '\u061c', '😀']) {
      const of = fixture();
      const name = unit.repeat(10_000);
      of.comms = [name];
      of.regions = [{ kind: RegionKind.FILE, label: `${name} ${name}`, section: name, path: name }];
      const encoder = encode(of.view, FAULT_FIELDS);
      const out = new Bytes(MAX_RECORD_BYTES * 2);
      of.fill([FULL]);
      encoder.nextBatch();
      encoder.fault(out, 0);
      expect(out.length).toBeLessThanOrEqual(MAX_RECORD_BYTES);
      expect(out.data.toString('utf8', 0, out.length)).not.toContain('\ufffd');
    }
  }
});

test('--fixed-ts: records of two runs with other ids and times are equal', () => {
  const run = (base: number): string => {
    const of = fixture();
    of.regions[0] = { kind: RegionKind.STACK, label: `[stack:${base + 1}]` };
    const fixed = new FixedNames();
    const view = { ...of.view, names: fixed.wrap(of.names) };
    const encoder = csvEncoder(view, fixed.fields(FAULT_FIELDS));
    const out = new Bytes(MAX_RECORD_BYTES);
    const n = of.fill([
      { ...FULL, time: base * 7, pid: base, tid: base + 1, ip: BigInt(base), latency: base },
      { ...BARE, time: base * 9, pid: base, tid: base },
    ]);
    encoder.nextBatch();
    for (let i = 0; i < n; i++) encoder.fault(out, i);
    return out.data.toString('utf8', 0, out.length);
  };
  expect(run(4000)).toBe(run(77));
  expect(run(4000).split('\r\n')[0]).toBe(
    '1000000,1,2,worker,MAJOR,file-read,0x7f2c7b100123,,w,kernel,stack,[stack:2],,,8192,,6,1',
  );
});

test('a stack is an array in NDJSON, joined in CSV, and fits into a record', () => {
  const of = fixture();
  const stacks: Readonly<Record<number, readonly string[]>> = {
    0: [],
    1: ['main', 'a, "b"', 'leaf'],
    2: Array.from({ length: 128 }, () => '"'.repeat(127)),
  };
  const view = { ...of.view, names: { ...of.names, stack: (n: number) => stacks[n]! } };
  const write = (encode: typeof csvEncoder): string[] => {
    const encoder = encode(view, faultFields(false, true));
    const out = new Bytes(3 * MAX_RECORD_BYTES);
    of.resolved.stack.set([0, 1, 2]);
    const n = of.fill([FULL, FULL, FULL]);
    encoder.nextBatch();
    const lines: string[] = [];
    for (let i = 0; i < n; i++) {
      out.length = 0;
      encoder.fault(out, i);
      expect(out.length).toBeLessThanOrEqual(MAX_RECORD_BYTES);
      lines.push(out.data.toString('utf8', 0, out.length));
    }
    return lines;
  };
  const json = write(ndjsonEncoder).map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(json.map(({ stack }) => stack)).toEqual([null, stacks[1], stacks[2]]);
  expect(json[0]!.v).toBe(2);
  const csv = write(csvEncoder);
  expect(csv[0]).toMatch(/,2,\r\n$/);
  expect(csv[1]).toMatch(/,2,"main;a, ""b"";leaf"\r\n$/);
});
