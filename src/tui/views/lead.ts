import { printFilter, type Filter, type TextField } from '../../core/filter/ast';
import { membersOf } from '../../core/snapshot/groups';
import type { OwnedGroup } from '../../core/snapshot/process-groups';
import type { ProcessRow, RegionRow, SiteRow, ThreadRow } from '../../core/snapshot/snapshot';
import type { Navigation } from './view';

/** Where one can go from a row: a filter on what it is, and the views that show something else of it. */
export interface Lead {
  readonly filter: Filter;
  /** Names of views. */
  readonly views: readonly string[];
}

const VIEW_WORDS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    regions: 'regions      where its faults fall',
    threads: 'threads      who takes them',
    processes: 'processes    whose they are',
    code: 'call sites   which code causes them',
    causes: 'causes       why they are taken, and what one does about it',
    latency: 'latency      how long they take',
    events: 'events       each as it comes',
  }),
);

/** Ids that a filter is given by number; more of them are told by their name. */
const MOST_IDS = 60;

/** Asks where to go from a thing, `what`; Esc comes back to where one was. `back`: see Navigation.narrow. */
export function leadOn(
  navigation: Navigation,
  what: string,
  { filter, views }: Lead,
  back: () => void = () => undefined,
): void {
  const items = views.map((view) => VIEW_WORDS.get(view) ?? view);
  navigation.choose(`From ${what} on to its`, items, 0, (index) => {
    navigation.narrow(printFilter(filter), views[index]!, back);
  });
}

export function leadOfCause(cause: Filter): Lead {
  return { filter: cause, views: ['regions', 'code', 'threads', 'processes', 'latency', 'events'] };
}

export function leadOfRegion(row: RegionRow): Lead {
  const region = named('region', labelOf(row));
  const whose = row.pid === 0 ? named('comm', row.comm) : ids('pid', [row.pid]);
  return {
    filter: row.comm === '' && row.pid === 0 ? region : both(region, whose),
    views: ['threads', 'code', 'processes', 'causes', 'latency', 'events'],
  };
}

export function leadOfThread(row: ThreadRow): Lead {
  const tids = membersOf(row).map(({ tid }) => tid);
  return {
    filter: allOf('tid', tids, row.comm),
    views: ['regions', 'code', 'causes', 'latency', 'events'],
  };
}

export function leadOfProcess(row: ProcessRow): Lead {
  const pids = membersOf(row).map(({ pid }) => pid);
  return {
    filter: allOf('pid', pids, row.comm),
    views: ['regions', 'threads', 'code', 'causes', 'latency', 'events'],
  };
}

/** null of processes whose cgroup is not known. */
export function leadOfCgroup({ label }: OwnedGroup): Lead | null {
  if (label === '') return null;
  return {
    filter: named('cgroup', label),
    views: ['processes', 'regions', 'threads', 'code', 'causes', 'latency', 'events'],
  };
}

/** null where the code has no name to ask for. */
export function leadOfSite({ function: name }: SiteRow): Lead | null {
  if (name === '') return null;
  return {
    filter: named('function', name),
    views: ['regions', 'threads', 'causes', 'latency', 'events'],
  };
}

/** Of a group what the labels of all have: `[stack` of `[stack:1234]`, and the label alone of pieces of one size. */
function labelOf(row: RegionRow): string {
  const labels = membersOf(row).map(({ label }) => label);
  const [first] = labels;
  return labels.every((label) => label === first) ? first! : first!.split(':')[0]!;
}

/** By number where that is known of all and they are few, else by the name that they share, up to its number. */
function allOf(field: 'tid' | 'pid', numbers: readonly number[], comm: string): Filter {
  if (numbers.length <= MOST_IDS && !numbers.includes(0)) return ids(field, numbers);
  return named('comm', comm.split('*')[0]!);
}

function ids(field: 'tid' | 'pid', numbers: readonly number[]): Filter {
  return { op: 'id', field, ids: numbers };
}

function named(field: TextField, text: string): Filter {
  return { op: 'text', field, text, pattern: false };
}

function both(a: Filter, b: Filter): Filter {
  return { op: 'and', terms: [a, b] };
}
