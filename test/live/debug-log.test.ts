import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { analyze, startAnalyzer, waiting } from '../support/analyzer';
import { workload } from '../support/build';
import { PtyAnalyzer } from '../support/pty';
import { attached, until } from '../support/running';
import { removeScratch, scratchDirectory } from '../support/scratch';

let scratch: string;
beforeAll(() => {
  scratch = scratchDirectory();
});
afterAll(() => {
  removeScratch(scratch);
});

test('says what was opened, and what was read of the maps; nothing without being asked', async () => {
  const target = await waiting([workload('brkheap')]);
  const tracer = startAnalyzer(['-q', '-p', String(target.pid)], {
    env: { PAGEFAULT_DEBUG: 'capture,maps' },
  });
  await attached(tracer);
  target.write('\n');
  await target.ended;
  const { stderr, status } = await tracer.ended;
  expect(status).toBe(0);
  expect(stderr).toMatch(
    new RegExp(
      `^debug: \\d+\\.\\d ms capture: pids ${target.pid} from .*"entrySource":"tracepoint"`,
      'm',
    ),
  );
  expect(stderr).toMatch(new RegExp(`^debug: .* maps: maps of ${target.pid}: `, 'm'));
  expect(stderr).toMatch(/^debug: .* capture: stopped: target$/m);
  expect((await analyze(['-q', '--', 'true'])).stderr).not.toMatch(/debug/);
});

test('one topic alone; what is none is named', async () => {
  const { stderr } = await analyze(['-q', '--', 'true'], {
    env: { PAGEFAULT_DEBUG: 'capture,screen' },
  });
  expect(stderr).toMatch(/^note: PAGEFAULT_DEBUG: 'screen' is none of capture, maps$/m);
  expect(stderr).toMatch(/^debug: .* capture: /m);
  expect(stderr).not.toMatch(/^debug: .* maps: /m);
});

test('the dashboard has a file for it', async () => {
  const under = ['env', '-C', scratch, 'PAGEFAULT_DEBUG=capture'];
  const pty = new PtyAnalyzer(['--', 'sleep', '1000'], 80, 24, under);
  await until('the log', () => {
    try {
      return readFileSync(join(scratch, 'pagefault-debug.log'), 'utf8').includes('COMMAND');
    } catch {
      return false;
    }
  });
  pty.type('q');
  expect(await pty.exited).toBe(0);
});
