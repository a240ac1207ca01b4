import { readFileSync } from 'node:fs';
import { Running, until } from './running';

/**
 * Serves a file of a FUSE file system that answers neither FLUSH nor READ (include/uapi/linux/fuse.h), in a mount
 * namespace of its own. At a line `exec` a child opens it and becomes /bin/true, which closes it: says who, once it waits
 * there. At `fail` who reads the file has an error. Ends with its input.
 */
const SERVER = `
import ctypes, os, struct, sys, threading
libc = ctypes.CDLL(None, use_errno=True)
fuse = os.open('/dev/fuse', os.O_RDWR | os.O_CLOEXEC)
options = f'fd={fuse},rootmode=40000,user_id=0,group_id=0'.encode()
where = sys.argv[1].encode()
private, new_namespace = 1 << 18 | 1 << 14, 0x20000
for failed in (libc.unshare(new_namespace), libc.mount(None, b'/', None, private, None),
               libc.mount(b'held', where, b'fuse', 0, options)):
  if failed: sys.exit(os.strerror(ctypes.get_errno()))
def attributes(node):
  mode = 0o40755 if node == 1 else 0o100755
  return struct.pack('6Q10I', node, 4096, 8, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)
reads, failing = [], False
def serve():
  while True:
    request = os.read(fuse, 1 << 20)
    _, opcode, unique, node = struct.unpack_from('IIQQ', request)
    if opcode in (2, 36, 42): continue
    if opcode == 15 and not failing:
      reads.append(unique)
      print('read', flush=True)
      continue
    if opcode == 25:
      print(child, flush=True)
      continue
    answer = { 26: struct.pack('4I2H2I36x', 7, 31, 0, 0, 0, 0, 1 << 17, 1),
               1: struct.pack('4Q2I', 2, 0, 60, 60, 0, 0) + attributes(2),
               3: struct.pack('QII', 60, 0, 0) + attributes(node),
               14: struct.pack('QII', 1, 0, 0) }.get(opcode)
    head = struct.pack('IiQ', 16 + len(answer or b''), 0 if answer else -5 if opcode == 15 else -38, unique)
    os.write(fuse, head + (answer or b''))
begin, go = os.pipe()
child = os.fork()
if child == 0:
  os.close(fuse)
  os.close(go)
  if os.read(begin, 1) != b'g': os._exit(1)
  memory = bytearray(1 << 22)
  os.open(sys.argv[1] + '/file', os.O_RDONLY | os.O_CLOEXEC)
  os.execv('/bin/true', ['true'])
threading.Thread(target=serve, daemon=True).start()
print('ready', flush=True)
for line in sys.stdin:
  if line == 'exec\\n': os.write(go, b'g')
  if line != 'fail\\n': continue
  # The kernel reads again what could not be read ahead.
  failing = True
  for unique in reads: os.write(fuse, struct.pack('IiQ', 16, -5, unique))
`;

/** Execs that a file system holds up until it ends. */
export class HeldExec {
  private constructor(
    private readonly server: Running,
    private readonly mount: string,
  ) {}

  /** `directory`: where the file system is mounted, for itself and who is started `within`. */
  static async start(directory: string): Promise<HeldExec> {
    const server = new Running(['python3', '-c', SERVER, directory]);
    await until('the file system', () => server.stdout.includes('ready\n') || undefined);
    return new HeldExec(server, directory);
  }

  /** The parent of who execs. */
  get pid(): number {
    return this.server.pid;
  }

  /** A program whose exec does not end: it waits to read it. Needs to be run `within`. */
  get file(): string {
    return `${this.mount}/file`;
  }

  /** The command, where the file system can be seen. */
  within(command: readonly string[]): string[] {
    return ['nsenter', `--mount=/proc/${this.pid}/ns/mnt`, '--', ...command];
  }

  /** A process that is in the middle of its exec, and holds what one may wait for. */
  async exec(): Promise<number> {
    this.server.write('exec\n');
    return Number(
      await until('the exec', () => /^\d+$/m.exec(this.server.stdout)?.[0] ?? undefined),
    );
  }

  /** Its exec has not ended: the name comes with that (begin_new_exec in fs/exec.c). */
  isHeld(pid: number): boolean {
    return readFileSync(`/proc/${pid}/comm`, 'utf8') === 'python3\n';
  }

  /** Somebody waits to read the file. */
  async isRead(): Promise<void> {
    await until('a read', () => this.server.stdout.includes('read\n') || undefined);
  }

  /** Who waits to read the file is told that it cannot be read. */
  fail(): void {
    this.server.write('fail\n');
  }

  async end(): Promise<void> {
    this.server.kill('SIGKILL');
    await this.server.ended;
  }
}
