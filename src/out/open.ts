import * as fs from 'node:fs';

/**
 * A descriptor for our own stream on one of the standard outputs. Pipes and terminals are opened anew
 * through /proc: O_NONBLOCK belongs to the open file description, and setting it on the inherited one
 * would give EAGAIN to a COMMAND, or a shell, that shares it. Everything else (files, sockets, no
 * permission to reopen) is used as it is: a file must keep its shared offset.
 */
export function openStandard(fd: 1 | 2): number {
  try {
    const kind = fs.fstatSync(fd);
    if (!kind.isFIFO() && !kind.isCharacterDevice()) return fd;
    return fs.openSync(
      `/proc/self/fd/${fd}`,
      fs.constants.O_WRONLY | fs.constants.O_NONBLOCK | fs.constants.O_NOCTTY,
    );
  } catch {
    return fd;
  }
}

/** The file of `-o`: created or emptied. A FIFO is waited for, as the shell's `>` does. Throws errno. */
export function openOutput(path: string): number {
  const fd = fs.openSync(path, 'w', 0o666);
  const kind = fs.fstatSync(fd);
  if (!kind.isFIFO() && !kind.isCharacterDevice()) return fd;
  const own = fs.openSync(
    `/proc/self/fd/${fd}`,
    fs.constants.O_WRONLY | fs.constants.O_NONBLOCK | fs.constants.O_NOCTTY,
  );
  fs.closeSync(fd);
  return own;
}
