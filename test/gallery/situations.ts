import { execFileSync } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { workload } from '../support/build';
import { Running, until } from '../support/running';

/** Something that happens to a program on a real machine, and what one is to read of it at 80x24. */
export interface Situation {
  readonly name: string;
  /** What has to be installed beside what the tests need anyway: a program and its Debian package. */
  readonly needs: readonly (readonly [program: string, name: string])[];
  readonly start: (scratch: string) => Promise<Scene>;
  /** The verdict names cause, region and process. */
  readonly verdict: RegExp;
}

export interface Scene {
  /** What the analyzer is to look at: options and operands, in the scratch directory. */
  readonly target: readonly string[];
  /** Programs that run beside it, to be ended. */
  readonly running: readonly Running[];
}

export const SITUATIONS: readonly Situation[] = [
  {
    name: 'snapshot',
    needs: [['redis-server', 'redis-server']],
    start: snapshot,
    verdict: /copy-on-write in \[(anon|heap)\].* of redis-server/,
  },
  {
    name: 'jvm-start',
    needs: [['java', 'default-jre-headless']],
    start: jvmStart,
    verdict: /first touch of fresh memory in \[anon\].* of java/,
  },
  {
    name: 'build',
    needs: [],
    start: build,
    verdict: /first touch of fresh memory in \[(anon|heap)\].* of (cc1plus|ld)/,
  },
  {
    name: 'growth',
    needs: [],
    start: growth,
    verdict: /first touch of fresh memory in \[(anon|heap)\].* of python3/,
  },
  {
    name: 'cold-start',
    needs: [],
    start: coldStart,
    verdict: /cold file pages read in index\.db of python3/,
  },
  {
    name: 'userfaultfd',
    needs: [],
    start: userfaultfd,
    verdict: /waits for userfaultfd in \[anon\].* of uffd/,
  },
];

/** A database in memory writes a snapshot of itself while clients go on writing. */
async function snapshot(scratch: string): Promise<Scene> {
  // The server shows it in its title.
  const socket = 'redis.sock';
  const options = ['--port', '0', '--unixsocket', socket, '--save', ''];
  const here = { cwd: scratch };
  const slow = ['--rdbcompression', 'no', '--rdb-key-save-delay', '20'];
  const server = new Running(['redis-server', ...options, ...slow], here);
  await until('its socket', () => server.stdout.includes('ready to accept connections'));
  const redis = ['redis-cli', '-s', socket];
  const writes = ['-s', socket, '-t', 'set', '-r', '500000', '-d', '1000', '-P', '16', '-q'];
  execFileSync('redis-benchmark', [...writes, '-n', '1500000'], { ...here, stdio: 'pipe' });
  const clients = new Running(['redis-benchmark', ...writes, '-n', '1000000000'], here);
  const saves = new Running(
    ['sh', '-c', `while sleep 1; do ${redis.join(' ')} bgsave; done`],
    here,
  );
  return { target: ['-p', String(server.pid)], running: [saves, clients, server] };
}

/** A Java machine that touches its heap at its start. */
function jvmStart(): Promise<Scene> {
  const java = ['java', '-Xms3g', '-Xmx3g', '-XX:+UseSerialGC', '-XX:+AlwaysPreTouch', '-version'];
  return Promise.resolve({ target: ['--', ...java], running: [] });
}

/** A C++ project. */
function build(scratch: string): Promise<Scene> {
  const names = Array.from({ length: 12 }, (_, i) => `part${i}`);
  for (const name of names) {
    const text = `#include <map>\n#include <regex>\n#include <string>\nstd::map<std::string, std::regex> ${name};\n`;
    writeFileSync(join(scratch, `${name}.cc`), text);
  }
  const objects = names.map((name) => `${name}.o`).join(' ');
  writeFileSync(join(scratch, 'Makefile'), `all: ${objects}\n`);
  return Promise.resolve({ target: ['--', 'make', '-j2', '-s'], running: [] });
}

/** A program whose memory grows and grows. */
function growth(scratch: string): Promise<Scene> {
  const loop = 'while True:\n    kept.append(bytearray(4 << 20))\n    time.sleep(0.05)\n';
  writeFileSync(join(scratch, 'grows.py'), `import time\nkept = []\n${loop}`);
  return Promise.resolve({ target: ['--', 'python3', 'grows.py'], running: [] });
}

/** A program that looks things up in a file which is on the disk and not in memory. */
function coldStart(scratch: string): Promise<Scene> {
  const data = join(scratch, 'index.db');
  const random = ['if=/dev/urandom', `of=${data}`, 'bs=1M', 'count=256', 'conv=fsync'];
  execFileSync('dd', random, { stdio: 'pipe' });
  execFileSync('dd', [`if=${data}`, 'iflag=nocache', 'count=0'], { stdio: 'pipe' });
  const opened = `file = open('index.db', 'rb')\nindex = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)\n`;
  const loop = 'while True:\n    index[random.randrange(len(index))]\n';
  const unread = 'index.madvise(mmap.MADV_RANDOM)\n';
  writeFileSync(join(scratch, 'looks-up.py'), `import mmap, random\n${opened}${unread}${loop}`);
  return Promise.resolve({ target: ['--', 'python3', 'looks-up.py'], running: [] });
}

/** A program whose faults another one answers, in its own time. */
function userfaultfd(scratch: string): Promise<Scene> {
  copyFileSync(workload('uffd'), join(scratch, 'uffd'));
  const options = ['--pages', '100000', '--us', '3000'];
  return Promise.resolve({ target: ['--', './uffd', ...options], running: [] });
}
