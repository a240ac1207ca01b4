import { mkdtempSync, readFileSync, rmSync, openSync, closeSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandOutputLog } from '../../../src/cli/command-output';
import { chooseView } from '../../../src/cli/view-choice';
import { Outlets } from '../../../src/app/outlets';

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'pagefault-parts-'));
});
afterEach(() => {
  rmSync(scratch, { recursive: true, force: true });
});

describe('chooseView', () => {
  const tty = { stdinTty: true, stdoutTty: true, term: 'xterm' };
  it.each([
    ['auto', tty, 'dashboard', ''],
    ['tui', tty, 'dashboard', ''],
    ['stream', tty, 'stream', ''],
    ['auto', { ...tty, stdoutTty: false }, 'stream', ''],
    ['auto', { ...tty, stdinTty: false }, 'stream', ''],
    ['tui', { ...tty, stdinTty: false }, 'stream', 'needs a terminal'],
    ['auto', { ...tty, term: 'dumb' }, 'stream', 'TERM=dumb'],
    ['tui', { ...tty, term: '' }, 'stream', 'TERM is not set'],
  ] as const)('--%s %j', (view, around, expected, note) => {
    const choice = chooseView({ view, dashboardOnly: [] }, around);
    expect(choice.view).toBe(expected);
    if (note === '') expect(choice.note).toBe('');
    else expect(choice.note).toContain(note);
  });

  it('names what was given for the dashboard where there is none, and only there', () => {
    const given = { view: 'auto', dashboardOnly: ['--dump', '--interval'] } as const;
    expect(chooseView(given, tty).note).toBe('');
    for (const around of [
      { ...tty, stdoutTty: false },
      { ...tty, term: 'dumb' },
    ]) {
      expect(chooseView(given, around).note).toMatch(
        /this is the stream.*; --dump, --interval have no effect in it$/,
      );
    }
  });
});

describe('CommandOutputLog', () => {
  /** Feeds text through a file descriptor as the pipe of a COMMAND would. */
  async function read(log: CommandOutputLog, script: string): Promise<void> {
    const fifo = join(scratch, 'pipe');
    execFileSync('mkfifo', [fifo]);
    const keep = openSync(fifo, 'r+');
    const fd = openSync(fifo, 'r');
    const writer = execFileSync.bind(null, 'sh', ['-c', `(${script}) > ${fifo}`]);
    writer();
    closeSync(keep);
    log.read(fd);
    await log.finish();
  }

  it('keeps lines, the last version of what was overwritten, and an unfinished one', async () => {
    const file = join(scratch, 'log');
    const outlets = new Outlets();
    const log = new CommandOutputLog(await outlets.file(file, () => false));
    await read(log, "printf 'one\\r\\n10 %%\\r20 %%\\r30 %%\\nrest'");
    expect(log.state).toEqual({ lines: ['one', '30 %', 'rest'], dropped: 0 });
    expect(readFileSync(file, 'utf8')).toBe('one\r\n10 %\r20 %\r30 %\nrest');
  });

  it('is bounded in lines and in the length of a line', async () => {
    const log = new CommandOutputLog(null);
    await read(log, 'seq 1 5000; head -c 20000 /dev/zero | tr "\\0" x');
    const { lines, dropped } = log.state;
    expect(dropped).toBe(3000);
    expect(lines[0]).toBe('3001');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(1000);
  });

  it('says that the disk is full, and goes on', async () => {
    const outlets = new Outlets();
    const log = new CommandOutputLog(await outlets.file('/dev/full', () => false));
    await read(log, 'echo text');
    expect(outlets.trouble).toContain('cannot write to /dev/full');
    expect(log.state.lines).toEqual(['text']);
  });
});
