import { parseStat, parseSyscall } from '../proc/proc-parse';
import type { ThreadTexts } from '../reader/requests';
import type { TargetReader } from '../reader/target-reader';

/** Threads of one request: one that is late costs the answers about all of them. */
const MAX_THREADS = 128;

/** A thread, and the instruction at which it entered a fault. */
export interface EnteredFault {
  readonly pid: number;
  readonly tid: number;
  readonly ip: bigint;
}

/**
 * Tells later, once, which of some faults are still being handled: their threads sleep in user mode at the instruction that
 * faulted. In the order of `faults`.
 */
export function askBlocked(
  reader: Pick<TargetReader, 'threads'>,
  faults: readonly EnteredFault[],
  told: (blocked: readonly boolean[]) => void,
): void {
  const blocked = faults.map(() => false);
  const requests = requestsOf(faults);
  let open = requests.length;
  if (open === 0) told(blocked);
  for (const places of requests) {
    const tids = places.map((place) => faults[place]!.tid);
    reader.threads(faults[places[0]!]!.pid, tids, (threads) => {
      places.forEach((place, k) => {
        blocked[place] = threads !== null && isBlockedAt(threads[k]!, faults[place]!.ip);
      });
      if (--open === 0) told(blocked);
    });
  }
}

/** The places of the faults of one process each: one that does not let itself be looked at is no harm to the others. */
function requestsOf(faults: readonly EnteredFault[]): number[][] {
  const requests: number[][] = [];
  const last = new Map<number, number[]>();
  faults.forEach(({ pid }, place) => {
    let places = last.get(pid);
    if (places === undefined || places.length >= MAX_THREADS) {
      places = [];
      last.set(pid, places);
      requests.push(places);
    }
    places.push(place);
  });
  return requests;
}

function isBlockedAt({ syscall, stat }: ThreadTexts, ip: bigint): boolean {
  const state = parseSyscall(syscall);
  if (state === null || !state.blocked || state.inSyscall || state.pc !== ip) return false;
  // A signal may have stopped it: it then waits for another one.
  const thread = parseStat(stat);
  return thread !== null && thread.state !== 'T' && thread.state !== 't';
}
