import { readFileSync } from 'node:fs';
import { attached, eventsOpened, Running, until } from './running';
import type { Ended } from './running';

export interface Counted {
  readonly minor: number;
  readonly major: number;
}

/**
 * `perf stat`'s counts of processes (commas between), their threads and children from now to their end. In a mount
 * namespace of its own: perf mounts tracefs where it is not, and leaves it so.
 */
export function startPerfStat(pids: number | string): Running {
  return new Running([
    'unshare',
    '--mount',
    'perf',
    'stat',
    '-x',
    ',',
    '-e',
    'minor-faults,major-faults',
    '-p',
    String(pids),
  ]);
}

/** `perf record` of every fault of user code, in a mount namespace of its own as well. */
export function startPerfRecord(pid: number, data: string): Running {
  const events = ['-e', 'page-faults:u', '-c', '1', '-m', '8M'];
  const command = ['perf', 'record', '-q', ...events, '-o', data, '-p', String(pid)];
  return new Running(['unshare', '--mount', ...command]);
}

/**
 * The same with call stacks. Unwound are those of the tracepoint: with a page-faults event beside one of ours, the
 * kernel copies the stack once for both, at a place that is right for one of them.
 */
export function startPerfStacks(pid: number, data: string, mode: 'fp' | 'dwarf'): Running {
  const event =
    mode === 'fp'
      ? ['-e', 'page-faults:u', '-d', '--call-graph', 'fp']
      : ['-e', 'exceptions:page_fault_user', '--call-graph', 'dwarf,8192'];
  const command = ['perf', 'record', '-q', ...event, '-c', '1', '-m', '16M', '-o', data];
  return new Running(['unshare', '--mount', ...command, '-p', String(pid)]);
}

/** Waits until `perf record` takes what happens: it turns its events on before it waits for records. */
export async function recordingStarted(perf: Running): Promise<void> {
  await eventsOpened(perf);
  await until('perf record to wait for records', () =>
    readFileSync(`/proc/${perf.pid}/wchan`, 'latin1').includes('poll'),
  );
}

export function perfCounts(ended: Ended): Counted {
  const count = (event: string): number => {
    const line = ended.stderr.split('\n').find((text) => text.includes(event));
    const value = Number(line?.split(',')[0]);
    if (!Number.isInteger(value)) throw new Error(`perf stat: ${ended.stderr}`);
    return value;
  };
  return { minor: count('minor-faults'), major: count('major-faults') };
}

/** A shell that waits for a line, then becomes the command: all tracers can attach beforehand. */
export async function heldBack(command: readonly string[], cwd: string): Promise<Running> {
  const script = 'echo ready; read -r go; exec "$@"';
  const target = new Running(['sh', '-c', script, 'sh', ...command], { cwd });
  await until('the shell', () => target.stdout.startsWith('ready'));
  return target;
}

/** Runs a command under `perf stat` and a second tracer at once: the counts are of the same run. */
export async function besidePerfStat(
  command: readonly string[],
  cwd: string,
  startTracer: (pid: number) => Running,
): Promise<{ readonly target: Ended; readonly tracer: Ended; readonly perf: Counted }> {
  const target = await heldBack(command, cwd);
  const perf = startPerfStat(target.pid);
  const tracer = startTracer(target.pid);
  await eventsOpened(perf);
  await attached(tracer);
  target.write('\n');
  target.closeInput();
  return {
    target: await target.ended,
    tracer: await tracer.ended,
    perf: perfCounts(await perf.ended),
  };
}
