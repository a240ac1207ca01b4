import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { NamedPlace, NamesOf, Place } from '../../src/sources/reader/names';
import { parseMaps } from '../../src/core/vma/proc-maps';
import type { Vma } from '../../src/core/vma/vma';
import { readerPath } from '../../src/native/load';
import { buildNamed, symbolsOf } from '../support/names-kit';
import { askElf, askNames, realReader, vmaOf } from '../support/reader-kit';
import type { RealReader } from '../support/reader-kit';
import { Running, until } from '../support/running';
import { removeScratch, scratchDirectory } from '../support/scratch';
import { MAX_KB, symbolProcesses } from '../support/symbol-processes';

let scratch: string;
let real: RealReader;
let program: string;
beforeAll(() => {
  scratch = scratchDirectory();
  real = realReader();
  program = buildNamed(join(scratch, 'named'), ['g++', '-O2', '-g']);
});
afterAll(() => {
  real.close();
  removeScratch(scratch);
});
const targets: Running[] = [];
afterEach(async () => {
  for (const target of targets.splice(0)) {
    target.kill('SIGKILL');
    await target.ended;
  }
});

const at = (value: bigint, data = false): Place => ({ data, linked: false, value });

/** Runs the program, and what it says of its addresses: table[16], fixed, untouched[2048], Outermost. */
async function start(command: readonly string[]): Promise<{ pid: number; said: bigint[] }> {
  const target = new Running(command);
  targets.push(target);
  await until('the addresses', () => target.stdout.split('\n').length > 6);
  const said = target.stdout.split('\n').slice(1, 6).map(BigInt);
  // The program itself, where a shell or unshare has started it.
  const pids = execFileSync('pgrep', ['-P', String(target.pid)], { encoding: 'utf8' });
  return { pid: Number(pids), said };
}

async function direct(file: string): Promise<{ pid: number; said: bigint[] }> {
  const { pid, said } = await start(['sh', '-c', '"$0"; true', file]);
  return { pid, said };
}

function mappings(pid: number): Vma[] {
  return parseMaps(readFileSync(`/proc/${pid}/maps`, 'utf8')).vmas;
}

/** Names what is at addresses of a process, out of the files that are mapped there. */
async function namesAt(pid: number, address: bigint, data: boolean): Promise<NamedPlace> {
  const page = Number(address >> 12n);
  const vma = mappings(pid).find(({ start, end }) => start <= page && page < end)!;
  const value = address - (BigInt(vma.start) << 12n) + (BigInt(vma.pgoff) << 12n);
  const named = await askNames(real.reader, pid, 'file', vma, [at(value, data)]);
  return named![0]!;
}

async function expectNames(pid: number, said: readonly bigint[]): Promise<void> {
  const [table, fixed, , outermost] = said;
  const symbol = async (address: bigint): Promise<unknown[]> =>
    (await namesAt(pid, address, true)).frames.map(({ name, offset }) => [name, offset]);
  expect(await symbol(table!)).toEqual([['table', 64]]);
  expect(await symbol(fixed!)).toEqual([['fixed', 0]]);
  const [frame] = (await namesAt(pid, outermost!, false)).frames;
  expect(frame).toMatchObject({ name: 'outer::Outermost(int)', offset: 0 });
  expect(frame!.file).toMatch(/named\.cc$/);
}

test('code and data of a running program', async () => {
  const { pid, said } = await direct(program);
  await expectNames(pid, said);
});

test('of one whose file is gone, and of one whose file is another by now', async () => {
  for (const [name, change] of [
    [
      'deleted',
      (file: string) => {
        rmSync(file);
      },
    ],
    [
      'replaced',
      (file: string) => {
        rmSync(file);
        copyFileSync('/bin/true', file);
      },
    ],
  ] as const) {
    const file = join(scratch, name);
    copyFileSync(program, file);
    const { pid, said } = await direct(file);
    change(file);
    await expectNames(pid, said);
  }
});

test.each([
  ['with build ids', '-Wl,--build-id'],
  ['without', '-Wl,--build-id=none'],
])('of one that was written over meanwhile there are none: %s', async (_, id) => {
  const [file, other] = ['over', 'other'].map((name, i) =>
    buildNamed(join(scratch, `${name}${id}`), ['g++', `-O${1 + i}`, '-g', id]),
  );
  const { start: code } = symbolsOf(file!).find(({ name }) => name === 'outer::Outermost(int)')!;
  const was = (await askElf(real.reader, process.pid, vmaOf(file!)))!;
  const named = async (): Promise<unknown> => {
    const places = [{ data: false, linked: true, value: code }];
    const told = await askNames(real.reader, process.pid, 'file', vmaOf(file!), places, {
      file: was,
    });
    return told![0]!.frames.at(-1)?.name ?? null;
  };
  expect(await named()).toBe('outer::Outermost(int)');
  chmodSync(file!, 0o700);
  expect(await named()).toBe('outer::Outermost(int)');
  copyFileSync(other!, file!);
  expect(await named()).toBeNull();
});

test('of one in another mount namespace, with a debug file that is only there', async () => {
  const directory = join(scratch, 'namespace');
  mkdirSync(directory);
  const debug = join(scratch, 'inner.debug');
  const stripped = join(scratch, 'inner');
  execFileSync('objcopy', ['--only-keep-debug', program, debug]);
  execFileSync('objcopy', ['--strip-all', `--add-gnu-debuglink=${debug}`, program, stripped]);
  const script = `mount -t tmpfs none ${directory} && cp ${stripped} ${debug} ${directory} && rm ${debug} && ${directory}/inner; true`;
  const target = new Running(['unshare', '-m', 'sh', '-c', script]);
  targets.push(target);
  await until('the addresses', () => target.stdout.split('\n').length > 6);
  const said = target.stdout.split('\n').slice(1, 6).map(BigInt);
  const pid = Number(
    execFileSync('pgrep', ['-P', String(target.pid), 'inner'], { encoding: 'utf8' }),
  );
  await expectNames(pid, said);
});

test('functions of the vdso', async () => {
  const vdso = mappings(process.pid).find(({ backing }) => backing.name === '[vdso]')!;
  const copy = join(scratch, 'vdso.so');
  const memory = execFileSync('dd', [
    ...[`if=/proc/${process.pid}/mem`, `of=${copy}`, 'bs=4096', 'status=none'],
    ...[`skip=${vdso.start}`, `count=${vdso.end - vdso.start}`],
  ]);
  expect(memory.length).toBe(0);
  const functions = symbolsOf(copy, ['-D']).filter(({ kind }) => /[TW]/.test(kind));
  expect(functions.length).toBeGreaterThan(3);
  const places = functions.flatMap(({ start, size }) => [at(start), at(start + size - 1n)]);
  const named = await askNames(real.reader, process.pid, 'vdso', vdso, places);
  functions.forEach(({ start, size }, i) => {
    const same = functions.filter((other) => other.start === start).map(({ name }) => name);
    const [first, last] = [named![2 * i]!.frames[0]!, named![2 * i + 1]!.frames[0]!];
    expect(same).toContain(first.name);
    expect([first.offset, last.offset]).toEqual([0, Number(size) - 1]);
  });
  // Of a process that has ended: the kernel gives the same to all, but for programs of 32 bits.
  const ended = execFileSync('sh', ['-c', 'echo $$'], { encoding: 'utf8' });
  const ask = (vma: Vma): ReturnType<typeof askNames> =>
    askNames(real.reader, Number(ended), 'vdso', vma, places);
  expect(await ask(vdso)).toEqual(named);
  expect(await ask({ ...vdso, start: 0x1000, end: 0x1000 + vdso.end - vdso.start })).toBeNull();
  expect(await ask({ ...vdso, end: vdso.end + 1 })).toBeNull();
});

test('functions of the kernel', async () => {
  const text = readFileSync('/proc/kallsyms', 'utf8');
  const all = [...text.matchAll(/^(\w+) [tT] (\S+)(?:\t(\S+))?$/gm)];
  const some = all.filter((_, i) => i % 300 === 0);
  const named = await askNames(
    real.reader,
    0,
    'kernel',
    null,
    some.map(([, address]) => at(BigInt(`0x${address!}`))),
  );
  const names = new Map<string, string[]>();
  for (const [, address, name] of text.matchAll(/^(\w+) [tTwW] (\S+)/gm))
    names.set(address!, [...(names.get(address!) ?? []), name!]);
  some.forEach(([, address, , module], i) => {
    const place = named![i]!;
    // Behind the end of the kernel's code stand symbols of other sections.
    if (place.frames.length === 0) return;
    expect(names.get(address!)).toContain(place.frames[0]!.name);
    expect(place.frames[0]!.offset).toBe(0);
    expect(place.object).toBe(module ?? null);
  });
  expect(named!.filter(({ frames }) => frames.length === 1).length).toBeGreaterThan(
    some.length * 0.9,
  );
  const [user] = (await askNames(real.reader, 0, 'kernel', null, [at(0x400000n)]))!;
  expect(user!.frames).toEqual([]);
});

test('a kernel that shows no addresses is said', async () => {
  const root = join(scratch, 'proc');
  mkdirSync(root);
  writeFileSync(join(root, 'kallsyms'), '0000000000000000 T _stext\n0000000000000000 t one\n');
  const hidden = realReader(root);
  expect(await askNames(hidden.reader, 0, 'kernel', null, [at(1n)])).toBeNull();
  expect(hidden.notes).toEqual([
    '/proc/kallsyms shows no addresses (kernel.kptr_restrict): functions of the kernel have no names',
  ]);
  hidden.close();
});

/** When a process began, of field 22 of proc_pid_stat(5), in ticks of 10 ms; ms since 1970. */
function begunMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const ticks = Number(stat.slice(stat.lastIndexOf(')')).split(' ')[20]);
  const uptime = Number(readFileSync('/proc/uptime', 'latin1').split(' ')[0]);
  return Date.now() - uptime * 1000 + ticks * 10;
}

describe('code that was made at run time', () => {
  let map: string;
  let pid: number;
  beforeEach(async () => {
    ({ pid } = await direct(program));
    map = `/tmp/perf-${pid}.map`;
  });
  afterEach(() => {
    rmSync(map, { force: true });
  });
  const ask = (...values: readonly bigint[]): Promise<readonly NamedPlace[] | null> =>
    askNames(
      real.reader,
      pid,
      'jit' satisfies NamesOf,
      null,
      values.map((value) => at(value)),
    );
  const told = (places: readonly NamedPlace[] | null): unknown =>
    places?.map(({ frames }) => frames.map(({ name, offset }) => `${name ?? ''}+${offset ?? ''}`));

  test('has the names of the map, the later ones before the earlier', async () => {
    writeFileSync(map, '1000 100 old\n1080 10 with blanks in it\nnonsense\n1000 20 new\n');
    expect(told(await ask(0x1000n, 0x1020n, 0x1085n, 0x1100n))).toEqual([
      ['new+0'],
      ['old+32'],
      ['with blanks in it+5'],
      [],
    ]);
    appendFileSync(map, '2000 8 gro');
    expect(told(await ask(0x2000n))).toEqual([[]]);
    appendFileSync(map, 'wn\n1000 1 newest\n');
    expect(told(await ask(0x2007n, 0x1000n))).toEqual([['grown+7'], ['newest+0']]);
    writeFileSync(map, '1000 1 again\n');
    expect(told(await ask(0x2007n, 0x1000n))).toEqual([[], ['again+0']]);
  });

  test('has the names that CPython gives it (-X perf, 3.12 and later)', async () => {
    // "%PRIxPTR %x %s": Python/perf_trampoline.c (perf_map_write_entry), Python/sysmodule.c.
    const entries = [
      ['7f3529fcf000', 'b', 'py::<module>:/srv/my app/t.py'],
      ['7f3529fcf00b', 'b', 'py::bar:/run/t.py'],
      ['7f3529fcf016', 'b', 'py::Outer.method.<locals>.<lambda>:/run/t.py'],
      ['7f3529fcf021', 'b', 'py::_find_and_load:<frozen importlib._bootstrap>'],
      ['7f3529fcf02c', 'b', 'py::größe:/home/müller/länge.py'],
    ] as const;
    writeFileSync(map, entries.map((entry) => `${entry.join(' ')}\n`).join(''));
    const starts = entries.map(([start]) => BigInt(`0x${start}`));
    expect(told(await ask(...starts))).toEqual(entries.map(([, , name]) => [`${name}+0`]));
    const ends = starts.map((start) => start + 10n);
    expect(told(await ask(...ends))).toEqual(entries.map(([, , name]) => [`${name}+10`]));
    expect(told(await ask(starts[0]! - 1n, ends[4]! + 1n))).toEqual([[], []]);
  });

  test('of a map that is larger than is read has the names before that', async () => {
    writeFileSync(map, '1000 100 first\n');
    truncateSync(map, 2 ** 37);
    expect(told(await ask(0x1000n))).toEqual([['first+0']]);
    for (const { kb } of symbolProcesses()) expect(kb).toBeLessThan(MAX_KB);
  });

  test('is left without names where its map takes too much memory, and others are not', async () => {
    writeFileSync(map, '1000 100 a name of its own\n'.repeat(2_400_000));
    const named = told(await ask(0x1000n));
    if (named !== undefined) expect(named).toEqual([['a name of its own+0']]);
    for (const { kb } of symbolProcesses()) expect(kb).toBeLessThan(MAX_KB);
    expect(real.notes.length).toBeLessThanOrEqual(1);
    real.notes.length = 0;
    const vdso = mappings(pid).find(({ backing }) => backing.name === '[vdso]')!;
    expect(await askNames(real.reader, pid, 'vdso', vdso, [at(0n)])).not.toBeNull();
  });

  test('has none where the map is a link, a FIFO, or of another user', async () => {
    const elsewhere = join(scratch, 'elsewhere');
    writeFileSync(elsewhere, '1000 100 wrong\n');
    symlinkSync(elsewhere, map);
    expect(await ask(0x1000n)).toBeNull();
    rmSync(map);
    execFileSync('mkfifo', [map]);
    expect(await ask(0x1000n)).toBeNull();
    rmSync(map);
    expect(real.notes).toEqual([]);
    const other = realReader();
    writeFileSync(map, '1000 100 wrong\n');
    execFileSync('chown', ['12345', map]);
    expect(await askNames(other.reader, pid, 'jit', null, [at(0x1000n)])).toBeNull();
    expect(other.notes).toHaveLength(1);
    other.close();
  });

  test('has none where the map is older than the process, unless it has it open', async () => {
    writeFileSync(map, '1000 100 left\n');
    const { mtimeMs } = statSync(map);
    const begun = begunMs(pid);
    expect(mtimeMs).toBeGreaterThan(begun - 20);
    utimesSync(map, new Date(), new Date(begun));
    expect(told(await ask(0x1000n))).toEqual([['left+0']]);
    const old = new Date(begun - 100);
    utimesSync(map, old, old);
    const other = realReader();
    expect(await askNames(other.reader, pid, 'jit', null, [at(0x1000n)])).toBeNull();
    expect(other.notes).toEqual([]);
    other.close();
    // Its clock was set since, as it is where a machine wakes up.
    const holder = ['sh', '-c', 'exec 9>>/tmp/perf-$$.map && echo ready && exec sleep 1000'];
    const target = new Running(holder);
    targets.push(target);
    await until('it has the map open', () => target.stdout.includes('ready'));
    const own = `/tmp/perf-${target.pid}.map`;
    writeFileSync(own, '1000 100 held\n');
    utimesSync(own, old, old);
    const named = await askNames(real.reader, target.pid, 'jit', null, [at(0x1000n)]);
    rmSync(own);
    expect(told(named)).toEqual([['held+0']]);
  });

  test('is compared by the clock of our own time namespace', async () => {
    const inside = join(scratch, 'reader-in-time-namespace');
    const unshare = 'unshare --time --boottime 1000000 --fork --kill-child';
    writeFileSync(inside, `#!/bin/sh\nexec ${unshare} ${readerPath()} "$@"\n`, { mode: 0o755 });
    const shifted = realReader('/proc', 20_000, inside);
    const said = (): Promise<unknown> =>
      askNames(shifted.reader, pid, 'jit', null, [at(0x1000n)]).then(told);
    writeFileSync(map, '1000 100 own\n');
    expect(await said()).toEqual([['own+0']]);
    const old = new Date(begunMs(pid) - 100);
    utimesSync(map, old, old);
    expect(await said()).toBeUndefined();
    shifted.close();
  });

  test('is found by the number that the process has for itself', async () => {
    const directory = join(scratch, 'pid-namespace');
    mkdirSync(directory);
    const script = `mount -t tmpfs none /tmp && echo "1000 10 inner" > /tmp/perf-$$.map && exec ${program}`;
    const target = new Running(['unshare', '-m', '-p', '-f', 'sh', '-c', script]);
    targets.push(target);
    await until('the addresses', () => target.stdout.split('\n').length > 6);
    const inner = Number(execFileSync('pgrep', ['-P', String(target.pid)], { encoding: 'utf8' }));
    const named = await askNames(real.reader, inner, 'jit', null, [at(0x1000n)]);
    expect(told(named)).toEqual([['inner+0']]);
  });
});
