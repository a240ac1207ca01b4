import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { ANALYZER, workload } from '../support/build';
import { Running, run, until } from '../support/running';

const { EACCES, ENOSYS, EPERM } = constants.errno;
const NOBODY = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', '--'];

describe('perf_event_open is refused', () => {
  const refused = (errno: number, user: readonly string[] = []): ReturnType<typeof run> =>
    run([workload('refuse'), String(errno), ...user, ANALYZER, '-q', '--', 'true']);

  test.each([
    ['EPERM', EPERM],
    ['EACCES', EACCES],
    ['ENOSYS', ENOSYS],
  ])('to root by a seccomp filter with %s: it is named, with the remedy', async (_, errno) => {
    const { status, stdout, stderr } = await refused(errno);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(
      /^error: a seccomp filter refuses perf_event_open \(Seccomp: 2 [^\n]*\n$/,
    );
    expect(stderr).toContain('--cap-add PERFMON');
  });

  test('to an ordinary user with EACCES: rights are as likely', async () => {
    const { status, stderr } = await refused(EACCES, NOBODY);
    expect(status).toBe(2);
    expect(stderr).not.toContain('seccomp');
    expect(stderr).toMatch(/^error: [^\n]*(permission|paranoid)[^\n]*\n$/);
  });
});

test('a number from within a container: the one that it has here is told', async () => {
  const inside = new Running([
    'unshare',
    '--pid',
    '--fork',
    '--mount-proc',
    '--kill-child',
    'sh',
    '-c',
    // Numbers so high that no process of this machine is likely to have one.
    'echo 4190000 > /proc/sys/kernel/ns_last_pid; sleep 1000 & echo $!; wait',
  ]);
  try {
    const inner = await until('its number there', () => Number(inside.stdout) || undefined);
    const { status, stderr } = await run([ANALYZER, '-q', '-p', String(inner)]);
    expect(status).toBe(2);
    const [, outer] =
      /^error: no such process: \d+ is a number within another pid namespace \(a container\): here it is process (\d+) \(sleep\)\n$/.exec(
        stderr,
      ) ?? [];
    expect(readFileSync(`/proc/${outer}/status`, 'utf8')).toMatch(
      new RegExp(`^NSpid:\\t${outer}\\t(\\d+\\t)*${inner}$`, 'm'),
    );
  } finally {
    inside.kill('SIGKILL');
    await inside.ended;
  }
});
