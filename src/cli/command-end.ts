import { constants } from 'node:os';

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

/**
 * The end of COMMAND after that of the capture: one that still runs gets SIGTERM, and SIGKILL two seconds
 * later. Returns what to say about it, '' for an end that needs no words (status 0, our own SIGTERM).
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
  command.killCommand(constants.signals.SIGTERM);
  if ((await wait(TERM_PATIENCE_MS)) !== -1) return '';
  command.killCommand(constants.signals.SIGKILL);
  const killed = await wait(KILL_PATIENCE_MS);
  return killed === -1 ? 'COMMAND did not end' : 'COMMAND ignored SIGTERM and was killed';
}

/** A wait status (wait(2)) in words, '' for success. */
export function statusText(status: number): string {
  const signal = status & 0x7f;
  if (signal !== 0) {
    const name = Object.entries(constants.signals).find(([, number]) => number === signal)?.[0];
    return `COMMAND was killed by ${name ?? `signal ${signal}`}`;
  }
  const code = (status >> 8) & 0xff;
  return code === 0 ? '' : `COMMAND exited with status ${code}`;
}
