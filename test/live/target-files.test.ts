import { execFileSync } from 'node:child_process';
import { appendFileSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildElf, SHF_ALLOC } from '../support/elf-builder';
import { captureCommand, reportIn, startAnalyzer } from '../support/analyzer';
import { workload } from '../support/build';
import { attached, Running, until } from '../support/running';
import { removeScratch, scratchDirectory } from '../support/scratch';

const PAGE = 4096;
let scratch: string;
beforeAll(() => {
  scratch = scratchDirectory();
});
afterAll(() => {
  removeScratch(scratch);
});

const NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];

const mounts: FuseDirectory[] = [];
afterEach(async () => {
  for (const mount of mounts.splice(0)) await mount.end();
});

/** A directory served by a FUSE daemon, with a program of 4 MB in it. */
class FuseDirectory {
  readonly file: string;
  readonly daemon: Running;
  private readonly mounted: string;
  private ended = false;

  /** As nobody, root is refused what it serves; as root nobody may use it too. */
  constructor(name: string, user: 'nobody' | 'root') {
    const source = join(scratch, `${name}-source`);
    this.mounted = join(scratch, name);
    for (const directory of [source, this.mounted]) mkdirSync(directory, { mode: 0o777 });
    execFileSync('chmod', ['777', this.mounted]);
    copyFileSync(process.execPath, join(source, 'served.so'));
    this.file = join(this.mounted, 'served.so');
    const bindfs = ['bindfs', '-f', ...(user === 'nobody' ? ['--no-allow-other'] : [])];
    // Real user nobody: whom the kernel serves. Effective user root: /dev/fuse may be root's alone.
    const as =
      user === 'nobody' ? ['setpriv', '--ruid=65534', '--rgid=65534', '--clear-groups'] : [];
    this.daemon = new Running([...as, ...bindfs, source, this.mounted]);
    mounts.push(this);
  }

  async start(): Promise<void> {
    await until('bindfs', () => {
      if (this.daemon.stderr !== '') throw new Error(this.daemon.stderr);
      return this.isMounted();
    });
  }

  private isMounted(): boolean {
    return readFileSync('/proc/mounts', 'utf8').includes(`${this.mounted} fuse`);
  }

  /** A program of nobody's with pages of the file mapped, which waits. */
  async mappedBy(): Promise<Running> {
    const target = new Running([...NOBODY, workload('mapfile'), '--file', this.file], {
      env: { WORKLOAD_WAIT: '1' },
    });
    await until(`the workload (${target.stderr})`, () => target.stdout.includes('"ready"'));
    return target;
  }

  /** Whatever has become of the server, and also after a test that failed. */
  async end(): Promise<void> {
    if (this.ended) return;
    this.ended = true;
    if (this.isMounted()) execFileSync('umount', ['--lazy', this.mounted]);
    this.daemon.kill('SIGKILL');
    await this.daemon.ended;
  }
}

/** Attached to a workload that then touches its pages; the report and what was said. */
async function traced(target: Running, end: (tracer: Running) => void): Promise<string> {
  const tracer = startAnalyzer(['-q', '--report-format', 'json', '-p', String(target.pid)]);
  await attached(tracer);
  target.write('\n');
  await until('the faults', () => target.stdout.includes('"rows"'));
  end(tracer);
  const ended = await tracer.ended;
  expect(ended.status).toBe(0);
  const report = reportIn(ended);
  expect(report.completeness).toMatchObject({ lost: 0, difference: 0 });
  const rows = report.regions.filter(({ label }) => String(label).startsWith('served.so'));
  expect(rows).toMatchObject([{ label: 'served.so', kind: 'file', section: null }]);
  expect(rows[0]!.faults).toBeGreaterThanOrEqual(32);
  expect(ended.stderr).not.toMatch(/ at .*\.js/);
  return ended.stderr;
}

test('a file system that refuses us costs the sections and no more', async () => {
  const fuse = new FuseDirectory('refused', 'nobody');
  await fuse.start();
  const said = await traced(await fuse.mappedBy(), () => undefined);
  expect(said.match(/^note: .*\(EACCES\): .*sections$/gm)).toHaveLength(1);
});

test('so does one whose server is dead', async () => {
  const fuse = new FuseDirectory('dead', 'root');
  await fuse.start();
  const target = await fuse.mappedBy();
  fuse.daemon.kill('SIGKILL');
  await fuse.daemon.ended;
  const said = await traced(target, () => undefined);
  expect(said.match(/^note: .*\(ENOTCONN\): .*sections$/gm)).toHaveLength(1);
});

test('and one that does not answer: a signal ends us at once', async () => {
  const fuse = new FuseDirectory('stopped', 'root');
  await fuse.start();
  const target = await fuse.mappedBy();
  // What the kernel still knows of the file is no answer.
  fuse.daemon.kill('SIGSTOP');
  await traced(target, (tracer) => {
    tracer.kill('SIGINT');
  });
  target.kill('SIGKILL');
});

test('-d ends while a file system does not answer', async () => {
  const fuse = new FuseDirectory('silent', 'root');
  await fuse.start();
  const target = await fuse.mappedBy();
  fuse.daemon.kill('SIGSTOP');
  const tracer = startAnalyzer(['-q', '-d', '1', '-p', String(target.pid)]);
  await attached(tracer);
  target.write('\n');
  const ended = await tracer.ended;
  expect(ended.status).toBe(0);
  expect(ended.stdout).toMatch(/^Summary: major=\d+ minor=\d+ cow=\d+/m);
  // The kernel holds what it was asked for until the server is gone; our reader with it, not us.
  target.kill('SIGKILL');
});

test('of two files mapped at one address in turn each has its own sections and never the other’s', async () => {
  const files = ['first', 'second'].map((name) => {
    const file = join(scratch, `${name}.so`);
    writeFileSync(
      file,
      buildElf({
        wide: true,
        little: true,
        sections: [{ name: `.${name}`, flags: SHF_ALLOC, address: PAGE, size: 2 * PAGE }],
        segments: [
          { flags: 5, offset: PAGE, address: PAGE, fileSize: 2 * PAGE, memSize: 2 * PAGE },
          { flags: 4, offset: 0, address: 0, fileSize: 100, memSize: 100 },
        ],
      }),
    );
    appendFileSync(file, Buffer.alloc(8 * PAGE));
    return file;
  });
  const [first, second] = files;
  const { faults, ended } = await captureCommand(
    [workload('elfswap'), '--first', first!, '--second', second!, '--times', '4000'],
    scratch,
  );
  expect(ended.status).toBe(0);
  const seen = new Map<string, number>();
  for (const fault of faults) {
    if (fault.file === null || !files.includes(fault.file)) continue;
    const what = `${fault.region} ${fault.section ?? ''}`;
    seen.set(what, (seen.get(what) ?? 0) + 1);
  }
  const allowed = ['first.so ', 'first.so .first', 'second.so ', 'second.so .second'];
  for (const what of seen.keys()) expect(allowed).toContain(what);
  expect(seen.get('first.so .first')).toBeGreaterThan(0);
  expect(seen.get('second.so .second')).toBeGreaterThan(0);
});
