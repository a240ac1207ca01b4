import { ANALYZER, workload } from '../support/build';
import { Running, until } from '../support/running';

/**
 * Starts the analyzer with a socket as stdout (and stderr) that nobody reads, in blocking mode, as inetd,
 * systemd and Node's child_process do. Prints its pid once the socket is full, then how it ended.
 */
const UNDER_A_SOCKET = `
import select, socket, subprocess, sys, time
ours, theirs = socket.socketpair()
ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
process = subprocess.Popen(sys.argv[2:], stdout=theirs, stderr=theirs if sys.argv[1] == 'both' else None)
while select.select([], [theirs], [], 0)[1] and process.poll() is None: time.sleep(0.01)
theirs.close()
print(process.pid, flush=True)
if sys.stdin.readline() == 'read\\n':
  while ours.recv(1 << 20): pass
print(process.wait(), flush=True)
`;

function underASocket(stderr: 'both' | 'apart', args: readonly string[]): Running {
  return new Running(['python3', '-c', UNDER_A_SOCKET, stderr, ANALYZER, ...args]);
}

const STORM = ['--', workload('storm'), '--seconds', '600', '--threads', '1', '--pause', '20'];

describe('stdout is a socket whose reader stands still', () => {
  test.each(['apart', 'both'] as const)(
    '-d ends the capture, and the run once it is read again; stderr %s',
    async (stderr) => {
      const running = underASocket(stderr, ['-d', '1', ...STORM]);
      await until('the socket is full', () => running.stdout.includes('\n'));
      running.write('read\n');
      const { stdout } = await running.ended;
      expect(stdout.split('\n')[1]).toBe('0');
    },
  );

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s ends the run', async (signal) => {
    const running = underASocket('apart', STORM);
    const pid = await until(
      'the socket is full',
      () => Number(running.stdout.split('\n')[0]) || undefined,
    );
    process.kill(pid, signal);
    running.closeInput();
    const { stdout } = await running.ended;
    expect(stdout.split('\n')[1]).toBe('0');
  });
});
