import { readdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { analyzerCommand } from '../support/analyzer';
import { childrenOf } from '../support/processes';
import { attached, Running, until } from '../support/running';

/** Priority of a thread (proc(5), stat, field 19), with its name. */
function niceOf(pid: number, tid = pid): { name: string; nice: number } {
  const stat = readFileSync(`/proc/${pid}/task/${tid}/stat`, 'utf8');
  const end = stat.lastIndexOf(')');
  return {
    name: stat.slice(stat.indexOf('(') + 1, end),
    nice: Number(stat.slice(end + 2).split(' ')[16]),
  };
}

async function started(nice: number): Promise<{ tracer: Running; command: number }> {
  const command = ['--ready-fd', '3', '-q', '--', 'sh', '-c', 'echo $$; exec sleep 1000'];
  // nice(1) adds to what we have, and the tests may run at another priority than 0.
  const words = ['nice', '-n', String(nice - getPriority()), ...analyzerCommand(command)];
  const tracer = new Running(words, { tellsReady: true });
  await attached(tracer);
  const pid = await until('COMMAND', () => /^\d+$/m.exec(tracer.stdout)?.[0]);
  return { tracer, command: Number(pid) };
}

const threads = (pid: number): { name: string; nice: number }[] =>
  readdirSync(`/proc/${pid}/task`).map((tid) => niceOf(pid, Number(tid)));

test.each([
  [0, -10],
  [5, 5],
])(
  'started with nice %i: what reads runs at %i, COMMAND and readers at what we had',
  async (given, reads) => {
    const { tracer, command } = await started(given);
    expect(niceOf(tracer.pid).nice).toBe(reads);
    expect(threads(tracer.pid).find(({ name }) => name === 'pf-poller')?.nice).toBe(reads);
    expect(niceOf(command).nice).toBe(given);
    for (const child of childrenOf(tracer.pid)) expect(niceOf(child).nice).toBe(given);
    tracer.kill('SIGINT');
    expect((await tracer.ended).status).toBe(0);
  },
);
