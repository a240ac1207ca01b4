import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { analyze, captureCommand, readFaults, reportIn, startAnalyzer } from '../support/analyzer';
import { ANALYZER, withFrames, withLines } from '../support/build';
import type { NamedFault } from '../support/formats';
import { Running, until } from '../support/running';
import { removeScratch, scratchDirectory } from '../support/scratch';
import type { WithStack } from '../support/stacks-kit';

let scratch: string;
beforeAll(() => {
  scratch = scratchDirectory();
});
afterAll(() => {
  removeScratch(scratch);
});

interface Touched {
  readonly function: string;
  readonly line: number;
  readonly times: number;
  /** Variable, '-' for memory without a name, '?' where that is seen elsewhere. */
  readonly data: string;
  /** The function that the chain of callers begins with. */
  readonly root: string;
}

/** What every touch goes through. */
const CALLERS = Array.from({ length: 20 }, (_, k) => `c${20 - k}`);

/** What the program says that it did. */
function touches(stdout: string): Touched[] {
  return stdout
    .split('\n')
    .map((line) => line.split(' '))
    .filter((words) => words.length === 5 && words[0]!.startsWith('fill_'))
    .map(([name, line, times, data, root]) => {
      return {
        function: name!,
        line: Number(line),
        times: Number(times),
        data: data!,
        root: root!,
      };
    });
}

type Named = NamedFault & WithStack;

/** Every caller, and of a handler what it has interrupted where that can be told (not by frame pointers). */
function expectCallers({ stack }: Named, { function: name, root }: Touched, mode: string): void {
  const from = stack!.lastIndexOf(root);
  const inlined = name === 'fill_inlined' ? ['put'] : [];
  expect(stack!.slice(from)).toEqual([root, ...CALLERS, name, ...inlined]);
  if (mode !== 'dwarf') return;
  expect(stack).not.toContain('[truncated]');
  if (root !== 'on_signal') return;
  expect(stack!.indexOf('main')).toBeGreaterThan(-1);
  expect(stack!.indexOf('main')).toBeLessThan(from);
}

test.each([
  ['dwarf', withLines],
  ['fp', withFrames],
])(
  'every fault has the function, the line, the variable and the callers that the program says: %s',
  async (mode, build) => {
    const program = build('symbols');
    const args = ['--symbols', '--stacks', mode, '--stack-every', '1'];
    const { ended, faults } = await captureCommand([program], scratch, { args });
    expect(ended.status).toBe(0);
    const named = faults as readonly Named[];
    const expected = touches(ended.stdout);
    expect(expected).toHaveLength(8);
    for (const touched of expected) {
      const { function: name, line, times, data } = touched;
      const here = named.filter((fault) => fault.function === name && fault.source_line === line);
      expect([name, here.length]).toEqual([name, times]);
      for (const [i, fault] of here.entries()) {
        expect(fault).toMatchObject({ v: 2, object: program, mode: 'user' });
        expect(fault.source_file).toMatch(/symbols\.c$/);
        if (data !== '?') {
          expect([fault.data_symbol, fault.data_offset]).toEqual(
            data === '-' ? [null, null] : [data, i * 4096],
          );
        }
        expectCallers(fault, touched, mode);
      }
    }
    expect(offsets(named, program)).toEqual(symbolOffsets(named, program));
  },
);

// Nobody can open the file by its name; what runs can be asked for it.
test.each([
  ['whose file is gone', 'cp "$0" "$1" && exec 9<"$1" && rm "$1" && exec /proc/self/fd/9 stay'],
  [
    'in another mount namespace',
    `exec unshare -m sh -c 'mount -t tmpfs none "$1" && cp "$0" "$1" && exec "$1/symbols-lines" stay' "$0" "$2"`,
  ],
])('the same of a program %s', async (_, script) => {
  const place = mkdtempSync(join(scratch, 'place-'));
  const command = ['sh', '-c', script, withLines('symbols'), join(place, 'gone'), place];
  const args = ['--symbols', '--format', 'ndjson', '-o', `${place}.ndjson`, '--', ...command];
  const running = startAnalyzer(args);
  const read = (): string => readFileSync(`${place}.ndjson`, 'utf8');
  await until('its last line', () => touches(running.stdout).length === 8);
  await until('the name of its last function', () => read().includes('"fill_stack"'));
  running.closeInput();
  expect((await running.ended).status).toBe(0);
  const named = (await readFaults(`${place}.ndjson`)) as unknown as readonly Named[];
  for (const { function: name, line, times, data } of touches(running.stdout)) {
    const here = named.filter((fault) => fault.function === name && fault.source_line === line);
    expect([name, here.length]).toEqual([name, times]);
    for (const fault of here) {
      expect(fault.source_file).toMatch(/symbols\.c$/);
      if (data !== '?') expect(fault.data_symbol).toBe(data === '-' ? null : data);
    }
  }
});

interface SiteOfRow {
  readonly label: string;
  readonly faults: number;
}

/** Function and offset of every fault of the program's own code. */
function offsets(faults: readonly NamedFault[], program: string): string[] {
  return own(faults, program).map((fault) => `${fault.function!}+${fault.function_offset!}`);
}

function own(faults: readonly NamedFault[], program: string): NamedFault[] {
  return faults.filter((fault) => fault.object === program && fault.function?.startsWith('fill_'));
}

/** The same by nm: the program's only executable mapping begins where its lowest function's page does. */
function symbolOffsets(faults: readonly NamedFault[], program: string): string[] {
  const lines = execFileSync('nm', ['-S', program], { encoding: 'utf8' }).split('\n');
  const symbols = lines
    .map((line) => /^([0-9a-f]+) ([0-9a-f]+) [tT] (fill_\w+)$/.exec(line))
    .filter((match) => match !== null)
    .map(([, start, size, name]) => {
      return { start: Number(`0x${start!}`), size: Number(`0x${size!}`), name: name! };
    });
  // A PIE lies at some multiple of a page: of all, the one at which each fault is in its function.
  const ips = own(faults, program).map(({ ip }) => Number(BigInt(ip!)));
  const { start } = symbols.find(({ name }) => name === own(faults, program)[0]!.function)!;
  const bias = Math.floor((ips[0]! - start) / 4096) * 4096;
  return ips.map((ip) => {
    const at = ip - bias;
    const symbol = symbols.find((one) => one.start <= at && at < one.start + one.size)!;
    return `${symbol.name}+${at - symbol.start}`;
  });
}

test('the report and the text stream name the code, --no-symbols does not', async () => {
  const program = withLines('symbols');
  const text = join(scratch, 'faults.txt');
  const streamed = await analyze(['--symbols', '-o', text, '--', program]);
  for (const { function: name, line, times } of touches(streamed.stdout)) {
    const pattern = ` <- ${name}+0x[0-9a-f]* (symbols.c:${line})$`;
    const lines = execFileSync('grep', ['-c', pattern, text], { encoding: 'utf8' });
    expect([name, Number(lines)]).toEqual([name, times]);
  }
  const reported = await analyze(['-q', '--report-format', 'json', '--', program]);
  const sites = reportIn(reported).call_sites;
  for (const { function: name, line, times } of touches(reported.stdout)) {
    const site = sites.find((row) => row.function === name && row.source_line === line);
    expect(site).toMatchObject({ object: program, faults: times });
  }
  const { threads, processes } = reportIn(reported);
  for (const rows of [threads, processes]) {
    const all = rows.flatMap((row) => row.call_sites as readonly SiteOfRow[]);
    for (const { function: name, times } of touches(reported.stdout)) {
      const found = all.filter((one) => one.label.replace(/.*in (.*)\)/, '$1') === name);
      // It stores its line number too, in a page of its own or not.
      const stored = found.reduce((sum, { faults }) => sum + faults, 0) - times;
      expect([0, 1]).toContain(stored);
    }
    const sum = rows.reduce((faults, row) => faults + Number(row.faults), 0);
    expect(all.reduce((faults, site) => faults + site.faults, 0)).toBe(sum);
  }
  const bare = reportIn(
    await analyze(['-q', '--no-symbols', '--report-format', 'json', '--', program]),
  );
  expect(bare.call_sites.length).toBeGreaterThan(4);
  for (const site of bare.call_sites) expect(site.function).toBeNull();
  const sum = bare.call_sites.reduce((all, { faults }) => all + Number(faults), 0);
  expect(sum).toBe(bare.summary.faults);
});

test('code of the kernel is called what /proc/kallsyms calls it', async () => {
  const program = [withFrames('chains'), '--pages', '20'];
  const { faults } = await captureCommand(program, scratch, { args: ['--symbols'] });
  const symbols = new Map<bigint, string[]>();
  const text = readFileSync('/proc/kallsyms', 'utf8');
  for (const [, address, name] of text.matchAll(/^(\w+) [tTwW] (\S+)/gm)) {
    const start = BigInt(`0x${address!}`);
    symbols.set(start, [...(symbols.get(start) ?? []), name!]);
  }
  const starts = [...symbols.keys()];
  const kernel = (faults as readonly Named[]).filter(({ mode }) => mode === 'kernel');
  for (const { ip, function: name, function_offset: offset, object, stack } of kernel) {
    const at = BigInt(ip!);
    const start = starts.reduce((best, one) => (one <= at && one > best ? one : best), 0n);
    expect(symbols.get(start)).toContain(name);
    expect([offset, object, stack]).toEqual([Number(at - start), '[kernel]', undefined]);
  }
  // read(2) of /dev/zero writes to each page.
  expect(kernel.length).toBeGreaterThanOrEqual(20);
});

test('a program that is written over has its own names before and after', async () => {
  const [first, second] = ['first', 'second'].map((name) => {
    const source = join(scratch, `${name}.c`);
    const touch = 'for (int i = 0; i < 50; i++) ((volatile char*)p)[i * 4096] = 1;';
    writeFileSync(
      source,
      `#include <sys/mman.h>
       static __attribute__((noinline)) void fill_${name}(char* p) { ${touch} }
       int main(void) { fill_${name}(mmap(0, 50 * 4096, 3, 34, -1, 0)); return 0; }`,
    );
    const built = join(scratch, `${name}.bin`);
    execFileSync('gcc', ['-O1', '-g', '-o', built, source]);
    return built;
  });
  const program = join(scratch, 'written-over');
  const go = join(scratch, 'go');
  execFileSync('mkfifo', [go]);
  const place = (built: string): string => `cat ${built} > ${program} && chmod 755 ${program}`;
  const script = `${place(first!)}; ${program}; cat ${go}; ${place(second!)}; ${program}`;
  const options = ['--symbols', '--format', 'ndjson'];
  const running = new Running([ANALYZER, ...options, '--', 'sh', '-c', script]);
  // By then its names have been read.
  await until('the first', () => running.stdout.split('"fill_first"').length > 50);
  writeFileSync(go, '');
  const { status, stdout } = await running.ended;
  expect(status).toBe(0);
  expect(stdout.split('"fill_first"')).toHaveLength(51);
  expect(stdout.split('"fill_second"')).toHaveLength(51);
});
