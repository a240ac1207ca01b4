import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, symlinkSync } from 'node:fs';
import * as path from 'node:path';
import { ROOT } from '../support/build';
import { removeScratch, scratchDirectory } from '../support/scratch';

const directory = scratchDirectory();

afterAll(() => {
  removeScratch(directory);
});

/** Compilers that need not compile again what the repository's own build has compiled from the same files. */
function compilersWithMemory(): NodeJS.ProcessEnv {
  // By names that make and a shell read as they are.
  const compiler = path.join(directory, 'known-object');
  const built = path.join(directory, 'built');
  copyFileSync(path.join(ROOT, 'test', 'support', 'known-object'), compiler);
  symlinkSync(path.join(ROOT, 'build'), built);
  const { CC = 'cc', CXX = 'g++' } = process.env;
  return { CC: `${compiler} ${built} ${CC}`, CXX: `${compiler} ${built} ${CXX}` };
}

/**
 * What `npm pack` makes is whole: unpacked in an empty folder it builds and captures. Its dependencies are
 * the installed ones.
 */
test('the package builds and captures where nothing else of the repository is', () => {
  const compilers = compilersWithMemory();
  const run = (command: string, args: readonly string[], cwd: string): string =>
    execFileSync(command, args, {
      cwd,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...compilers },
    });
  const file = run('npm', ['pack', '--silent', '--pack-destination', directory], ROOT).trim();
  // A path that make and a shell would each read in their own way.
  const unpacked = path.join(directory, `my tools' "$HOME" & more`);
  mkdirSync(unpacked);
  run('tar', ['-xzf', path.join(directory, file), '-C', unpacked, '--strip-components=1'], ROOT);
  expect(run('ls', [], unpacked).trim().split('\n')).toEqual([
    'LICENSE',
    'README.md',
    'addon',
    'bin',
    'binding.gyp',
    'demo',
    'dist',
    'docs',
    'package.json',
    'scripts',
  ]);
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(unpacked, 'node_modules'));
  run('npm', ['run', '--silent', 'build:addon', '--', '--silent', '-j', '2'], unpacked);
  const said = run(path.join(unpacked, 'bin', 'pagefault-analyzer'), ['-q', 'demo'], unpacked);
  const [, major, cow] = /^Summary: major=(\d+) minor=\d+ cow=(\d+)/m.exec(said) ?? [];
  // What demo does on purpose; the start of a program comes on top.
  expect(Number(major)).toBeGreaterThanOrEqual(64);
  expect(Number(cow)).toBeGreaterThanOrEqual(256);
}, 300_000);
