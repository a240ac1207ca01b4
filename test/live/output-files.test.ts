import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { analyze, startAnalyzer } from '../support/analyzer';
import { ANALYZER, DEMO } from '../support/build';
import { PtyAnalyzer } from '../support/pty';
import { Running, run, until } from '../support/running';
import { removeScratch, scratchDirectory } from '../support/scratch';

const NOBODY = 65534;
const SUMMARY = /^Summary: major=\d+ minor=\d+ cow=\d+\n$/m;

let scratch: string;
beforeEach(() => {
  scratch = scratchDirectory();
});
afterEach(() => {
  removeScratch(scratch);
});

function fifo(name: string, uid = 0): string {
  const path = join(scratch, name);
  execFileSync('mkfifo', [path]);
  fs.chownSync(path, uid, uid);
  return path;
}

/** The process has opened this file (not only looked at it) or waits for its other side. */
const holds = (pid: number, path: string): boolean =>
  fs.readdirSync(`/proc/${pid}/fd`).some((fd) => {
    try {
      return fs.readlinkSync(`/proc/${pid}/fd/${fd}`) === path;
    } catch {
      return false;
    }
  });

describe('-o with a FIFO', () => {
  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '%s ends the waiting for a reader; COMMAND has not run',
    async (signal) => {
      const path = fifo('fifo');
      const ran = join(scratch, 'ran');
      const tracer = startAnalyzer(['-o', path, '--', 'touch', ran]);
      await until('the FIFO is waited for', () => holds(tracer.pid, path));
      tracer.kill(signal);
      const { status, stdout, stderr } = await tracer.ended;
      expect([status, stdout]).toEqual([0, '']);
      expect(stderr).toBe(`note: nobody opened ${path} to read it: nothing was captured\n`);
      expect(fs.existsSync(ran)).toBe(false);
    },
  );

  test('-d ends it too, as an error: somebody wanted what is not there', async () => {
    const path = fifo('fifo');
    const { status, stderr } = await analyze(['-d', '0.2', '-o', path, '--', 'true']);
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /^error: cannot write to .*: nobody opened the FIFO to read it within -d\n$/,
    );
  });

  test('a reader that comes later gets everything', async () => {
    const path = fifo('fifo');
    const tracer = startAnalyzer(['-o', path, '--', 'true']);
    await until('the FIFO is waited for', () => holds(tracer.pid, path));
    const { stdout } = await run(['cat', path]);
    expect(stdout).toMatch(SUMMARY);
    expect((await tracer.ended).status).toBe(0);
  });
});

test.each([
  ['process substitution', `'${ANALYZER}' -o >(cat > "$0") -- true; wait $!`],
  ['/dev/fd/N', `'${ANALYZER}' -o /dev/fd/7 -- true 7> "$0"`],
  ['/dev/stdout', `'${ANALYZER}' -o /dev/stdout -- true | cat > "$0"`],
])('%s goes on working', async (_, script) => {
  const out = join(scratch, 'out');
  await run(['bash', '-c', script, out]);
  await until('what was written', () => SUMMARY.test(fs.readFileSync(out, 'utf8')));
});

test('what others have laid out in a shared directory is refused by every option, in one line', async () => {
  const shared = join(scratch, 'shared');
  fs.mkdirSync(shared);
  fs.chmodSync(shared, 0o1777);
  const device = join(scratch, 'device');
  execFileSync('mknod', [device, 'b', '240', '0']);
  const trap = join(shared, 'out');
  fs.symlinkSync(device, trap);
  fs.lchownSync(trap, NOBODY, NOBODY);
  for (const option of ['-o', '--dump', '--command-output']) {
    // Without a terminal the dashboard's options are not used: under script(1) they are.
    const command = `'${ANALYZER}' --tui ${option} '${trap}' -- true; echo status=$?`;
    const { stdout } = await run(['script', '-qec', command, '/dev/null'], {
      env: { TERM: 'xterm' },
    });
    expect(stdout.replaceAll('\r', '')).toBe(
      `error: cannot write to ${trap}: a symbolic link on the way belongs to another user ` +
        `(uid ${NOBODY}), where others can write\nstatus=2\n`,
    );
  }
});

test('w with a FIFO that nobody reads says so, and the dashboard goes on', async () => {
  const path = fifo('fifo');
  const dashboard = new PtyAnalyzer(['demo', '--pace', '50', '--dir', scratch], 130, 30);
  await dashboard.shows(/MIN [1-9]/);
  dashboard.type('w');
  dashboard.type(`\x15${path}\r`);
  await dashboard.shows(/it is a FIFO that nobody reads/);
  dashboard.type('\x1b');
  await dashboard.shows(/q quit|quit/);
  const reader = new Running(['cat', path]);
  await until('the reader waits', () => /^S/m.test(stateOf(reader.pid)));
  dashboard.type('w');
  dashboard.type(`\x15${path}\r`);
  // The end of file comes with what was written, not when the dashboard is left.
  expect((await reader.ended).stdout).toContain('Summary: ');
  dashboard.type('q');
  expect(await dashboard.exited).toBe(0);
});

const stateOf = (pid: number): string =>
  /^State:\s+(\S)/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';

test('SIGKILL of the dashboard leaves no temporary file beside --dump', async () => {
  const dump = join(scratch, 'dump.txt');
  const dashboard = new PtyAnalyzer(['--dump', dump, '--', DEMO, '--dir', scratch], 100, 30);
  await dashboard.shows(/MIN [1-9]/);
  dashboard.kill();
  await dashboard.exited;
  expect(fs.readdirSync(scratch).filter((name) => name.includes('dump'))).toEqual([]);
});
