import { execFileSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readFaults, reportIn, startAnalyzer } from '../support/analyzer';
import { ROOT } from '../support/build';
import type { NamedFault } from '../support/formats';
import { Aliases, bare } from '../support/names-kit';
import { heldBack, recordingStarted, startPerfRecord } from '../support/perf';
import { objects, texts, type RealProgram } from '../support/real-programs';
import { attached, until } from '../support/running';
import { removeScratch, scratchDirectory } from '../support/scratch';
import { asked } from '../support/share';

let scratch: string;
beforeAll(() => {
  scratch = scratchDirectory();
});
afterAll(() => {
  removeScratch(scratch);
});

/** What an instruction that faulted is called, `offset` bytes behind the start of a function. */
interface Named {
  readonly name: string;
  readonly offset: number;
}
/** By process and address. */
type Names = Map<string, Named>;

function keyOf(pid: number | string, ip: string): string {
  return `${pid} ${BigInt(ip.startsWith('0x') ? ip : `0x${ip}`).toString(16)}`;
}

/** What perf script says of each; those that it has no name for are left out. */
function namedByPerf(data: string): Names {
  const fields = ['-F', 'pid,ip,sym,symoff'];
  const text = execFileSync(
    'unshare',
    ['--mount', 'perf', 'script', '-f', '-i', data, '--no-demangle', ...fields],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1 << 28 },
  );
  // Of both kinds of mangling, as it is for ours.
  const readable = execFileSync('c++filt', { input: text, encoding: 'utf8', maxBuffer: 1 << 28 });
  const names: Names = new Map();
  for (const [, pid, ip, name, offset] of readable.matchAll(
    /^ *(\d+) +([0-9a-f]+) (.+)\+0x([0-9a-f]+)$/gm,
  )) {
    // It makes up names of the stubs that lead to libraries, which no symbol has.
    if (!name!.endsWith('@plt'))
      names.set(keyOf(pid!, ip!), { name: bare(name!), offset: parseInt(offset!, 16) });
  }
  return names;
}

/** A command beside `perf record`: what perf calls its instructions, and the faults that we have seen. */
async function both(
  command: readonly string[],
  stays: boolean,
): Promise<{ perf: Names; faults: readonly NamedFault[] }> {
  const [data, file] = [join(scratch, 'perf.data'), join(scratch, 'faults.ndjson')];
  const target = await heldBack(command, scratch);
  const perf = startPerfRecord(target.pid, data);
  const options = ['--symbols', '--format', 'ndjson', '--report-format', 'json', '-o', file];
  const tracer = startAnalyzer([...options, '-p', String(target.pid)]);
  await recordingStarted(perf);
  await attached(tracer);
  target.write('\n');
  if (stays) {
    // Only it can tell where it has the names of its code.
    await until('the end of its work', () => target.stdout.includes('done'));
    tracer.kill('SIGINT');
    await tracer.ended;
  }
  target.closeInput();
  const ended = await target.ended;
  const told = await tracer.ended;
  await perf.ended;
  expect([command[0], ended.status, ended.stderr]).toEqual([command[0], 0, expect.anything()]);
  expect(told.status).toBe(0);
  expect(reportIn(told).completeness).toMatchObject({ lost: 0, difference: 0 });
  const faults = (await readFaults(file)) as unknown as readonly NamedFault[];
  const names = namedByPerf(data);
  // Of code that it has made.
  rmSync(`/tmp/perf-${target.pid}.map`, { force: true });
  return { perf: names, faults };
}

interface Program extends RealProgram {
  /** What it is called: a program that is not there is left out. */
  readonly needs: string;
}

const ALWAYS: readonly Program[] = [
  {
    name: 'node, and code that it makes',
    needs: process.execPath,
    command: () => [process.execPath, '--perf-basic-prof', '-e', objects(30)],
    stays: true,
    least: 200,
  },
  {
    name: 'python3',
    needs: 'python3',
    command: () => ['python3', '-c', texts(20000)],
    least: 100,
  },
  {
    name: 'a program of rustc',
    needs: 'rustc',
    command: () => {
      const program = join(scratch, 'rust');
      const source = join(ROOT, 'test', 'workloads', 'named.rs');
      execFileSync('rustc', ['-O', '-g', '-o', program, source]);
      return [program];
    },
    least: 20,
  },
];

const REDIS = `
redis-server --port 0 --unixsocket "$1/redis" --save '' --dir "$1" --enable-debug-command local >/dev/null &
until redis-cli -s "$1/redis" ping >/dev/null 2>&1; do sleep 0.05; done
redis-cli -s "$1/redis" debug populate 100000 >/dev/null
redis-cli -s "$1/redis" shutdown nosave
wait
`;

const POSTGRES = `
cd /
exec setpriv --reuid postgres --regid postgres --clear-groups postgres --single -D "$1" postgres >/dev/null <<'EOF'
create table numbers as select k, md5(k::text) as text from generate_series(1, 50000) as k;
select count(*), max(text) from numbers;
EOF
`;

/** A cluster of postgres, which does not run as root. */
function cluster(): string {
  const directory = join(scratch, 'postgres');
  execFileSync('install', ['-d', '-o', 'postgres', directory]);
  execFileSync('chmod', ['755', scratch]);
  const as = ['--reuid', 'postgres', '--regid', 'postgres', '--clear-groups'];
  execFileSync('setpriv', [...as, 'initdb', '-N', '-D', directory], { cwd: '/', stdio: 'pipe' });
  return directory;
}

const SOME: readonly Program[] = [
  {
    name: 'redis',
    needs: 'redis-server',
    command: () => ['sh', '-c', REDIS, 'sh', scratch],
    least: 50,
  },
  {
    name: 'postgres',
    needs: 'initdb',
    command: () => ['sh', '-c', POSTGRES, 'sh', cluster()],
    least: 100,
  },
  {
    name: 'a JVM',
    needs: 'java',
    command: () => ['java', '-version'],
    least: 100,
  },
];

function isThere({ needs }: Program): boolean {
  const path = (process.env.PATH ?? '').split(':');
  return existsSync(needs) || path.some((directory) => existsSync(join(directory, needs)));
}

/** Those of SOME that are there take long: `npm run trials -- names-perf`. */
const chosen = asked() === '' ? [] : SOME.filter(isThere);

test.each([...ALWAYS, ...chosen])('$name', async ({ command, stays, least }) => {
  const { perf, faults } = await both(command(), stays === true);
  const aliases = new Aliases();
  const compared = new Set<string>();
  for (const fault of faults) {
    const { mode, pid, ip, object, function: name, function_offset: offset } = fault;
    const key = keyOf(pid, ip ?? '0');
    const right = perf.get(key);
    // perf gives code of the vdso that has no symbol the name before it.
    if (mode !== 'user' || right === undefined || object === '[vdso]' || compared.has(key))
      continue;
    compared.add(key);
    const same = name !== null && bare(name) === right.name;
    if (!same && !(name !== null && aliases.hold(object!, bare(name), right.name)))
      expect([object, ip, name]).toEqual([object, ip, right.name]);
    expect([object, ip, name, offset]).toEqual([object, ip, name, right.offset]);
  }
  expect(compared.size).toBeGreaterThan(least);
});
