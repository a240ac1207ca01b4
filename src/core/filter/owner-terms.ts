import { unitOf } from '../facts/owner';
import type { Owner } from '../facts/owner';
import type { ProcessRow } from '../snapshot/snapshot';
import { OWNER_FIELDS, type Filter, type OwnerField, type TextField } from './ast';
import { textTest } from './text-test';

export function isOwnerField(field: TextField): field is OwnerField {
  return (OWNER_FIELDS as readonly TextField[]).includes(field);
}

/** What a field says of an owner, '' where that is not known. */
export function ownerText({ user, cgroup }: Owner, field: OwnerField): string {
  switch (field) {
    case 'user':
      return user;
    case 'cgroup':
      return cgroup;
    case 'unit':
      return unitOf(cgroup);
  }
}

/** The same filter with pids in the place of owners, which a fault does not know. */
export function withPids(filter: Filter, processes: readonly ProcessRow[]): Filter {
  switch (filter.op) {
    case 'and':
    case 'or':
      return { ...filter, terms: filter.terms.map((term) => withPids(term, processes)) };
    case 'not':
      return { ...filter, term: withPids(filter.term, processes) };
    case 'text': {
      const { field } = filter;
      if (!isOwnerField(field)) return filter;
      const test = textTest(filter);
      const owned = processes.filter(
        ({ pid, owner }) => pid !== 0 && test(ownerText(owner, field)),
      );
      return { op: 'id', field: 'pid', ids: owned.map(({ pid }) => pid) };
    }
    case 'set':
    case 'id':
    case 'range':
    case 'latency':
      return filter;
  }
}
