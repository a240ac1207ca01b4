import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StreamFile } from '../../../../src/output/files/open';
import { checkMount } from '../../../../src/output/files/others';
import { WholeFile } from '../../../../src/output/files/whole-file';

// All of it as root: the files of others are those of NOBODY.
const NOBODY = 65534;

let scratch: string;
/** Everybody may write here; sticky, as /tmp. */
let shared: string;
let descriptors: string[];
const openDescriptors = (): string[] => fs.readdirSync('/proc/self/fd');

beforeEach(() => {
  scratch = fs.mkdtempSync(join(tmpdir(), 'pagefault-places-'));
  shared = directory('shared', 0, 0o1777);
  delete process.env.SUDO_UID;
  descriptors = openDescriptors();
});
afterEach(() => {
  // Whatever was refused, nothing of it stays open.
  expect(openDescriptors()).toEqual(descriptors);
  fs.rmSync(scratch, { recursive: true, force: true });
});

function directory(name: string, uid: number, mode: number): string {
  const path = join(scratch, name);
  fs.mkdirSync(path);
  fs.chownSync(path, uid, uid);
  fs.chmodSync(path, mode);
  return path;
}

function file(path: string, uid: number, text = 'precious'): string {
  fs.writeFileSync(path, text);
  fs.chownSync(path, uid, uid);
  return path;
}

function link(target: string, path: string, uid: number): string {
  fs.symlinkSync(target, path);
  fs.lchownSync(path, uid, uid);
  return path;
}

function fifo(path: string, uid = 0): string {
  execFileSync('mkfifo', [path]);
  fs.chownSync(path, uid, uid);
  return path;
}

/** What -o does with a path: null for a FIFO that it would wait for. */
function stream(path: string, text = 'new'): number | null {
  const file = new StreamFile(path);
  const fd = file.tryOpen();
  if (fd !== null) {
    fs.writeSync(fd, text);
    fs.closeSync(fd);
  }
  file.close();
  return fd;
}

/** What --dump and `w` do. */
function whole(path: string, text = 'new'): void {
  const file = new WholeFile(path);
  if (file.direct === null) {
    file.replace(text);
    return;
  }
  fs.writeSync(file.direct, text);
  file.abandon();
}

const ways = [
  ['as a stream', stream],
  ['at once', whole],
] as const;

describe.each(ways)('%s', (_, write) => {
  const refused = (path: string, why: RegExp | string): void => {
    let message = '';
    try {
      write(path);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toMatch(why);
    expect(message.startsWith(`${path}: `)).toBe(true);
    expect(message).not.toContain('\n');
  };

  test('creates a file, also where others can write', () => {
    for (const parent of [scratch, shared, directory('theirs', NOBODY, 0o755)]) {
      write(join(parent, 'out'));
      expect(fs.readFileSync(join(parent, 'out'), 'utf8')).toBe('new');
      expect(fs.readdirSync(parent).filter((name) => name.includes('tmp'))).toEqual([]);
      write(join(parent, 'out'), 'again');
      expect(fs.readFileSync(join(parent, 'out'), 'utf8')).toBe('again');
    }
  });

  test("overwrites nobody else's file where others can write", () => {
    for (const parent of [
      shared,
      directory('open', 0, 0o777),
      directory('theirs', NOBODY, 0o755),
    ]) {
      const path = file(join(parent, 'out'), NOBODY);
      refused(path, /file belongs to another user \(uid 65534\)/);
      expect(fs.readFileSync(path, 'utf8')).toBe('precious');
    }
  });

  test("overwrites another user's file where only root can have put it, and it stays theirs", () => {
    const path = file(join(scratch, 'log'), NOBODY);
    fs.chmodSync(path, 0o640);
    write(path);
    expect(fs.readFileSync(path, 'utf8')).toBe('new');
    expect(fs.statSync(path)).toMatchObject({ uid: NOBODY, mode: 0o100640 });
  });

  test('under sudo, whoever called it may name their own files', () => {
    const home = directory('home', NOBODY, 0o755);
    const path = file(join(home, 'out'), NOBODY);
    process.env.SUDO_UID = String(NOBODY);
    write(path);
    expect(fs.readFileSync(path, 'utf8')).toBe('new');
    process.env.SUDO_UID = '1';
    refused(path, 'another user');
  });

  test.each([
    ['to a file', (): string => file(join(scratch, 'victim'), 0)],
    ['to nothing', (): string => join(scratch, 'victim')],
    ['to a directory of the system', (): string => directory('etc', 0, 0o755)],
  ])('follows no link of another user %s, neither as the name nor on the way', (__, make) => {
    const victim = make();
    const before = fs.existsSync(victim) && fs.statSync(victim);
    refused(link(victim, join(shared, 'out'), NOBODY), 'symbolic link');
    refused(join(link(scratch, join(shared, 'way'), NOBODY), 'victim'), 'symbolic link');
    // By two links of which only the second is theirs.
    refused(link(join(shared, 'out'), join(scratch, 'mine'), 0), 'symbolic link');
    expect(fs.existsSync(victim) && fs.statSync(victim)).toEqual(before);
  });

  test("follows root's own links, and leaves them links", () => {
    const target = file(join(scratch, 'target'), 0);
    for (const [at, to] of [
      [join(shared, 'absolute'), target],
      [join(scratch, 'relative'), 'target'],
      [join(scratch, 'dangling'), 'made'],
    ] as const) {
      write(link(to, at, 0), at);
      expect(fs.readFileSync(at, 'utf8')).toBe(at);
      expect(fs.lstatSync(at).isSymbolicLink()).toBe(true);
    }
    expect(fs.existsSync(join(scratch, 'made'))).toBe(true);
    // Where only root can have laid a link, it does not matter whose it is.
    write(link(target, join(scratch, 'given'), NOBODY), 'given');
    expect(fs.readFileSync(target, 'utf8')).toBe('given');
  });

  test('links in a circle end', () => {
    link('b', join(scratch, 'a'), 0);
    link('a', join(scratch, 'b'), 0);
    refused(join(scratch, 'a'), 'too many symbolic links');
  });

  test('a hard link of a file that matters is refused where others can write', () => {
    const victim = file(join(scratch, 'shadow'), 0);
    fs.linkSync(victim, join(shared, 'out'));
    refused(join(shared, 'out'), 'hard link');
    expect(fs.readFileSync(victim, 'utf8')).toBe('precious');
    write(victim, 'at its own place');
    expect(fs.readFileSync(victim, 'utf8')).toBe('at its own place');
  });

  test('writes no block device, whoever leads there', () => {
    const device = join(scratch, 'disk');
    // Of a major number that no driver has: opening it would be ENXIO.
    execFileSync('mknod', [device, 'b', '240', '0']);
    refused(device, 'it is a block device');
    refused(link(device, join(scratch, 'link'), 0), 'it is a block device');
    refused(link(device, join(shared, 'link'), NOBODY), 'symbolic link');
  });

  test('says what a socket, a directory and a missing directory are', () => {
    const socket = join(scratch, 'socket');
    execFileSync('python3', [
      '-c',
      'import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])',
      socket,
    ]);
    refused(socket, 'it is a socket');
    refused(scratch, 'it is a directory');
    refused(`${scratch}/`, 'it is a directory');
    refused(join(scratch, 'missing', 'out'), 'no such directory');
    refused(join(file(join(scratch, 'plain'), 0), 'out'), 'not a directory');
    refused('/'.padEnd(300, 'x'), 'too long');
  });

  test('devices and descriptors that we were given go on working', () => {
    write('/dev/null');
    expect(fs.statSync('/dev/null').isCharacterDevice()).toBe(true);
    const path = file(join(scratch, 'inherited'), NOBODY);
    const fd = fs.openSync(path, 'w');
    for (const name of [`/dev/fd/${fd}`, `/proc/self/fd/${fd}`, `/proc/${process.pid}/fd/${fd}`]) {
      write(name, name);
      expect(fs.readFileSync(path, 'utf8')).toBe(name);
    }
    write(link(`/dev/fd/${fd}`, join(scratch, 'to-fd'), 0), 'by a link');
    expect(fs.readFileSync(path, 'utf8')).toBe('by a link');
    fs.closeSync(fd);
    expect(fs.lstatSync('/dev/fd').isSymbolicLink()).toBe(true);
  });

  test("another user's FIFO is refused where others can write, with a reader and without", () => {
    const path = fifo(join(shared, 'out'), NOBODY);
    refused(path, /FIFO belongs to another user/);
    const reader = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    refused(path, /FIFO belongs to another user/);
    fs.closeSync(reader);
  });

  test('a FIFO of ours with a reader is written to', () => {
    const path = fifo(join(shared, 'out'));
    const reader = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    write(path);
    const got = Buffer.alloc(10);
    expect(got.subarray(0, fs.readSync(reader, got)).toString()).toBe('new');
    fs.closeSync(reader);
    expect(fs.lstatSync(path).isFIFO()).toBe(true);
  });
});

test('a FIFO without a reader: a stream waits for it, a file that is written at once does not', () => {
  const path = fifo(join(scratch, 'fifo'));
  expect(stream(path)).toBeNull();
  expect(() => {
    whole(path);
  }).toThrow('it is a FIFO that nobody reads');
});

describe('a file that is written at once', () => {
  const temporary = (name = 'dump.txt'): string => `.${name}.pagefault-analyzer.tmp`;

  test('the old file stays until the new one is complete', () => {
    const path = file(join(scratch, 'dump.txt'), 0, 'old');
    const dump = new WholeFile(path);
    expect(fs.readFileSync(path, 'utf8')).toBe('old');
    dump.replace('new');
    expect(fs.readFileSync(path, 'utf8')).toBe('new');
    new WholeFile(join(scratch, 'other')).abandon();
    expect(fs.readdirSync(scratch).sort()).toEqual(['dump.txt', 'shared']);
  });

  test('the leftover of a killed run is taken over', () => {
    const path = join(scratch, 'dump.txt');
    file(join(scratch, temporary()), 0, 'half of a repo');
    whole(path);
    expect(fs.readFileSync(path, 'utf8')).toBe('new');
    expect(fs.readdirSync(scratch).sort()).toEqual(['dump.txt', 'shared']);
  });

  test('what others have put in place of the temporary file is not followed and not written', () => {
    const victim = file(join(scratch, 'victim'), 0);
    link(victim, join(shared, temporary()), NOBODY);
    whole(join(shared, 'dump.txt'));
    fs.linkSync(victim, join(shared, temporary()));
    whole(join(shared, 'dump.txt'));
    fifo(join(shared, temporary()), NOBODY);
    whole(join(shared, 'dump.txt'));
    expect(fs.readFileSync(victim, 'utf8')).toBe('precious');
    expect(fs.readdirSync(shared)).toEqual(['dump.txt']);
    fs.mkdirSync(join(shared, temporary()));
    expect(() => {
      whole(join(shared, 'dump.txt'));
    }).toThrow('temporary name is taken');
  });

  test('what was put in its place meanwhile is judged again', () => {
    const path = join(shared, 'dump.txt');
    const dump = new WholeFile(path);
    file(path, NOBODY);
    expect(() => {
      dump.replace('new');
    }).toThrow('belongs to another user');
    expect(fs.readFileSync(path, 'utf8')).toBe('precious');
  });

  test('two runs that write the same file: the last one to finish has it', () => {
    const path = join(scratch, 'dump.txt');
    const [first, second] = [new WholeFile(path), new WholeFile(path)];
    second.replace('second');
    first.replace('first');
    expect(fs.readFileSync(path, 'utf8')).toBe('first');
    expect(fs.readdirSync(scratch).sort()).toEqual(['dump.txt', 'shared']);
  });

  test('the longest names that a directory can hold', () => {
    const path = join(scratch, 'ä'.repeat(127));
    whole(path);
    expect(fs.readFileSync(path, 'utf8')).toBe('new');
  });
});

describe("another user's FUSE file system", () => {
  // As the kernel shows one that fusermount has mounted, root's own, and one of a disk.
  const mountinfo = [
    '42 27 0:38 / /tmp/m rw,nosuid,nodev,relatime - fuse /usr/bin rw,user_id=65534,group_id=65534',
    '43 27 0:39 / /tmp/n rw,nosuid,nodev,relatime shared:5 - fuse.sshfs host: rw,user_id=0,group_id=0',
    '44 27 8:1 / /data rw,relatime - ext4 /dev/sda1 rw,user_id=65534',
    '',
  ].join('\n');
  test.each([
    [42, true],
    [43, false],
    [44, false],
    [4, false],
    [-1, false],
  ])('mount %i is refused: %s', (mount, refused) => {
    const check = (): void => {
      checkMount(mount, mountinfo);
    };
    if (refused) expect(check).toThrow("another user's (uid 65534) FUSE file system");
    else expect(check).not.toThrow();
  });

  test('whoever called sudo may name their own', () => {
    process.env.SUDO_UID = String(NOBODY);
    expect(() => {
      checkMount(42, mountinfo);
    }).not.toThrow();
  });
});

test('what has become a FIFO is not replaced, and no descriptor of it stays open', () => {
  const path = fifo(join(scratch, 'fifo'));
  const reader = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  try {
    const open = fs.readdirSync('/proc/self/fd').length;
    expect(() => {
      new WholeFile(path).replace('new');
    }).toThrow('something else was put in its place');
    expect(fs.readdirSync('/proc/self/fd')).toHaveLength(open);
    expect(fs.lstatSync(path).isFIFO()).toBe(true);
  } finally {
    fs.closeSync(reader);
  }
});

test('a file with permissions of its own has them, whatever was there and whatever the umask', () => {
  const before = process.umask(0o077);
  try {
    for (const was of [null, 0o600, 0o777]) {
      const path = join(scratch, `mode-${was}`);
      if (was !== null) fs.writeFileSync(path, 'old', { mode: was });
      new WholeFile(path, 0o644).replace('new');
      expect(fs.statSync(path).mode & 0o777).toBe(0o644);
      expect(fs.readFileSync(path, 'utf8')).toBe('new');
    }
  } finally {
    process.umask(before);
  }
});
