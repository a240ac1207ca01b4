import { chmodSync, copyFileSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { analyze } from '../support/analyzer';
import { ANALYZER, ROOT } from '../support/build';
import { run } from '../support/running';
import type { Ended } from '../support/running';
import { removeScratch, scratchDirectory } from '../support/scratch';

/** Of the mask in /proc/PID/status. */
const SIGCHLD_BIT = 1n << 16n;

let scratch: string;

beforeAll(() => {
  scratch = scratchDirectory();
  // A make that does not find its jobserver says so.
  writeFileSync(join(scratch, 'outer.mk'), 'all:\n\t+@$$T make -s -f inner.mk\n');
  writeFileSync(join(scratch, 'inner.mk'), 'all: a b\na b:\n\t@echo made\n');
});
afterAll(() => {
  removeScratch(scratch);
});

/** What a bash script prints in which `trace` stands for nothing, or for the analyzer. */
async function both(script: string): Promise<{ readonly bare: string; readonly traced: string }> {
  const once = async (prefix: string): Promise<string> => {
    const ended = await run(['bash', '-c', script.replaceAll('trace', prefix), ANALYZER]);
    return ended.stdout;
  };
  return { bare: await once(''), traced: await once('$0 -q -o /dev/null --') };
}

describe('a COMMAND finds what it would have found without us', () => {
  it.each([
    ['its limit of descriptors', 'ulimit -Sn 77; trace bash -c "ulimit -Sn; ulimit -Hn"'],
    ['signals ignored', 'trap "" HUP INT USR2 34 40; trace grep SigIgn /proc/self/status'],
    ['no signal ignored', 'trace grep -E "Sig(Ign|Blk)" /proc/self/status'],
    [
      'inherited descriptors, and no other',
      'exec 5</etc/passwd 17</etc/group; trace bash -c "cd /proc/self/fd; echo *; readlink 5 17"',
    ],
    [
      'the jobserver of make',
      'T="trace" make -s -j2 -f outer.mk 2>&1 | grep -v "^pagefault-analyzer:"',
    ],
    ['its umask', 'umask 026; trace sh -c umask'],
    [
      'bytes that are no UTF-8',
      `trace printf '%s|' $'\\xff\\xfe' $'a\\xe2\\x82' $'\\xed\\xa0\\x80z' '' é | od -c`,
    ],
    [
      'a file name that is no UTF-8',
      `cp /bin/echo "$PWD"/$'e\\xff' && trace "$PWD"/$'e\\xff' called`,
    ],
    [
      'a limit of file sizes',
      'ulimit -Sf 0; trace bash -c "ulimit -f; grep SigIgn /proc/self/status"',
    ],
    ['a closed input', 'trace bash -c "[ -e /proc/self/fd/0 ] || echo closed" <&-'],
    ['a closed stderr', 'trace bash -c "[ -e /proc/self/fd/2 ] || echo closed" 2>&-'],
  ])('%s', async (_, script) => {
    const { bare, traced } = await both(`cd ${scratch}; ${script}`);
    expect(bare).not.toBe('');
    expect(traced).toBe(bare);
  });

  it('every variable of its environment, and none of ours', async () => {
    const odd = [
      'a-b=1',
      'BASH_FUNC_f%%=() { :; }',
      'NODE_OPTIONS=--no-such-option',
      'NODE_X=a|b;c,d%',
      'IFS=:',
    ];
    const given = [...odd, `PATH=${process.env.PATH!}`, 'PWD=/elsewhere', 'E=', 'N=a\nb\xff'];
    const list = async (command: readonly string[]): Promise<string[]> => {
      const { stdout } = await run(['env', '-i', ...given, ...command, 'env', '-0']);
      return stdout.split('\0').slice(0, -1);
    };
    expect(await list([ANALYZER, '-q', '--'])).toEqual(await list([]));
  });

  it('a megabyte of variables that are for Node, byte by byte', async () => {
    const variables = Array.from({ length: 9 }, (_, k) => [`NODE_${k}`, 'v'.repeat(120_000 + k)]);
    // The longest that the kernel takes (MAX_ARG_STRLEN), with its name and its end.
    variables.push(['NODE_LONGEST', 'w'.repeat(131_072 - 'NODE_LONGEST='.length - 1)]);
    const env = { PATH: process.env.PATH, ...Object.fromEntries(variables), LAST: '' };
    const seen = async (command: readonly string[]): Promise<string> =>
      (await run([...command, 'cat', '/proc/self/environ'], { env })).stdout;
    const bare = await seen([]);
    expect(bare.length).toBeGreaterThan(2 ** 20);
    expect((await seen([ANALYZER, '-q', '-o', '/dev/null', '--'])) === bare).toBe(true);
  });

  it.each(['SIG_IGN', 'SIG_DFL'])('SIGCHLD as its parent left it: %s', async (action) => {
    const set = `import os, signal, sys; signal.signal(signal.SIGCHLD, signal.${action}); os.execv(sys.argv[1], sys.argv[1:])`;
    const ended = await run(
      ['python3', '-c', set, ANALYZER, '-q', '-o', '/dev/null', '--'].concat([
        'grep',
        'SigIgn',
        '/proc/self/status',
      ]),
    );
    expect(ended.status).toBe(0);
    const ignored = BigInt(`0x${/^SigIgn:\s*(\w+)$/m.exec(ended.stdout)![1]!}`);
    expect((ignored & SIGCHLD_BIT) !== 0n).toBe(action === 'SIG_IGN');
  });
});

test('stdout closed: an error in one line, status 1', async () => {
  const ended = await run(['bash', '-c', '"$0" -q -- true >&-', ANALYZER]);
  expect(ended.status).toBe(1);
  expect(ended.stderr).toMatch(/^error: cannot write to stdout: the descriptor is closed$/m);
});

test('nohup works for both', async () => {
  const script = 'kill -HUP $PPID $$; echo lives';
  const ended = await run(['bash', '-c', 'trap "" HUP; "$0" -q -- sh -c "$1"', ANALYZER, script]);
  expect(ended).toMatchObject({ status: 0, signal: null });
  expect(ended.stdout).toMatch(/^lives\nSummary: /);
});

test('a COMMAND that cannot run for want of its interpreter: the interpreter is named', async () => {
  const script = join(scratch, 'script');
  const said = async (text: string): Promise<Ended> => {
    writeFileSync(script, text);
    chmodSync(script, 0o755);
    return analyze(['-q', '--', script]);
  };
  const missing = await said('#!/no/such/interpreter -x\n');
  expect(missing).toMatchObject({ status: 2, stdout: '' });
  expect(missing.stderr).toMatch(/^error: .*'\/no\/such\/interpreter'.*\n$/);
  const carriage = await said('#!/bin/sh\r\necho\r\n');
  expect(carriage.stderr).toMatch(/^error: .*carriage return.*\n$/);
});

describe('the launcher', () => {
  /** A checkout with another name: the same files behind links, and Node linked as it was built with. */
  function checkout(name: string): string {
    const root = join(scratch, name);
    mkdirSync(join(root, 'build', 'Release'), { recursive: true });
    cpSync(join(ROOT, 'bin'), join(root, 'bin'), { recursive: true });
    for (const file of ['dist', 'node_modules', 'package.json'])
      symlinkSync(join(ROOT, file), join(root, file));
    for (const file of ['pagefault.node', 'pagefault-watcher']) {
      copyFileSync(join(ROOT, 'build', 'Release', file), join(root, 'build', 'Release', file));
    }
    return root;
  }

  it.each(['with blank', `quote'"s`, 'dollar $HOME `id`', '-dash', 'new\nline'])(
    'runs from a path like %j, and through links',
    async (name) => {
      const program = join(checkout(name), 'bin', 'pagefault-analyzer');
      const link = join(scratch, `link to ${name}`);
      symlinkSync(program, link);
      const relative = join(scratch, 'relative');
      mkdirSync(relative, { recursive: true });
      symlinkSync(`../link to ${name}`, join(relative, name));
      for (const file of [program, link, join(relative, name)]) {
        const ended = await run([file, '--version']);
        expect(ended).toMatchObject({ status: 0, stderr: '' });
        expect(ended.stdout).toMatch(/^pagefault-analyzer \d/);
      }
    },
  );

  it('finds the Node that it was built with where PATH has none, else says what to type', async () => {
    const root = checkout('nvm');
    const program = join(root, 'bin', 'pagefault-analyzer');
    const path = join(scratch, 'path');
    mkdirSync(path);
    const none = await run([program, '--version'], { env: { PATH: path } });
    expect(none).toMatchObject({ status: 2, stdout: '' });
    expect(none.stderr).toMatch(/^error: .*sudo env "PATH=\$PATH".*\n$/);
    symlinkSync(process.execPath, join(root, 'build', 'Release', 'node'));
    const found = await run([program, '--version'], { env: { PATH: path } });
    expect(found).toMatchObject({ status: 0, stderr: '' });
  });

  it('finds itself where there is no /proc', async () => {
    const link = join(scratch, 'without proc');
    symlinkSync(ANALYZER, link);
    const script = 'umount -l /proc && cd "$0" && exec "./without proc" --version';
    const ended = await run(['unshare', '--mount', 'sh', '-c', script, scratch]);
    expect(ended).toMatchObject({ status: 0, stderr: '' });
  });

  it('says of a copy of itself that only a link does', async () => {
    const copy = join(scratch, 'copy');
    copyFileSync(ANALYZER, copy);
    const ended = await run([copy, '--version']);
    expect(ended).toMatchObject({ status: 2, stdout: '' });
    expect(ended.stderr).toMatch(/^error: cannot start: .*pagefault-analyzer\.js: .*link.*\n$/);
  });

  it('says so where nothing is built yet', async () => {
    const root = join(scratch, 'bare');
    cpSync(join(ROOT, 'bin'), join(root, 'bin'), { recursive: true });
    const ended = await run([join(root, 'bin', 'pagefault-analyzer'), '--version']);
    expect(ended).toMatchObject({ status: 2, stdout: '' });
    expect(ended.stderr).toMatch(/^error: not built yet: run npm run build .*\n$/);
  });
});
