import { waiting } from '../../support/analyzer';
import { workload } from '../../support/build';
import { until } from '../../support/running';
import type { Running } from '../../support/running';

/** What Capture.finish() of session.js gives. */
export interface Finished {
  readonly completed: number;
  readonly kernel: number;
  readonly exact: boolean;
  readonly counters: Record<string, number>;
  readonly info: Info;
  readonly byTid: readonly (readonly [number, number])[];
  readonly pids: readonly number[];
  /** tid and address of each fault, where the script asked for them. */
  readonly addresses?: readonly (readonly [number, number])[];
}
export interface Info {
  readonly entrySource: string;
  readonly unmapTracepoints: boolean;
  readonly userOnly: boolean;
  readonly wide: boolean;
  readonly descriptors: number;
  readonly ringBytes: number;
  readonly notices: readonly Notice[];
}
export interface Notice {
  readonly code: string;
  readonly errno: number;
  readonly detail: string;
}

/** captured + lost + dropped is what the kernel counted: nothing is missing without being said. */
export function accounted({ completed, kernel, counters }: Finished): void {
  const missing = ['lostMinor', 'lostMajor', 'mailboxMinor', 'mailboxMajor'];
  expect(completed + missing.reduce((sum, name) => sum + counters[name]!, 0)).toBe(kernel);
}

/**
 * A process in an endless storm of faults on two threads. It is stopped until a session of `body` begins (Capture of
 * session.js): while node starts nobody looks at its faults, which take both CPUs.
 */
export async function withStorm(body: (pid: number) => Promise<void>): Promise<void> {
  const storm = await waiting([workload('storm'), '--seconds', '300', '--threads', '2']);
  storm.write('\n');
  process.kill(storm.pid, 'SIGSTOP');
  try {
    await body(storm.pid);
  } finally {
    storm.kill('SIGKILL');
    await storm.ended;
  }
}

/** A script (startScript) has printed that its session captures. */
export async function isUp(script: Running): Promise<void> {
  await Promise.race([
    until('a session', () => script.stdout.includes('up'), 60_000),
    script.ended.then(({ stdout, stderr }) => {
      if (!stdout.includes('up')) throw new Error(`no session: ${stdout}${stderr}`);
    }),
  ]);
}
