import type { Mount } from './mount-info';

/** A process on which faults wait, and its thread where that is known. */
export interface Server {
  readonly pid: number;
  readonly comm: string;
  /** 0 where it is not known which. */
  readonly tid: number;
  readonly threadComm: string;
  /** False: it has the descriptor by which faults are answered, and others could be the ones who do. */
  readonly answers: boolean;
}

/** A file system that another machine or program answers for. */
export type ServedMount = Pick<Mount, 'type' | 'source' | 'point'>;

const NETWORK_TYPES: ReadonlySet<string> = new Set([
  ...['nfs', 'nfs4', 'cifs', 'smb3', 'ceph', '9p', 'afs', 'coda', 'orangefs', 'virtiofs'],
  ...['lustre', 'gpfs', 'beegfs', 'glusterfs', 'ocfs2', 'gfs2'],
]);

export function isFuse(type: string): boolean {
  return type === 'fuse' || type === 'fuseblk' || type.startsWith('fuse.');
}

/** Whose pages come from neither memory nor a disk of this kernel. */
export function isServed({ type }: Pick<Mount, 'type'>): boolean {
  return NETWORK_TYPES.has(type) || isFuse(type);
}

/** Who answers faults by userfaultfd. */
export function answererText(server: Server): string {
  const text = serverText(server);
  return server.answers ? text : `whoever answers by the userfaultfd that ${text} holds`;
}

function serverText({ pid, comm, tid, threadComm }: Server): string {
  const thread = tid === 0 ? '' : `, its thread ${threadComm} ${tid}`;
  return `${comm} ${pid}${thread}`;
}

export function mountText({ type, source, point }: ServedMount, server: Server | null): string {
  const by = server === null ? '' : `, served by ${serverText(server)}`;
  return `${type} ${source} at ${point}${by}`;
}
