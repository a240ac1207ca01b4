import { execFileSync, spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readFaults, reportIn, startAnalyzer } from '../support/analyzer';
import { ROOT } from '../support/build';
import { Aliases, bare } from '../support/names-kit';
import { heldBack, recordingStarted, startPerfStacks } from '../support/perf';
import { objects, texts, type RealProgram } from '../support/real-programs';
import { attached, until } from '../support/running';
import { expectSame } from '../support/same';
import { removeScratch, scratchDirectory } from '../support/scratch';
import type { WithStack } from '../support/stacks-kit';

let scratch: string;
beforeAll(() => {
  scratch = scratchDirectory();
});
afterAll(() => {
  removeScratch(scratch);
});

type Mode = 'fp' | 'dwarf';

/** A frame as perf has it. */
interface Frame {
  readonly file: string;
  readonly offset: string;
  /** Raw, '' where it has none. */
  readonly name: string;
  /** It is where the next function begins: behind a call that does not return perf names that one. */
  readonly atStart: boolean;
}

/** The stacks that perf has found, root first, by page, in the order of time. */
type Stacks = Map<bigint, Frame[][]>;

const pageOf = (address: bigint): bigint => address >> 12n;
const KERNEL = 1n << 63n;

/** What perf script says of the user part of each stack. `named`: somebody reads what functions are called. */
function stacksOf(data: string, named: boolean): Stacks {
  // Of the software event the address is a field of its own, with its name behind it; of the tracepoint a part of its text.
  const head = /^ *\d+\/\d+ .*?(?:address=0x([0-9a-f]+) ip=|: +([0-9a-f]+) ).*$/;
  const frame = /^\s+([0-9a-f]+) (.*) \(([^(]*)\)$/;
  const script = ['perf', 'script', '-f', '-i', data, '--no-demangle', '--no-inline'];
  const events = execFileSync('perf', ['evlist', '-i', data], { encoding: 'utf8' });
  const address = events.includes('page_fault_user') ? 'trace' : 'addr';
  const text = execFileSync(
    'unshare',
    ['--mount', ...script, '-F', `pid,tid,time,${address},ip,sym,symoff,dso`],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1 << 28 },
  );
  const readable = named
    ? execFileSync('c++filt', { input: text, encoding: 'utf8', maxBuffer: 1 << 28 })
    : text;
  const stacks: Stacks = new Map();
  let current: Frame[] = [];
  for (const line of readable.split('\n')) {
    const [found, one, other] = head.exec(line) ?? [];
    if (found !== undefined) {
      current = [];
      const key = pageOf(BigInt(`0x${one ?? other!}`));
      stacks.set(key, [...(stacks.get(key) ?? []), current]);
      continue;
    }
    const [, ip, text, file] = frame.exec(line.replace(' (deleted))', ')')) ?? [];
    if (ip === undefined || BigInt(`0x${ip}`) >= KERNEL) continue;
    const [, name, behind] = /^(.*)\+0x([0-9a-f]+)$/.exec(text!) ?? [];
    const named = name === undefined ? '' : bare(name);
    current.unshift({ file: file!, offset: ip, name: named, atStart: behind === '0' });
  }
  return stacks;
}

interface Pair {
  readonly ours: readonly string[];
  readonly perfs: readonly Frame[];
}

/**
 * Takes the stack of a fault out of those of its page, in the order in which they came: each has every fault. Threads that
 * fault on one page at once may come in another order here than there: then it is the one with
 * most places in common from the root on.
 */
function takeLikest(stacks: Frame[][], ours: readonly string[]): Frame[] | undefined {
  const common = (frames: readonly Frame[]): number => {
    let same = 0;
    while (same < frames.length && placeOf(frames[same]!) === ours[same]) same++;
    return same;
  };
  let best = 0;
  for (let i = 1; i < stacks.length; i++) if (common(stacks[i]!) > common(stacks[best]!)) best = i;
  return stacks.splice(best, 1)[0];
}

/** A command beside `perf record`: the stacks of the faults of which both have one. */
async function both(
  { command, stays }: RealProgram,
  mode: Mode,
  options: readonly string[],
): Promise<Pair[]> {
  const [data, file] = [join(scratch, 'perf.data'), join(scratch, 'faults.ndjson')];
  const target = await heldBack(command(), scratch);
  const perf = startPerfStacks(target.pid, data, mode);
  // Answers are waited for, on however busy a machine.
  const stacks = ['--fixed-ts', '--stacks', mode, '--stack-every', '1', '-m', '8192'];
  const output = ['--format', 'ndjson', '--report-format', 'json', '-o', file];
  const tracer = startAnalyzer([...stacks, ...options, ...output, '-p', String(target.pid)]);
  await recordingStarted(perf);
  await attached(tracer);
  target.write('\n');
  if (stays === true) {
    // Only it can tell where it has the names of its code.
    await until('the end of its work', () => target.stdout.includes('done'));
    tracer.kill('SIGINT');
    await tracer.ended;
  }
  target.closeInput();
  expect((await target.ended).status).toBe(0);
  const told = await tracer.ended;
  await perf.ended;
  expect(told.status).toBe(0);
  expect(reportIn(told).completeness).toMatchObject({ lost: 0, difference: 0 });
  const perfs = stacksOf(data, mode === 'dwarf');
  rmSync(`/tmp/perf-${target.pid}.map`, { force: true });
  const pairs: Pair[] = [];
  for (const fault of (await readFaults(file)) as unknown as readonly WithStack[]) {
    if (fault.mode !== 'user') continue;
    const { stack } = fault;
    const found = takeLikest(perfs.get(pageOf(BigInt(fault.address))) ?? [], stack ?? []);
    if (found === undefined || found.length === 0) continue;
    if (stack !== null && stack.length > 0) pairs.push({ ours: stack, perfs: found });
  }
  return pairs;
}

const PROGRAMS: readonly RealProgram[] = [
  {
    name: 'gcc',
    command: () => {
      writeFileSync(join(scratch, 'hello.c'), '#include <stdio.h>\nint main(void) { return 0; }\n');
      return ['gcc', '-O2', '-c', '-o', 'hello.o', 'hello.c'];
    },
    least: 500,
  },
  {
    name: 'python3',
    command: () => {
      // Not a script that looks for it.
      const found = ['-c', 'import sys; print(sys.executable)'];
      const program = execFileSync('python3', found, { encoding: 'utf8' }).trim();
      return [program, '-c', texts(2000)];
    },
    least: 500,
  },
  {
    name: 'node',
    command: () => [process.execPath, '--perf-basic-prof', '-e', objects(10)],
    stays: true,
    least: 1000,
  },
  {
    name: 'a program of rustc',
    command: () => {
      const program = join(scratch, 'rust');
      const source = join(ROOT, 'test', 'workloads', 'named.rs');
      execFileSync('rustc', ['-O', '-g', '-o', program, source]);
      return [program];
    },
    least: 20,
  },
];

/** Where code lies in files, by their program headers, and what else it is called. */
class Files {
  readonly aliases = new Aliases();
  private readonly segments = new Map<string, readonly (readonly [bigint, bigint])[]>();
  private readonly dwarf = new Map<string, string>();

  /** A register that is no frame pointer may lead to data. */
  isCode({ file, offset }: Frame): boolean {
    // Of memory perf says `//anon`.
    if (!/^\/[^/]/.test(file)) return false;
    const at = BigInt(`0x${offset}`);
    return this.codeOf(file).some(([start, end]) => at >= start && at < end);
  }

  /** What DWARF calls the function of a place, where nm calls it otherwise (the resolver of an ifunc). */
  dwarfName({ file, offset }: Frame): string {
    const key = `${file} ${offset}`;
    const known = this.dwarf.get(key);
    if (known !== undefined) return known;
    const told = execFileSync('addr2line', ['-f', '-i', '-C', '-e', file, `0x${offset}`], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const name = bare(told.trimEnd().split('\n').at(-2) ?? '');
    this.dwarf.set(key, name);
    return name;
  }

  private codeOf(file: string): readonly (readonly [bigint, bigint])[] {
    let found = this.segments.get(file);
    if (found === undefined) {
      // Of what is no program, and of a map of names, nothing.
      const told = spawnSync('readelf', ['-lW', file], { encoding: 'utf8' });
      const text = told.status === 0 ? told.stdout : '';
      found = [...text.matchAll(/^ +LOAD +0x(\w+) +\S+ +\S+ +0x(\w+) +\S+ +R.E/gm)].map(
        ([, start, size]) => [BigInt(`0x${start!}`), BigInt(`0x${start!}`) + BigInt(`0x${size!}`)],
      );
      this.segments.set(file, found);
    }
    return found;
  }
}

/** What is read of a file is read once: all programs have the C library. */
const files = new Files();

/** `object+0xOFFSET`, as a frame of ours that has no name. */
const placeOf = ({ file, offset }: Frame): string => `${basename(file)}+0x${offset}`;

test.each(PROGRAMS)('$name: the addresses of frame pointers are those of perf', async (program) => {
  const pairs = await both(program, 'fp', ['--no-symbols']);
  let compared = 0;
  for (const { ours, perfs } of pairs) {
    const mine = ours.filter((frame) => !frame.startsWith('['));
    const all = perfs.filter((frame) => files.isCode(frame)).map(placeOf);
    // Root first: ours ends where a frame pointer has led to what is no code, which perf does not always show.
    const its = ours[0] === '[unknown]' ? all.slice(all.length - mine.length) : all;
    expectSame(mine, its);
    compared += its.length;
  }
  expect(pairs.length).toBeGreaterThan(program.least);
  expect(compared).toBeGreaterThan(program.least);
});

/** At the end of a name of ours that is longer than a frame may be. */
const CUT = '...';

/** The frames of perf that have no equal among ours, in their order. */
function missing({ ours, perfs }: Pair): Frame[] {
  const { aliases } = files;
  let at = ours.length;
  const without: Frame[] = [];
  for (const frame of [...perfs].reverse()) {
    const { name, file, atStart } = frame;
    const isOurs = (own: string): boolean =>
      bare(own) === name ||
      (own.endsWith(CUT) && name.startsWith(own.slice(0, -CUT.length))) ||
      (file.startsWith('/') && aliases.hold(file, bare(own), name));
    if (name === '' || name.endsWith('@plt') || atStart || !files.isCode(frame)) continue;
    const before = ours.slice(0, at);
    let found = before.findLastIndex(isOurs);
    if (found < 0) found = before.findLastIndex((own) => bare(own) === files.dwarfName(frame));
    if (found < 0) without.push(frame);
    else at = found;
  }
  return without;
}

/** Where a stack begins. One of perf that does not go on to there has guessed by frame pointers, and goes astray. */
const ROOTS = ['_start', '__libc_start_main', '__libc_start_call_main', 'start_thread', 'clone3'];

function isWhole([root]: readonly Frame[]): boolean {
  return root !== undefined && ROOTS.includes(root.name);
}

// Of the frames of perf none is missing, in this order. It leaves some out, and has no inlined functions here.
test.each(PROGRAMS)('$name: unwound, the functions are those of perf', async (program) => {
  const pairs = await both(program, 'dwarf', ['--symbols']);
  let compared = 0;
  for (const pair of pairs) {
    // It ends where the copy of the stack does, and says so: what it has is right.
    if (pair.ours[0] === '[truncated]' || !isWhole(pair.perfs)) continue;
    const without = missing(pair);
    if (without.length > 0) expect({ ...pair, without }).toEqual({ without: [] });
    compared++;
  }
  expect(compared).toBeGreaterThan(program.least / 2);
});
