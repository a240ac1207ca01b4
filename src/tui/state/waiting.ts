import type { Picture } from './picture';

/** The states of a process (proc_pid_stat(5)) in words. */
const STATE_WORDS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    R: 'running',
    S: 'sleeping',
    D: 'in disk wait',
    T: 'stopped',
    t: 'traced',
    Z: 'zombie',
    X: 'dead',
    I: 'idle',
  }),
);

export function stateText(state: string): string {
  return STATE_WORDS.get(state) ?? state;
}

/** What is counted is told to be late when it is that old, ns. */
const LATE_NS = 0.5e9;

/** By how much the counters lag behind what happens: `2.1 s behind`; '' where that is next to nothing. */
export function lateText({ behindNs = 0 }: Picture['header']): string {
  return behindNs < LATE_NS ? '' : `${(behindNs / 1e9).toFixed(1)} s behind`;
}

/**
 * What is to be said before the first fault: for how long there was none, and what the target does meanwhile; or that
 * faults have come and are not counted yet.
 */
export function waitingWords({ header, snapshot: { elapsed } }: Picture): string {
  const late = lateText(header);
  if (late !== '') return `${late}: what has happened since is not counted yet`;
  const { targets } = header;
  const seconds = Math.floor(elapsed / 1e9);
  const states = new Set(targets.map(({ state }) => state));
  const [target] = targets;
  const who =
    target === undefined || target.state === ''
      ? ''
      : targets.length === 1
        ? `; the process is ${stateText(target.state)}`
        : `; the ${targets.length} processes are ${states.size === 1 ? stateText(target.state) : 'there'}`;
  // Of less than a second nothing is to be said: right after `z` the kernel has counted what is on its way.
  return seconds < 1
    ? `waiting for the first fault${who}`
    : `waiting: no fault yet in ${seconds} s${who}`;
}
