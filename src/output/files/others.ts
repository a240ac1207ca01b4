import * as fs from 'node:fs';

/** Why a place is not written to, in words that end the sentence `cannot write to FILE: ...`. */
export class Refusal extends Error {}

/**
 * Users whose files and links we take for our own: root, ourselves, and under sudo who called it: they
 * chose the path. Anybody else may have put there what leads a tool of root astray.
 */
function isTrusted(uid: number): boolean {
  const self = process.geteuid!();
  if (uid === 0 || uid === self) return true;
  const { SUDO_UID } = process.env;
  return self === 0 && SUDO_UID !== undefined && /^[0-9]+$/.test(SUDO_UID) && uid === +SUDO_UID;
}

/** Group or others may write (an access control list shows in the group's bits). */
const OTHERS_WRITE = 0o022;

/** Somebody whom we do not trust can make entries in this directory; with the sticky bit too. */
export function isShared(directory: fs.Stats): boolean {
  return !isTrusted(directory.uid) || (directory.mode & OTHERS_WRITE) !== 0;
}

/** What fs.protected_symlinks of proc(5) does, in every directory that others can write. */
export function checkLink(link: fs.Stats, directory: fs.Stats): void {
  if (isTrusted(link.uid) || !isShared(directory)) return;
  throw new Refusal(
    `a symbolic link on the way belongs to another user (uid ${link.uid}), where others can write`,
  );
}

/**
 * What fs.protected_regular and fs.protected_fifos of proc(5) do, in every directory that others can
 * write; and no block device anywhere. `directory` is null for what a descriptor of ours leads to.
 */
export function checkObject(object: fs.Stats, directory: fs.Stats | null): void {
  if (object.isBlockDevice()) throw new Refusal('it is a block device');
  if (object.isSocket()) throw new Refusal('it is a socket');
  if (directory === null || !isShared(directory)) return;
  const what = object.isFIFO() ? 'FIFO' : object.isFile() ? 'file' : 'device';
  if (!isTrusted(object.uid)) {
    throw new Refusal(
      `the ${what} belongs to another user (uid ${object.uid}), where others can write`,
    );
  }
  // fs.protected_hardlinks may be off: the other name may be of a file that matters.
  if (object.nlink > 1 && !object.isCharacterDevice()) {
    throw new Refusal(`the ${what} has another name (a hard link), where others can write`);
  }
}

/** The mount that an open descriptor is on, asked without asking its file system; -1: not known. */
export function mountOf(fd: number): number {
  const found = /^mnt_id:\s*(\d+)/m.exec(fs.readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'));
  return found === null ? -1 : Number(found[1]);
}

/**
 * A FUSE file system of another user answers what it likes about owners and links, or never answers.
 * Its mount is told by fusermount's option user_id, before anything is asked of it.
 */
export function checkMount(
  mount: number,
  mountinfo = fs.readFileSync('/proc/self/mountinfo', 'latin1'),
): void {
  for (const line of mountinfo.split('\n')) {
    if (!line.startsWith(`${mount} `)) continue;
    const [type = '', , options = ''] = line.slice(line.indexOf(' - ') + 3).split(' ');
    const [, user] = /(?:^|,)user_id=(\d+)/.exec(options) ?? [];
    if (!type.startsWith('fuse') || user === undefined || isTrusted(Number(user))) return;
    throw new Refusal(`another user's (uid ${user}) FUSE file system is mounted on the way`);
  }
}
