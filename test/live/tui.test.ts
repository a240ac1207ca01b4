import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { analyze } from '../support/analyzer';
import { ANALYZER, DEMO, workload } from '../support/build';
import { faulting } from '../support/processes';
import { Running } from '../support/running';
import { removeScratch, scratchDirectory } from '../support/scratch';
import { quoted, Tmux } from '../support/tmux';

describe('the dashboard of the real program', () => {
  let terminal: Tmux;
  let targets: Running[];
  let scratch: string;

  beforeEach(() => {
    scratch = scratchDirectory();
    targets = [];
  });

  afterEach(async () => {
    for (const target of targets) target.kill('SIGKILL');
    await Promise.all(targets.map((target) => target.ended));
    terminal.close();
    removeScratch(scratch);
  });

  function start(command: readonly string[]): Running {
    const target = new Running(command);
    targets.push(target);
    return target;
  }

  function open(
    args: readonly string[],
    env: Record<string, string> = {},
    columns = 100,
    rows = 30,
  ): Tmux {
    terminal = new Tmux(columns, rows);
    // tmux gives its windows a TERM of its own; the program gets the one of the test.
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    const command = quoted(['env', ...variables, ANALYZER, ...args]);
    terminal.enter(`${command}; echo status=$?`);
    return terminal;
  }

  const demo = (): Running => start([DEMO, '--repeat', '0', '--pace', '100', '--dir', scratch]);

  it('shows every class of the demo, its output, and ends it on leaving', async () => {
    open(['demo', '--pace', '50', '--dir', scratch]);
    await terminal.shows('demo.dat');
    await terminal.shows([/ERR [1-9]/, /MAJ [1-9]\d* .*MIN [1-9]\d* .*COW [1-9]/, 'full capture']);
    terminal.keys('7');
    await terminal.shows('demand-zero');
    terminal.keys('q');
    const text = await terminal.shows('status=0', true);
    expect(text).toContain('last lines of COMMAND');
  });

  it('takes a COMMAND apart from the screen: input empty, output kept and written to a file', async () => {
    const log = join(scratch, 'output.txt');
    const script = 'cat; echo to stdout; echo to stderr >&2; printf "\\033[2Jhostile\\n"; exit 3';
    open(['--command-output', log, '--', 'sh', '-c', script]);
    await terminal.shows('COMMAND exited with status 3');
    terminal.keys('7');
    await terminal.shows(['to stdout', 'to stderr', '?[2Jhostile']);
    terminal.keys('q');
    await terminal.shows('status=0', true);
    expect(readFileSync(log, 'latin1')).toBe('to stdout\nto stderr\n\x1b[2Jhostile\n');
  });

  it('filters, opens a region, and writes its data', async () => {
    open(['-p', String(demo().pid)], {}, 140, 40);
    await terminal.shows('demo.dat');
    terminal.keys('/');
    terminal.type('region:demo.dat class:major');
    await terminal.shows('filter: region:demo.dat class:major');
    terminal.keys('Enter');
    await terminal.shows('filter: region:demo.dat class:major');
    terminal.keys('Enter');
    await terminal.shows(/where +\S{64}/);
    terminal.keys('Escape');
    await terminal.shows('sort:');
    terminal.keys('w', 'C-u');
    const file = join(scratch, 'rows.json');
    terminal.type(file);
    terminal.keys('Enter');
    await terminal.shows('written to');
    const { rows } = JSON.parse(readFileSync(file, 'utf8')) as {
      rows: { label: string; major: number }[];
    };
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) {
      expect(row.label).toBe('demo.dat');
      expect(row.major).toBeGreaterThan(0);
    }
    terminal.keys('q');
    await terminal.shows('status=0', true);
  });

  it('takes a paste for text, the keypad for digits, and Ctrl-L for drawing anew', async () => {
    open(['-p', String(demo().pid)]);
    await terminal.shows('[1 Regions]');
    expect(terminal.state().keypad).toBe(false);
    // Keys of a keypad that is in application mode all the same.
    terminal.bytes('\x1bOr');
    await terminal.shows('[2 Threads]');
    terminal.bytes('\x1bOk');
    await terminal.shows(/every 2 s/);
    terminal.bytes('\x1bOm');
    await terminal.shows(/every 1 s/);
    // Outside of a prompt nothing: neither another view nor the end.
    terminal.paste('4zq\n');
    terminal.keys('/');
    terminal.paste('region:demo\nq\n');
    await terminal.shows('filter: region:demo q');
    terminal.keys('Escape', '1');
    const before = await terminal.shows('[1 Regions]');
    expect(before).not.toContain('counters set to zero');
    // Somebody else writes on the terminal.
    writeFileSync(terminal.tty(), '\x1b[H\x1b[Jwall message');
    await terminal.shows('wall message');
    terminal.keys('C-l');
    const after = await terminal.shows([/^ pagefault-demo \d+/, 'q quit']);
    expect(after).not.toContain('wall message');
    terminal.keys('q');
    await terminal.shows('status=0', true);
  });

  it('follows the size of the window, 20x5 and back', async () => {
    open(['-p', String(demo().pid)]);
    await terminal.shows('[1 Regions]');
    terminal.resize(20, 5);
    await terminal.shows('too small');
    terminal.resize(200, 50);
    // A table that is wider than the screen was, and a pane beside it. Which columns it has depends on the rows: an ERR
    // takes the place of PAGES.
    await terminal.shows(/^ +REGION .{90,}│/m);
    terminal.resize(80, 24);
    await terminal.shows([/^ pagefault-demo \d+/, 'q quit']);
    terminal.keys('q');
    await terminal.shows('status=0', true);
  });

  it.each([
    [{ TERM: 'screen-256color' }, '▼'],
    [{ TERM: 'xterm-kitty' }, '▼'],
    [{ LANG: 'C', LC_ALL: 'C' }, 'STALL/sv'],
    [{ TERM: 'linux' }, 'STALL/sv'],
    [{ TERM: 'no-such-terminal', NO_COLOR: '1' }, '▼'],
  ])('draws on %j', async (env, mark) => {
    open(['-p', String(demo().pid)], env);
    const screen = await terminal.shows(['demo.dat', mark, /^ pagefault-demo \d+/]);
    if (mark === 'STALL/sv') expect(screen).toMatch(/^[\x20-\x7e\n]*$/);
    terminal.keys('q');
    await terminal.shows('status=0', true);
  });

  it('TERM=dumb and no terminal: the stream, and a line that says so', async () => {
    open(['-d', '1', '--', 'true'], { TERM: 'dumb' });
    const screen = await terminal.shows('status=0', true);
    expect(screen).toContain('TERM=dumb');
    expect(screen).toMatch(/Summary: /);
    const piped = await analyze(['--tui', '--', 'true']);
    expect(piped.status).toBe(0);
    expect(piped.stderr).toContain('the dashboard needs a terminal');
    expect(piped.stdout).toMatch(/Summary: /);
  });

  it('finds an unwritable --dump at the start, before COMMAND has run', async () => {
    const marker = join(scratch, 'ran');
    open(['--dump', '/proc/nowhere/dump.txt', '--', 'touch', marker]);
    const screen = await terminal.shows('status=2');
    expect(screen).toContain('cannot write to /proc/nowhere/dump.txt');
    expect(existsSync(marker)).toBe(false);
  });

  it('shows a thread that hangs in a fault while it hangs', async () => {
    open(['--', workload('stuck'), '--ms', '60000'], {}, 140, 30);
    expect(await terminal.shows(/in flight: tid \d+ at 0x[0-9a-f]+/)).toBeTruthy();
    // The one thread, all of the time, and no more than that.
    expect(await terminal.shows(/stall ms\/s .* peak (999|100\d)/)).toBeTruthy();
    terminal.keys('q');
    await terminal.shows('status=0', true);
  });

  it('answers keys and loses nothing under a storm on all CPUs', async () => {
    const storm = start([workload('storm'), '--threads', '2', '--seconds', '60']);
    open(['-p', String(storm.pid)], {}, 120, 30);
    await terminal.shows('[1 Regions]');
    await faulting(storm.pid, 100_000);
    for (let k = 0; k < 12; k++) {
      const view = k % 2 === 0 ? '2' : '1';
      terminal.keys(view);
      await terminal.shows(view === '2' ? '[2 Threads]' : '[1 Regions]');
    }
    const screen = await terminal.shows(/fair sample: 1 of [\d,]+ MINOR/);
    expect(screen).not.toMatch(/LOST/);
    terminal.keys('q');
    const text = await terminal.shows('status=0', true);
    expect(text).not.toMatch(/lost=/);
  });

  it('is the default on a terminal, --stream is not', async () => {
    open(['--stream', '-n', '3', '--', 'true']);
    await terminal.shows('Summary:');
    expect(terminal.state().alternate).toBe(false);
  });
});
