import type { Inheritance } from '../sources/live/inheritance';
import { DEBUG_TOPICS, debugTopics } from '../core/facts/debug';
import type { DebugTopic } from '../core/facts/debug';
import { say } from './stderr';
import { Terminals } from './terminals';
import { version } from './version';
import { capYoungGeneration } from './young-generation';

/** What is known only at the start of the program. */
export interface Startup {
  /** Of the package, read now: an installation can be replaced during a long run. */
  readonly version: string;
  readonly terminals: Terminals;
  /** What a COMMAND gets as it was before Node. */
  readonly inherit: Inheritance;
  /** SIGHUP was ignored (nohup). */
  readonly ignoreHangup: boolean;
  /** What PAGEFAULT_DEBUG asks for. */
  readonly debugTopics: readonly DebugTopic[];
}

const SIGHUP_BIT = 1n;

/** Looks around, and prepares for an end without a terminal. */
export function startUp(inherit: Inheritance): Startup {
  capYoungGeneration();
  const terminals = new Terminals();
  process.on('exit', () => {
    terminals.release();
  });
  const ignoreHangup = (inherit.ignored & SIGHUP_BIT) !== 0n;
  // Node has set it to its default, which would end us.
  if (ignoreHangup) process.on('SIGHUP', () => undefined);
  const { topics, unknown } = debugTopics(process.env.PAGEFAULT_DEBUG ?? '');
  for (const name of unknown) {
    say(`note: PAGEFAULT_DEBUG: '${name}' is none of ${DEBUG_TOPICS.join(', ')}`);
  }
  return { version: version(), terminals, inherit, ignoreHangup, debugTopics: topics };
}
