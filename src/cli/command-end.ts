import { constants } from 'node:os';
import { errorParts } from '../core/facts/errors';

/** The started COMMAND as seen from here; the addon's session has it. */
export interface CommandControl {
  /** Wait status, -1 while it runs. */
  commandStatus(): number;
  killCommand(signal: number): void;
}

const POLL_MS = 10;
const TERM_PATIENCE_MS = 2000;
const KILL_PATIENCE_MS = 1000;
/** After its last record the kernel still needs a moment to make a zombie of it. */
const REAP_PATIENCE_MS = 500;
/** WTERMSIG of a wait status: the signal that ended the process, 0 for an exit. */
const SIGNAL_MASK = 0x7f;

/**
 * The end of COMMAND after that of the capture: one that still runs gets SIGTERM, and SIGKILL two seconds
 * later. Returns how it ended in words: COMMAND's own status is reported, success too.
 */
export async function endCommand(
  command: CommandControl,
  targetEnded: boolean,
  sleep: (ms: number) => Promise<void>,
): Promise<string> {
  const wait = async (patienceMs: number): Promise<number> => {
    for (let waited = 0; waited < patienceMs; waited += POLL_MS) {
      const status = command.commandStatus();
      if (status !== -1) return status;
      await sleep(POLL_MS);
    }
    return command.commandStatus();
  };
  const status = targetEnded ? await wait(REAP_PATIENCE_MS) : command.commandStatus();
  if (status !== -1) return statusText(status);
  try {
    command.killCommand(constants.signals.SIGTERM);
  } catch (error) {
    // It has become a set-user-ID program, and we are not root.
    return `COMMAND could not be ended: ${errorParts(error).message}`;
  }
  const ended = await wait(TERM_PATIENCE_MS);
  if (ended !== -1) {
    // Nobody else is to be looked for as the killer.
    const byUs = (ended & SIGNAL_MASK) === constants.signals.SIGTERM;
    return byUs ? 'COMMAND was ended with SIGTERM' : statusText(ended);
  }
  command.killCommand(constants.signals.SIGKILL);
  const killed = await wait(KILL_PATIENCE_MS);
  return killed === -1 ? 'COMMAND did not end' : 'COMMAND ignored SIGTERM and was killed';
}

/** A wait status (wait(2)) in words, '' while there is none (-1). */
export function statusText(status: number): string {
  if (status === -1) return '';
  const signal = status & SIGNAL_MASK;
  if (signal !== 0) {
    const name = Object.entries(constants.signals).find(([, number]) => number === signal)?.[0];
    return `COMMAND was killed by ${name ?? `signal ${signal}`}`;
  }
  return `COMMAND exited with status ${(status >> 8) & 0xff}`;
}
