import { isServed } from '../../core/vma/served';
import type { ServedMount, Server } from '../../core/vma/served';
import { objectOf } from '../../core/text/json-object';
import type { JsonObject } from '../../core/text/json-object';
import type { ServedFact } from '../known-servers';
import { isCount } from './look-facts';

/** Of a comm the kernel keeps 15 bytes; paths of a mount table are longer than any that is printed. */
const MAX_NAME = 4096;

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
  if (!isName(type) || !isName(source) || !isName(point)) return null;
  return isServed({ type }) ? { type, source, point } : null;
}

function serverOf(value: JsonObject | null): Server | null {
  if (value === null) return null;
  const { pid, comm, tid, threadComm, answers } = value;
  if (!isCount(pid) || !isCount(tid) || !isName(comm) || !isName(threadComm)) return null;
  return { pid, comm, tid, threadComm, answers: answers === true };
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_NAME;
}
