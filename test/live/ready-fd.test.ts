import { readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { analyze, analyzerCommand, startAnalyzer } from '../support/analyzer';
import { PtyAnalyzer } from '../support/pty';
import { Running, until } from '../support/running';
import { removeScratch, scratchDirectory } from '../support/scratch';

let scratch: string;
beforeAll(() => {
  scratch = scratchDirectory();
});
afterAll(() => {
  removeScratch(scratch);
});

const SLEEPER = ['sh', '-c', 'echo $$; exec sleep 1000'];

test('one newline when capture is on; COMMAND does not get the descriptor', async () => {
  const tracer = startAnalyzer(['-q', '--', ...SLEEPER]);
  await tracer.ready;
  const pid = await until('COMMAND', () => /^\d+$/m.exec(tracer.stdout)?.[0]);
  expect(() => readlinkSync(`/proc/${pid}/fd/3`)).toThrow('ENOENT');
  tracer.kill('SIGINT');
  expect(await tracer.ended).toMatchObject({ status: 0 });
});

test('its neighbours are still passed on, and whoever waits for its end is not kept', async () => {
  const file = join(scratch, 'told');
  const command = [
    'sh',
    '-c',
    'echo "$(readlink /proc/self/fd/4) $(readlink /proc/self/fd/6)"; ls /proc/self/fd/5',
  ];
  const run = [...analyzerCommand(['--ready-fd', '5', '-q', '--', ...command])];
  const script = 'exec "$@" 4</dev/zero 5>"$0" 6</dev/null';
  const ended = await new Running(['bash', '-c', script, file, ...run], { input: '' }).ended;
  expect(readFileSync(file, 'utf8')).toBe('\n');
  expect(ended.stdout).toMatch(/^\/dev\/zero \/dev\/null\nSummary: /);
});

test('the dashboard tells too', async () => {
  const file = join(scratch, 'dashboard');
  const under = ['bash', '-c', 'exec "$@" 7>"$0"', file];
  const args = ['--ready-fd', '7', '--', ...SLEEPER];
  const pty = new PtyAnalyzer(args, 80, 24, under);
  await until('the newline', () => {
    try {
      return readFileSync(file, 'utf8') === '\n';
    } catch {
      return false;
    }
  });
  pty.type('q');
  expect(await pty.exited).toBe(0);
});

test('a descriptor that is not open: one line, status 2', async () => {
  const ended = await analyze(['--ready-fd', '9', '-q', '--', 'true']);
  expect(ended).toMatchObject({
    status: 2,
    stdout: '',
    stderr: 'error: --ready-fd: descriptor 9 is not open (a shell opens it with 9>FILE)\n',
  });
});
