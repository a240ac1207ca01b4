import { appendFileSync, chownSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NamedPlace, Place } from '../../src/sources/reader/names';
import { askNames, realReader } from '../support/reader-kit';
import type { RealReader } from '../support/reader-kit';
import { Running, until } from '../support/running';
import { removeScratch, scratchDirectory } from '../support/scratch';

let scratch: string;
let real: RealReader;
beforeEach(() => {
  scratch = scratchDirectory();
  real = realReader();
});
const targets: Running[] = [];
afterEach(async () => {
  real.close();
  for (const target of targets.splice(0)) {
    target.kill('SIGKILL');
    await target.ended;
  }
  removeScratch(scratch);
});

async function start(command: readonly string[]): Promise<number> {
  const target = new Running(command);
  targets.push(target);
  await until('its word', () => target.stdout.includes('ready'));
  return target.pid;
}

/** `function+offset` at each address, null where there is no name. */
async function told(pid: number, addresses: readonly bigint[]): Promise<unknown> {
  const places = addresses.map((value): Place => ({ data: false, linked: false, value }));
  const named: readonly NamedPlace[] | null = await askNames(real.reader, pid, 'jit', null, places);
  return named?.map(({ frames: [frame] }) =>
    frame === undefined ? null : `${frame.name ?? ''}+${frame.offset ?? ''}`,
  );
}

/** tools/perf/Documentation/jitdump-specification.txt */
const u32 = (...values: readonly number[]): Buffer => Buffer.from(Uint32Array.from(values).buffer);
const u64 = (...values: readonly bigint[]): Buffer =>
  Buffer.from(BigUint64Array.from(values).buffer);
const HEADER = Buffer.concat([u32(0x4a695444, 1, 40, 62, 0, 1), u64(0n, 0n)]);

function record(id: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([u32(id, 16 + body.length), u64(1n), body]);
}

function load(start: bigint, size: bigint, index: bigint, name: string): Buffer {
  const code = Buffer.alloc(Number(size), 0x90);
  return record(0, u32(1, 1), u64(start, start, size, index), Buffer.from(`${name}\0`), code);
}

function move(from: bigint, to: bigint, size: bigint, index: bigint): Buffer {
  return record(1, u32(1, 1), u64(to, from, to, size, index));
}

interface Code {
  readonly from: bigint;
  readonly size: number;
  readonly name: string;
}

/** Maps a file of its directory as makers of code do theirs. */
const MAPS_IT = `
import mmap, os, sys, time
path = sys.argv[1] if len(sys.argv) > 1 else "jit-%d.dump" % os.getpid()
made = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
os.ftruncate(made, max(4096, os.fstat(made).st_size))
mark = mmap.mmap(made, 4096, mmap.MAP_PRIVATE, mmap.PROT_READ | int(os.environ.get("PROT", "4")))
os.ftruncate(made, 0) if len(sys.argv) == 1 else None
print("ready", flush=True)
time.sleep(1000)
`;

async function mapsIt(...args: readonly string[]): Promise<number> {
  const pid = await start([
    'sh',
    '-c',
    `cd ${scratch} && exec python3 -c '${MAPS_IT}' "$@"`,
    'sh',
    ...args,
  ]);
  // One that an earlier process of this number has left would count.
  rmSync(`/tmp/perf-${pid}.map`, { force: true });
  return pid;
}

test('node: functions that its dump names are those of its map', async () => {
  const script = join(scratch, 'hot.js');
  const work = 'function hot(n) { let s = 0; for (let i = 0; i < n; i++) s += i % 7; return s; }';
  const loop = 'for (let i = 0; i < 300; i++) hot(10000);';
  writeFileSync(script, `${work}\n${loop}\nconsole.log('ready');\nsetInterval(hot, 1000, 10);\n`);
  const flags = '--perf-prof --perf-basic-prof';
  const command = `cd ${scratch} && exec ${process.execPath} ${flags} ${script}`;
  const pid = await start(['sh', '-c', command]);
  const path = `/tmp/perf-${pid}.map`;
  const text = readFileSync(path, 'utf8');
  rmSync(path);
  const lines = [...text.matchAll(/^([0-9a-f]+) ([0-9a-f]+) (.*)$/gm)].map(
    ([, from, size, name]): Code => ({
      from: BigInt(`0x${from!}`),
      size: Number(`0x${size!}`),
      name: name!,
    }),
  );
  // Interpreted functions (~) have no code of their own, so that the dump has none of them.
  const own = lines.filter(({ name, size }) => !name.includes(':~') && size > 0);
  const overlaps = (a: Code, b: Code): boolean =>
    a.from < b.from + BigInt(b.size) && b.from < a.from + BigInt(a.size);
  const last = own.filter((code, i) => !own.slice(i + 1).some((later) => overlaps(code, later)));
  // V8 holds back up to 2 MB of its dump.
  const dump = readFileSync(join(scratch, `jit-${pid}.dump`));
  const written = last.filter(({ from, size, name }) => {
    const found = dump.lastIndexOf(u64(from, BigInt(size)));
    return found >= 0 && found + 24 + name.length + 1 + size <= dump.length;
  });
  expect(written.length).toBeGreaterThan(1000);
  for (let at = 0; at < written.length; at += 1000) {
    const some = written.slice(at, at + 1000);
    const places = some.flatMap(({ from, size }) => [from, from + BigInt(size) - 1n]);
    const names = some.flatMap(({ name, size }) => [`${name}+0`, `${name}+${size - 1}`]);
    expect(await told(pid, places)).toEqual(names);
  }
});

test('code that moves keeps its name, and what comes later counts', async () => {
  const pid = await mapsIt();
  const path = join(scratch, `jit-${pid}.dump`);
  expect(await told(pid, [0x1000n])).toEqual([null]);
  const first = [load(0x1000n, 0x100n, 1n, 'old one'), load(0x1000n, 0x20n, 2n, 'new')];
  writeFileSync(path, Buffer.concat([HEADER, ...first]));
  expect(await told(pid, [0x1000n, 0x1020n, 0x1100n])).toEqual(['new+0', 'old one+32', null]);
  const unknown = record(77, Buffer.from('of a version to come'));
  const grown = Buffer.concat([
    unknown,
    move(0x1000n, 0x3000n, 0x100n, 1n),
    load(0x5000n, 8n, 3n, 'cut'),
  ]);
  // The last record is not written to its end yet.
  appendFileSync(path, grown.subarray(0, -4));
  expect(await told(pid, [0x3004n, 0x5000n])).toEqual(['old one+4', null]);
  appendFileSync(path, grown.subarray(-4));
  expect(await told(pid, [0x3004n, 0x5007n])).toEqual(['old one+4', 'cut+7']);
  writeFileSync(path, Buffer.concat([HEADER, load(0x1000n, 1n, 1n, 'again')]));
  expect(await told(pid, [0x1000n, 0x5000n])).toEqual(['again+0', null]);
  rmSync(path);
  expect(await told(pid, [0x1000n])).toEqual(['again+0']);
});

test('a broken dump is read up to where it breaks', async () => {
  const good = load(0x1000n, 16n, 1n, 'good');
  const late = load(0x2000n, 16n, 2n, 'late');
  const cases: readonly (readonly [string, readonly Buffer[], unknown])[] = [
    ['record of no length', [HEADER, good, u32(0, 0), u64(0n), late], ['good+0', null]],
    ['record without end', [HEADER, good, u32(0, 0xffffffff), u64(0n), late], ['good+0', null]],
    [
      'name without end',
      [HEADER, record(0, u32(1, 1), u64(0n, 0x1000n, 16n, 1n), Buffer.alloc(8000, 65)), late],
      ['A'.repeat(2048) + '+0', 'late+0'],
    ],
    ['no name', [HEADER, load(0x1000n, 16n, 1n, ''), late], [null, 'late+0']],
    [
      'code beyond the last address',
      [
        HEADER,
        record(0, u32(1, 1), u64(0n, 0x1000n, 2n ** 64n - 1n, 1n), Buffer.from('all\0')),
        late,
      ],
      [null, 'late+0'],
    ],
    ['move of nothing', [HEADER, move(0n, 0x1000n, 16n, 9n), late], [null, 'late+0']],
    ['another byte order', [Buffer.from(HEADER).swap32(), good, late], [null, null]],
    ['another version', [u32(0x4a695444, 9), HEADER.subarray(8), good, late], [null, null]],
    ['not even a header', [HEADER.subarray(0, 12)], [null, null]],
  ];
  for (const [name, parts, right] of cases) {
    const pid = await mapsIt();
    writeFileSync(join(scratch, `jit-${pid}.dump`), Buffer.concat(parts));
    expect([name, await told(pid, [0x1000n, 0x2000n])]).toEqual([name, right]);
  }
});

test('only a file that is mapped as code and that is the process’s own or root’s', async () => {
  const content = Buffer.concat([HEADER, load(0x1000n, 16n, 1n, 'inherited')]);
  // A child of the process that made the dump has its mapping.
  writeFileSync(join(scratch, 'jit-1.dump'), content);
  expect(await told(await mapsIt('jit-1.dump'), [0x1000n])).toEqual(['inherited+0']);
  writeFileSync(join(scratch, 'jit-x.dump'), content);
  expect(await told(await mapsIt('jit-x.dump'), [0x1000n])).toBeUndefined();
  process.env.PROT = '0';
  try {
    expect(await told(await mapsIt('jit-1.dump'), [0x1000n])).toBeUndefined();
  } finally {
    delete process.env.PROT;
  }
  expect(real.notes).toEqual([]);
  chownSync(join(scratch, 'jit-1.dump'), 12345, 12345);
  expect(await told(await mapsIt('jit-1.dump'), [0x1000n])).toBeUndefined();
  expect(real.notes).toHaveLength(1);
});
