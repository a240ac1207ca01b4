import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './build';

/** The programs that an analyzer is made of: the launcher, and what lies in build/Release. */
export type Program = 'launch' | 'node' | 'watcher' | 'reader';

const FILES: Readonly<Record<Exclude<Program, 'launch'>, string>> = {
  node: 'node',
  watcher: 'pagefault-watcher',
  reader: 'pagefault-reader',
};

// Stands in the place of a program and runs it, under strace where that was asked for. Daemonized, strace is no
// parent of the program, which keeps its number. The reader and the watcher have no environment: a file says how.
const WRAPPER = `#!/bin/sh
set -f
inject=
[ -r "$0.inject" ] && read -r inject < "$0.inject"
[ -z "$inject" ] && exec "$0.real" "$@"
exec /usr/bin/strace -DDD -qq -y -o "$0.strace" $inject "$0.real" "$@"
`;

/** A copy of the built program in which each part can be made to run under strace. */
export class InjectedInstallation {
  private readonly release: string;
  private readonly launcher: string;
  private strace: readonly string[] = [];

  constructor(readonly directory: string) {
    this.release = join(directory, 'build', 'Release');
    this.launcher = join(directory, 'bin', 'pagefault-analyzer');
    mkdirSync(this.release, { recursive: true });
    for (const part of ['bin', 'dist']) {
      cpSync(join(ROOT, part), join(directory, part), { recursive: true });
    }
    copyFileSync(join(ROOT, 'package.json'), join(directory, 'package.json'));
    // As in one that is built: without it each start compiles the bundle.
    const compile = join('scripts', 'compile-bundle.js');
    mkdirSync(join(directory, 'scripts'));
    copyFileSync(join(ROOT, compile), join(directory, compile));
    execFileSync(process.execPath, [join(directory, compile)]);
    symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
    const built = join(ROOT, 'build', 'Release');
    copyFileSync(join(built, 'pagefault.node'), join(this.release, 'pagefault.node'));
    for (const file of Object.values(FILES)) {
      const real = join(this.release, `${file}.real`);
      if (file === 'node') symlinkSync(process.execPath, real);
      else copyFileSync(join(built, file), real);
      writeFileSync(join(this.release, file), WRAPPER);
      chmodSync(join(this.release, file), 0o755);
    }
  }

  /** What strace has seen of the program, '' where it has not run. */
  seen(program: Program): string {
    const log = this.log(program);
    return existsSync(log) ? readFileSync(log, 'latin1') : '';
  }

  /** From now on this program, and no other, runs under strace with these options. */
  trace(program: Program, options: readonly string[]): void {
    for (const file of Object.values(FILES)) {
      writeFileSync(join(this.release, `${file}.inject`), '\n');
    }
    execFileSync('rm', ['-f', this.log(program)]);
    this.strace = [];
    if (program === 'launch') {
      this.strace = ['strace', '-DDD', '-qq', '-y', '-o', this.log(program), ...options];
      return;
    }
    // In one step: the next run must not read half of it.
    const file = join(this.release, `${FILES[program]}.inject`);
    writeFileSync(`${file}.new`, `${options.join(' ')}\n`);
    renameSync(`${file}.new`, file);
  }

  command(args: readonly string[]): string[] {
    // A signal to its process group must not be one to ours.
    return ['setsid', ...this.strace, this.launcher, ...args];
  }

  /** Processes that run something of this directory, by number, and what. */
  running(): Map<number, string> {
    const found = new Map<number, string>();
    for (const name of readdirSync('/proc')) {
      if (!/^\d+$/.test(name)) continue;
      try {
        const exe = readlinkSync(`/proc/${name}/exe`);
        if (exe.startsWith(`${this.directory}/`)) found.set(Number(name), exe);
      } catch {
        // Ended since it was listed, or a kernel thread.
      }
    }
    return found;
  }

  private log(program: Program): string {
    const file = program === 'launch' ? 'launch' : FILES[program];
    return join(this.release, `${file}.strace`);
  }
}
