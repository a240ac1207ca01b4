import type { GuardedRanges } from '../classify/guarded-ranges';
import { UNKNOWN_OWNER } from '../facts/owner';
import type { Owner } from '../facts/owner';
import type { Kinship } from '../ports';
import type { Vma } from '../vma/vma';
import type { VmaMap } from '../vma/vma-map';
import type { CommTable } from './comm-names';
import type { Tasks } from './tasks';

/** A process that lives, as far as the records say: its threads by their names, and what it has mapped. */
export interface LivingProcess {
  readonly pid: number;
  readonly comm: string;
  readonly threads: readonly { readonly tid: number; readonly comm: string }[];
  readonly mappings: Iterable<Vma>;
  /** What of them is registered with userfaultfd, null for nothing that is known. */
  readonly guards: GuardedRanges | null;
  readonly owner: Owner;
  readonly kinship: Kinship;
}

/** Those of `tasks`, each good until the next record is applied. */
export function* living(tasks: Tasks, { names }: CommTable): IterableIterator<LivingProcess> {
  for (const { pid, comm, tids, map, space, alive, row } of tasks.live()) {
    if (!alive) continue;
    const threads = [...tids].flatMap((tid) => {
      const thread = tasks.known(tid);
      return thread === undefined ? [] : [{ tid, comm: names[thread.comm]! }];
    });
    const { guards } = space;
    const { owner = UNKNOWN_OWNER, ppid = 0, nsPid = 0 } = tasks.processes.info(row) ?? {};
    const kinship = { ppid, nsPid };
    yield { pid, comm: names[comm]!, threads, mappings: mappings(map), guards, owner, kinship };
  }
}

function* mappings(map: VmaMap): IterableIterator<Vma> {
  for (let at = map.firstEndingAfter(0); at >= 0; at = map.next(at)) yield map.vma(at);
}
