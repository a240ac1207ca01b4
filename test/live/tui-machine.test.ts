import { ANALYZER, DEMO } from '../support/build';
import { Running } from '../support/running';
import { removeScratch, scratchDirectory } from '../support/scratch';
import { quoted, Tmux } from '../support/tmux';

const NOBODY = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', '--'];

describe('without an argument in a terminal', () => {
  let terminal: Tmux;
  let targets: Running[] = [];
  const directories: string[] = [];

  beforeEach(() => {
    terminal = new Tmux(160, 40);
  });

  afterEach(async () => {
    for (const target of targets) target.kill('SIGKILL');
    await Promise.all(targets.map((target) => target.ended));
    targets = [];
    terminal.close();
    for (const directory of directories.splice(0)) removeScratch(directory);
  });

  function demo(): Running {
    const directory = scratchDirectory();
    directories.push(directory);
    const target = new Running([DEMO, '--repeat', '0', '--pace', '100', '--dir', directory]);
    targets.push(target);
    return target;
  }

  it('shows all processes; those that are tagged are opened together, and Esc comes back', async () => {
    const pids = [demo(), demo()].map(({ pid }) => String(pid));
    terminal.enter(`${quoted([ANALYZER])}; echo status=$?`);
    await terminal.shows(['[3 Processes]', 'q quit']);
    terminal.keys('/');
    const filter = pids.map((pid) => `pid:${pid}`).join(' or ');
    terminal.type(filter);
    terminal.keys('Enter', 'g');
    await terminal.shows([`filter: ${filter}`, ...pids.map((pid) => ` ${pid} `)]);
    terminal.keys('Home', 't', 't');
    const table = await terminal.shows('2 tagged');
    expect(table.match(/^[ >]\*/gm)).toHaveLength(2);
    terminal.keys('Enter');
    // Both are in detail, of the same capture.
    const opened = await terminal.shows([
      /2 tagged processes: .*/,
      /hits .*demo\.dat/,
      'demand-zero',
    ]);
    for (const pid of pids) expect(opened).toMatch(new RegExp(`2 tagged .*pagefault-demo ${pid}`));
    // The tag is of the process: one that ends keeps it.
    targets[0]!.kill('SIGKILL');
    await terminal.shows(`pagefault-demo ${pids[0]!} (ended)`);
    terminal.keys('Escape');
    await terminal.shows(['[3 Processes]', '2 tagged', /^[ >]\*/m]);
    terminal.keys('U', 'q');
    await terminal.shows('status=0', true);
  });

  it('tells an ordinary user in one line what may be traced', async () => {
    terminal.enter(`clear; ${quoted([...NOBODY, ANALYZER])}; echo status=$?`);
    const screen = await terminal.shows('status=2');
    const said = screen.split('\n').filter((line) => line !== '' && !/^(status=|[$#])/.test(line));
    expect(said.join('')).toMatch(/^error: no permission to watch other processes: .* -p PID$/);
  });
});
