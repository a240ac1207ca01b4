import type { Inheritance } from '../sources/live/inheritance';
import { Terminals } from './terminals';
import { version } from './version';

/** What is known only at the start of the program. */
export interface Startup {
  /** Of the package, read now: an installation can be replaced during a long run. */
  readonly version: string;
  readonly terminals: Terminals;
  /** What a COMMAND gets as it was before Node. */
  readonly inherit: Inheritance;
  /** SIGHUP was ignored (nohup). */
  readonly ignoreHangup: boolean;
}

const SIGHUP_BIT = 1n;

/** Looks around, and prepares for an end without a terminal. */
export function startUp(inherit: Inheritance): Startup {
  const terminals = new Terminals();
  process.on('exit', () => {
    terminals.release();
  });
  const ignoreHangup = (inherit.ignored & SIGHUP_BIT) !== 0n;
  // Node has set it to its default, which would end us.
  if (ignoreHangup) process.on('SIGHUP', () => undefined);
  return { version: version(), terminals, inherit, ignoreHangup };
}
