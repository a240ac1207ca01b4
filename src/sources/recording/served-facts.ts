import { isServed } from '../../core/vma/served';
import type { ServedMount, Server } from '../../core/vma/served';
import { objectOf } from '../../core/text/json-object';
import type { JsonObject } from '../../core/text/json-object';
import type { ServedFact } from '../known-servers';
import { isCount, isText } from './fact-values';

/** null for what is none. */
export function parseServed({ kind, pid, device, mount, server }: JsonObject): ServedFact | null {
  const by = serverOf(objectOf(server));
  if (kind === 'server') return by !== null && isCount(pid) ? { kind, pid, server: by } : null;
  const of = mountOf(objectOf(mount));
  const known = typeof device === 'string' && /^\d{1,10}:\d{1,10}$/.test(device);
  return kind === 'mount' && of !== null && known ? { kind, device, mount: of, server: by } : null;
}

function mountOf(value: JsonObject | null): ServedMount | null {
  if (value === null) return null;
  const { type, source, point } = value;
  if (!isText(type) || !isText(source) || !isText(point)) return null;
  return isServed({ type }) ? { type, source, point } : null;
}

function serverOf(value: JsonObject | null): Server | null {
  if (value === null) return null;
  const { pid, comm, tid, threadComm, answers } = value;
  if (!isCount(pid) || !isCount(tid) || !isText(comm) || !isText(threadComm)) return null;
  return { pid, comm, tid, threadComm, answers: answers === true };
}
