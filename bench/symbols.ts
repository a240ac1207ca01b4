import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { buildNamed, codeAddresses, codeAt, nameAll, symbolsOf } from '../test/support/names-kit';
import { realReader } from '../test/support/reader-kit';
import { Running } from '../test/support/running';
import { removeScratch, scratchDirectory } from '../test/support/scratch';
import { type Asked, type Section, say } from './bench';
import { mebibytes, median, whole } from './figures';
import { sectionHead } from './section';

/** Addresses that addr2line is given: it takes a millisecond for one. */
const FEW = 2000;
/** Addresses of a small program, over and over. */
const MANY = 40_000;
/** Of code that runs in the program itself and not in code made at run time. */
const BUSY = `
const text = JSON.stringify(Array.from({ length: 2000 }, (_, k) => ({ k, name: 'name ' + k })));
const end = Date.now() + 10_000;
while (Date.now() < end) JSON.stringify(JSON.parse(text));
`;

/** What one way takes: for the first name, and for each that follows. */
interface Taken {
  readonly firstMs: number;
  readonly eachUs: number;
}

interface Program {
  readonly file: string;
  readonly addresses: readonly bigint[];
}

async function ms(work: () => unknown): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** A reader and a process for the file that nobody has asked before; then the same one again and again. */
async function byHelper({ file, addresses }: Program): Promise<Taken> {
  const real = realReader('/proc', 60_000);
  // Readers do not keep their program from ending.
  const awake = setInterval(() => undefined, 1000);
  try {
    const places = addresses.map(codeAt);
    const firstMs = await ms(() => nameAll(real.reader, file, places.slice(0, 1)));
    const all = await ms(() => nameAll(real.reader, file, places));
    return { firstMs, eachUs: (all * 1000) / places.length };
  } finally {
    clearInterval(awake);
    real.close();
  }
}

/** By a program that answers as it goes: from the first of what it says to the end. */
async function streamed(
  command: readonly string[],
  input: string,
  answers: RegExp,
): Promise<Taken> {
  const count = (text: string): number => text.match(answers)?.length ?? 0;
  const began = performance.now();
  const running = new Running(command, { input });
  await running.spoke;
  const spoke = performance.now();
  const before = count(running.stdout);
  const { stdout, stderr } = await running.ended;
  const left = count(stdout) - before;
  if (left <= 0) throw new Error(`${command[0]!}: too few answers: ${stderr}`);
  return { firstMs: spoke - began, eachUs: ((performance.now() - spoke) * 1000) / left };
}

async function byAddr2line({ file, addresses }: Program): Promise<Taken> {
  const ask = (some: readonly bigint[]): string =>
    some.map((address) => `0x${address.toString(16)}\n`).join('');
  const command = ['addr2line', '-a', '-i', '-f', '-C', '-e', file];
  const input = ask(addresses.slice(0, 1));
  const firstMs = await ms(() => execFileSync(command[0]!, command.slice(1), { input }));
  const step = Math.max(1, Math.floor(addresses.length / FEW));
  const few = addresses.filter((_, k) => k % step === 0);
  return { firstMs, eachUs: (await streamed(command, ask(few), /^0x/gm)).eachUs };
}

/** Samples of node at work, printed with the names of their functions. */
function byPerfScript(recorded: string): Promise<Taken> {
  return streamed(['perf', 'script', '-F', 'ip,sym', '-i', recorded], '', /\n/g);
}

/** The addresses of the samples that lie in a function of node: where that lies in its file, as nm says. */
function sampled(recorded: string): Program {
  const file = process.execPath;
  const starts = new Map(
    symbolsOf(file, ['--no-demangle']).flatMap(({ kind, name, start }) =>
      /[tTwW]/.test(kind) ? [[name, start] as const] : [],
    ),
  );
  const text = execFileSync(
    'perf',
    ['script', '--no-demangle', '-F', 'ip,sym,symoff', '-i', recorded],
    {
      encoding: 'utf8',
      maxBuffer: 1 << 30,
      stdio: 'pipe',
    },
  );
  const addresses = [...text.matchAll(/^ *[0-9a-f]+ (.*)\+0x([0-9a-f]+)$/gm)].flatMap(
    ([, name, offset]) => {
      const start = starts.get(name!);
      return start === undefined ? [] : [start + BigInt(`0x${offset!}`)];
    },
  );
  return { file, addresses };
}

async function turnsOf(turns: number, way: () => Promise<Taken>): Promise<Taken> {
  const all: Taken[] = [];
  for (let turn = 0; turn < turns; turn++) all.push(await way());
  return {
    firstMs: median(all.map(({ firstMs }) => firstMs)),
    eachUs: median(all.map(({ eachUs }) => eachUs)),
  };
}

function line(program: string, way: string, { firstMs, eachUs }: Taken): string {
  return `| ${program} | ${way} | ${firstMs.toFixed(1)} ms | ${eachUs.toFixed(2)} us | ${whole(1e6 / eachUs)} |`;
}

/** How long names of addresses take: of the process that gives them, of perf script and of addr2line. */
export async function symbols({ turns, load }: Asked): Promise<Section> {
  const scratch = scratchDirectory();
  try {
    const named = buildNamed(join(scratch, 'named'), ['g++', '-O2', '-g']);
    const each = codeAddresses(named);
    const rounds = Array.from({ length: Math.ceil(MANY / each.length) }, () => each);
    const lines: Program = { file: named, addresses: rounds.flat() };
    const recorded = join(scratch, 'perf.data');
    const record = ['record', '-q', '-e', 'cpu-clock:u', '-F', '20000', '-o', recorded];
    execFileSync('perf', [...record, '--', process.execPath, '-e', BUSY], { stdio: 'pipe' });
    const node = sampled(recorded);
    const rows: string[] = [];
    const measure = async (
      name: string,
      way: string,
      work: () => Promise<Taken>,
    ): Promise<void> => {
      rows.push(line(name, way, await turnsOf(turns, work)));
      say(rows.at(-1)!);
    };
    await measure('node', 'pagefault-symbols', () => byHelper(node));
    await measure('node', '`perf script`', () => byPerfScript(recorded));
    await measure('node', '`addr2line`', () => byAddr2line(node));
    await measure('named, with lines', 'pagefault-symbols', () => byHelper(lines));
    await measure('named, with lines', '`addr2line -i`', () => byAddr2line(lines));
    return {
      name: 'symbols',
      lines: [
        ...sectionHead('Names of addresses', `symbols --turns ${turns}`, load),
        `Medians of ${turns} runs. First: from the question to the first name, the start of the program in it. Each: of those`,
        'that follow; of pagefault-symbols with the way there and back through the reader. node:',
        `${mebibytes(statSync(node.file).size)}, ${whole(node.addresses.length)} samples of it at work, the same for all (addr2line: some of them). named: the`,
        `${whole(each.length)} instructions of a small C++ program with DWARF, over and over, each with its lines and inlined functions.`,
        '',
        '| program | by | first | each | a second |',
        '| --- | --- | ---: | ---: | ---: |',
        ...rows,
      ],
    };
  } finally {
    removeScratch(scratch);
  }
}
