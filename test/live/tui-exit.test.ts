import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { THROWS_WHEN_TOLD } from '../support/analyzer';
import { ANALYZER, DEMO } from '../support/build';
import { alive } from '../support/processes';
import { PtyAnalyzer } from '../support/pty';
import { Running, until } from '../support/running';
import { removeScratch, scratchDirectory } from '../support/scratch';
import { quoted, RESTORED, Tmux } from '../support/tmux';

describe('leaving the dashboard', () => {
  let terminal: Tmux;
  let target: Running | null;
  let scratch: string;

  beforeEach(() => {
    scratch = scratchDirectory();
    terminal = new Tmux(100, 30);
    target = null;
  });

  afterEach(async () => {
    target?.kill('SIGKILL');
    await target?.ended;
    try {
      terminal.close();
    } catch {
      // Tests that drop the connection have closed it themselves.
    }
    removeScratch(scratch);
  });

  /** Starts the analyzer from the shell, which afterwards says how it ended and how it finds the tty. */
  async function open(args: readonly string[], analyzer = [ANALYZER]): Promise<number> {
    const pidFile = join(scratch, 'pid');
    const command = quoted([...analyzer, ...args]);
    terminal.enter(
      `stty -a > ${quoted([join(scratch, 'before')])}; sh -c ${quoted([`echo $$ > ${pidFile}; exec ${command}`])}; ` +
        `status=$?; stty -a > ${quoted([join(scratch, 'after')])}; echo status=$status`,
    );
    await terminal.shows('[1 Regions]');
    return Number(readFileSync(pidFile, 'utf8'));
  }

  /** The terminal is as it was: screen, cursor, mouse, and the line discipline's modes. */
  async function restored(): Promise<string> {
    const screen = await terminal.shows(/status=\d+/, true);
    expect(terminal.state()).toEqual(RESTORED);
    const modes = (name: string): string => readFileSync(join(scratch, name), 'utf8');
    expect(modes('after')).toBe(modes('before'));
    // tmux does not tell of bracketed paste; the shell, which has not asked for it, must get plain text.
    terminal.paste('pasted for the shell');
    expect(await terminal.shows('pasted for the shell')).not.toContain('200~');
    return screen;
  }

  function demo(): string[] {
    target = new Running([DEMO, '--repeat', '0', '--pace', '100', '--dir', scratch]);
    return ['-p', String(target.pid)];
  }

  it.each(['q', 'F10', 'C-c'])('by %s: status 0, the text of what was seen stays', async (key) => {
    const dump = join(scratch, 'dump.txt');
    await open([...demo(), '--dump', dump]);
    await terminal.shows('demo.dat');
    expect(terminal.state().alternate).toBe(true);
    terminal.keys(key);
    const screen = await restored();
    expect(screen).toMatch(/Summary: major=\d+ minor=\d+ cow=\d+/);
    expect(screen).toContain('status=0');
    const text = readFileSync(dump, 'utf8');
    expect(text).toMatch(/^Summary: major=\d+ minor=\d+ cow=\d+/);
    expect(text).toMatch(/demand-zero +[\d,]+/);
    // Nothing unfinished beside it.
    expect(readdirSync(scratch).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    // An attached target is left alone.
    expect(alive(target!.pid)).toBe(true);
  });

  it.each([
    ['SIGTERM', 0],
    ['SIGINT', 0],
    ['SIGHUP', 128 + 1],
    ['SIGQUIT', 128 + 3],
  ] as const)('by %s: status %i', async (signal, status) => {
    const dump = join(scratch, 'dump.txt');
    const pid = await open([...demo(), '--mouse', '--dump', dump]);
    expect(terminal.state().mouse).toBe(true);
    process.kill(pid, signal);
    expect(await restored()).toContain(`status=${status}`);
    expect(readFileSync(dump, 'utf8')).toMatch(/^Summary: /);
  });

  it('by an exception: the terminal first, then what happened', async () => {
    const trap = join(scratch, 'trap.js');
    writeFileSync(trap, THROWS_WHEN_TOLD);
    const pid = await open(
      [...demo(), '--mouse'],
      [process.execPath, '--require', trap, `${ANALYZER}.js`],
    );
    process.kill(pid, 'SIGUSR1');
    const screen = await restored();
    expect(screen).toMatch(/^error: internal: thrown on purpose$/m);
    expect(screen).toMatch(/^Summary: major=/m);
    expect(screen).toContain('status=1');
  });

  it('when the target ends: it stays and says so, q leaves', async () => {
    await open(demo());
    target!.kill('SIGKILL');
    await terminal.shows('target has ended');
    terminal.keys('2');
    await terminal.shows('[2 Threads]');
    terminal.keys('q');
    expect(await restored()).toContain('status=0');
  });

  it('--exit-with-target: it leaves by itself', async () => {
    await open([...demo(), '--exit-with-target']);
    target!.kill('SIGKILL');
    expect(await restored()).toContain('status=0');
  });

  it('-d SEC: it leaves by itself', async () => {
    await open([...demo(), '-d', '2']);
    expect(await restored()).toContain('status=0');
  });

  it('Ctrl-Z gives the shell its terminal, fg brings the dashboard back', async () => {
    // With job control the stopped program is a job of this very shell.
    const command = quoted([ANALYZER, ...demo(), '--mouse']);
    terminal.enter('set -m');
    terminal.enter(command);
    await terminal.shows('[1 Regions]');
    terminal.keys('3');
    await terminal.shows('[3 Processes]');
    terminal.keys('C-z');
    await until('the shell', () => !terminal.state().alternate);
    terminal.enter('stty -a | grep -c -- -icanon; echo in the shell');
    // What is typed before the shell prompts has the prompt before its output.
    await terminal.shows(/^(# )?0\nin the shell/m);
    expect(terminal.state()).toEqual(RESTORED);
    terminal.resize(120, 35);
    terminal.enter('fg');
    // The footer is the last line of the new size.
    await terminal.shows(['[3 Processes]', /q quit.*\s*$/]);
    expect(terminal.state().mouse).toBe(true);
    terminal.keys('1');
    await terminal.shows('[1 Regions]');
    terminal.keys('q');
    await terminal.shows('Summary:', true);
    await until('the shell', () => !terminal.state().alternate);
    expect(terminal.state()).toEqual(RESTORED);
  });

  it('when the connection drops: the run ends, the dump is written, COMMAND is ended', async () => {
    const dump = join(scratch, 'dump.txt');
    const commandPid = join(scratch, 'command');
    const pid = await open([
      '--dump',
      dump,
      '--',
      'sh',
      '-c',
      `echo $$ > ${commandPid}; exec sleep 1000`,
    ]);
    await until('COMMAND', () => existsSync(commandPid) && readFileSync(commandPid, 'utf8') !== '');
    terminal.close();
    await until('the end of the analyzer', () => !alive(pid));
    expect(readFileSync(dump, 'utf8')).toMatch(/^Summary: /);
    expect(alive(Number(readFileSync(commandPid, 'utf8')))).toBe(false);
  });

  it('when the terminal is gone and no signal says so (EIO): the run ends, the dump is written', async () => {
    const dump = join(scratch, 'dump.txt');
    const pidFile = join(scratch, 'pid');
    target = new Running(['sleep', '300']);
    // In a session of its own, which the terminal does not control: nobody sends it SIGHUP.
    const script = `echo $$ > ${pidFile}; exec "$@"`;
    const under = ['setsid', '-w', 'sh', '-c', script, 'sh'];
    const pty = new PtyAnalyzer(['--dump', dump, '-p', String(target.pid)], 100, 30, under);
    await pty.shows(/q quit/);
    const pid = Number(readFileSync(pidFile, 'utf8'));
    expect(readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[6]).toBe('0'); // tty_nr
    pty.vanish();
    await until('the end of the analyzer', () => !alive(pid));
    expect(readFileSync(dump, 'utf8')).toMatch(/^Summary: /);
    expect(alive(target.pid)).toBe(true);
  });
});
