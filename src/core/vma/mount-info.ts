/** One line of a mount table. */
export interface Mount {
  /** The device number of its files, as /proc/PID/maps shows it. */
  readonly devMajor: number;
  readonly devMinor: number;
  /** Where it is mounted, seen from the root of the process. */
  readonly point: string;
  /** File-system type: 'ext4', 'tmpfs', 'fuse.sshfs'. */
  readonly type: string;
  /** What is mounted, as the type has it: '/dev/sda1', 'server:/export'; '' where the line has none. */
  readonly source: string;
}

/**
 * Reads the text of /proc/PID/mountinfo (proc_pid_mountinfo(5)). Lines of another form are left out: a
 * torn last line must not cost the rest.
 */
export function parseMountInfo(text: string): Mount[] {
  return text.split('\n').flatMap((line) => {
    const mount = parseLine(line);
    return mount === null ? [] : [mount];
  });
}

/** `ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [optional field]... - TYPE SOURCE SUPER_OPTIONS` */
function parseLine(line: string): Mount | null {
  const fields = line.split(' ');
  // The optional fields (shared:N, master:N ...) end with a single hyphen.
  const hyphen = fields.indexOf('-', 6);
  const type = hyphen < 0 ? undefined : fields[hyphen + 1];
  const device = /^(\d{1,10}):(\d{1,10})$/.exec(fields[2] ?? '');
  if (device === null || type === undefined || type === '') return null;
  return {
    devMajor: Number(device[1]),
    devMinor: Number(device[2]),
    point: unescaped(fields[4]!),
    type: unescaped(type),
    source: unescaped(fields[hyphen + 2] ?? ''),
  };
}

/** The kernel writes space, tab, newline, backslash and # as three octal digits (mangle()). */
function unescaped(text: string): string {
  return text.replace(/\\([0-3][0-7]{2})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}
