import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  openSync,
  closeSync,
  mkdirSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandOutputLog } from '../../src/cli/command-output';
import { chooseView } from '../../src/cli/view-choice';
import { WholeFile } from '../../src/cli/whole-file';

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'pagefault-parts-'));
});
afterEach(() => {
  rmSync(scratch, { recursive: true, force: true });
});

describe('WholeFile', () => {
  it('leaves the old file until the new one is complete, with its permissions', () => {
    const path = join(scratch, 'dump.txt');
    writeFileSync(path, 'old', { mode: 0o640 });
    const file = new WholeFile(path);
    expect(readFileSync(path, 'utf8')).toBe('old');
    file.finish('new');
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(readdirSync(scratch)).toEqual(['dump.txt']);
  });

  it('leaves nothing behind when it is given up', () => {
    new WholeFile(join(scratch, 'dump.txt')).abandon();
    expect(readdirSync(scratch)).toEqual([]);
  });

  it('finds out at once that a place cannot be written', () => {
    expect(() => new WholeFile(join(scratch, 'missing', 'dump.txt'))).toThrow('ENOENT');
    expect(() => new WholeFile(scratch)).toThrow('EISDIR');
  });

  it('follows no link that somebody has put in its way', () => {
    const victim = join(scratch, 'victim');
    writeFileSync(victim, 'precious');
    symlinkSync(victim, join(scratch, `.dump.txt.${process.pid}.tmp`));
    expect(() => new WholeFile(join(scratch, 'dump.txt'))).toThrow('EEXIST');
    expect(readFileSync(victim, 'utf8')).toBe('precious');
  });

  it('writes to what is no regular file, and does not replace it', () => {
    const fifo = join(scratch, 'fifo');
    execFileSync('mkfifo', [fifo]);
    // Opened for both, a FIFO does not wait for the other side.
    const reader = openSync(fifo, 'r+');
    new WholeFile(fifo).finish('text');
    expect(statSync(fifo).isFIFO()).toBe(true);
    closeSync(reader);
    new WholeFile('/dev/null').finish('text');
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
  });
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
    const choice = chooseView({ view }, around);
    expect(choice.view).toBe(expected);
    if (note === '') expect(choice.note).toBe('');
    else expect(choice.note).toContain(note);
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
    const log = new CommandOutputLog(file);
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

  it('finds out at once that its file cannot be written', () => {
    mkdirSync(join(scratch, 'directory'));
    expect(() => new CommandOutputLog(join(scratch, 'directory'))).toThrow(/directory/);
  });

  it('says that the disk is full, and goes on', async () => {
    const log = new CommandOutputLog('/dev/full');
    await read(log, 'echo text');
    expect(log.trouble).toContain('cannot write to /dev/full');
    expect(log.state.lines).toEqual(['text']);
  });
});
