import type { JsonObject } from '../../core/text/json-object';
import { isCount, isText } from './fact-values';

/** Whose a process was, and where it stood among others. */
export interface OwnerFact {
  readonly kind: 'owner';
  readonly pid: number;
  /** The model had come so far when it took the answer over: ns of the file's time. */
  readonly after: number;
  /** See Owner and Kinship; no user where it could not be asked any more. */
  readonly user: string;
  readonly cgroup: string;
  readonly ppid: number;
  readonly nsPid: number;
}

/** Part of a walk through all cgroups. */
export interface CgroupsFact {
  readonly kind: 'cgroups';
  /** As in OwnerFact. */
  readonly after: number;
  /** Ids and paths. */
  readonly paths: readonly (readonly [id: number, path: string])[];
  /** The rest is in the next fact. */
  readonly more: boolean;
}

/** null for what is none. */
export function parseOwner(fact: JsonObject): OwnerFact | CgroupsFact | null {
  const { kind, pid, after } = fact;
  if (!isCount(after)) return null;
  if (kind === 'cgroups') return cgroupsOf(fact, after);
  const { user, cgroup, ppid, nsPid } = fact;
  if (kind !== 'owner' || !isCount(pid) || !isCount(ppid) || !isCount(nsPid)) return null;
  if (!isText(user) || !isText(cgroup)) return null;
  return { kind, pid, after, user, cgroup, ppid, nsPid };
}

function cgroupsOf({ paths, more }: JsonObject, after: number): CgroupsFact | null {
  if (!Array.isArray(paths) || !paths.every(isPath)) return null;
  return { kind: 'cgroups', after, paths, more: more === true };
}

function isPath(value: unknown): value is readonly [number, string] {
  return Array.isArray(value) && value.length === 2 && isCount(value[0]) && isText(value[1]);
}
