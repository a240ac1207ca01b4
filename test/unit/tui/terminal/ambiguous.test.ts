import { cellText } from '../../../../src/tui/terminal/cell-width';
import { DashboardApp } from '../../../../src/tui/app';
import { FakeSource } from '../../../support/fake-source';
import { FakeInput, FakeOutput } from '../../../support/terminal';

const PROBE = '\x1b[6n';

/** A dashboard on a terminal that answers what it is asked for the cursor. */
function onTerminal(answer: string, env: Record<string, string>): [DashboardApp, FakeOutput] {
  const [input, output] = [new FakeInput(), new FakeOutput(80, 24)];
  let asked = 0;
  output.onWrite = (text) => {
    if (!text.includes(PROBE)) return;
    asked++;
    setImmediate(() => {
      input.type(answer);
    });
  };
  const app = new DashboardApp(new FakeSource(), {
    screen: { input, output, env, ascii: false, stopProcess: () => undefined },
    intervalMs: 250,
    now: () => performance.now(),
  });
  expect(asked).toBe(env.LANG === 'C' ? 0 : 1);
  return [app, output];
}

async function settled(output: FakeOutput, until: RegExp): Promise<string> {
  for (let k = 0; k < 200; k++) {
    const text = (await output.screen()).join('\n');
    if (until.test(text)) return text;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`not shown: ${String(until)}\n${(await output.screen()).join('\n')}`);
}

const UTF8 = { TERM: 'xterm-256color', LANG: 'ja_JP.UTF-8' };

test('a terminal that gives two cells to what is ambiguous gets nothing of that kind', async () => {
  const [app, output] = onTerminal('\x1b[2;3R', UTF8);
  const text = await settled(output, /STALL\/sv/);
  expect(text).toContain('data.db');
  expect(text).toMatch(/^[\x20-\x7e\n]*$/);
  app.quit();
  await app.done;
});

test.each([
  ['one cell', '\x1b[2;2R'],
  ['no answer', ''],
  ['an answer of another question', '\x1b[7;3R'],
])('with %s everything is drawn, and the probe is gone', async (_, answer) => {
  const [app, output] = onTerminal(answer, UTF8);
  const text = await settled(output, /STALL\/s▼/);
  expect(text.split('\n')[1]).toMatch(/^ (?:FINE|LOOK|PROBLEM) /);
  app.quit();
  await app.done;
});

test('nobody asks where everything is ASCII', async () => {
  const [app, output] = onTerminal('', { TERM: 'xterm', LANG: 'C' });
  await settled(output, /STALL\/sv/);
  app.quit();
  await app.done;
});

test('of names is shown there what is wide for certain', () => {
  expect(cellText('db-数据-é-д-x', 'wide')).toBe('db-数据-?-?-x');
  expect(cellText('db-数据-é', 'all')).toBe('db-数据-é');
});
