import { reportIn, startAnalyzer } from '../support/analyzer';
import { workload } from '../support/build';
import { attached, Running, until } from '../support/running';
import { removeScratch, scratchDirectory } from '../support/scratch';

let scratch: string;
beforeAll(() => {
  scratch = scratchDirectory();
});
afterAll(() => {
  removeScratch(scratch);
});

/**
 * Serves a file of a FUSE file system that does not answer FLUSH (include/uapi/linux/fuse.h), in a mount namespace
 * of its own. At a line of stdin a child opens it and becomes /bin/true, which closes it: says who, once it waits there.
 */
const HELD = `
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
  return struct.pack('6Q10I', node, 0, 0, 0, 0, 0, 0, 0, 0, 0o40755 if node == 1 else 0o100644, 1, 0, 0, 0, 4096, 0)
def serve():
  while True:
    request = os.read(fuse, 1 << 20)
    _, opcode, unique, node = struct.unpack_from('IIQQ', request)
    if opcode in (2, 42): continue
    if opcode == 25:
      print(child, flush=True)
      continue
    answer = { 26: struct.pack('4I2H2I36x', 7, 31, 0, 0, 0, 0, 1 << 17, 1),
               1: struct.pack('4Q2I', 2, 0, 60, 60, 0, 0) + attributes(2),
               3: struct.pack('QII', 60, 0, 0) + attributes(node),
               14: struct.pack('QII', 1, 0, 0) }.get(opcode)
    head = struct.pack('IiQ', 16 + len(answer or b''), 0 if answer else -38, unique)
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
sys.stdin.readline()
os.write(go, b'g')
sys.stdin.readline()
`;

const FAULTS = 300_000;

test('an exec that a file system holds up holds up no capture, nor its end', async () => {
  const held = new Running(['python3', '-c', HELD, scratch]);
  await until('the file system', () => held.stdout.includes('ready\n') || undefined);
  const tracer = startAnalyzer(['--all', '-q', '--report-format', 'json']);
  await attached(tracer);
  held.write('\n');
  await until('the exec', () => /^\d+$/m.test(held.stdout) || undefined);
  // Longer than the time between two looks at who has ended.
  const storms = [];
  for (let i = 0; i < 4; i++) {
    const args = [
      '--threads',
      '2',
      '--faults',
      String(FAULTS),
      '--pages',
      '1024',
      '--dir',
      scratch,
    ];
    const storm = new Running([workload('storm'), ...args]);
    storms.push(storm.pid);
    expect((await storm.ended).status).toBe(0);
  }
  tracer.kill('SIGINT');
  const ended = await tracer.ended;
  expect(ended.status).toBe(0);
  // It is held up to the end of the capture.
  expect(held.stdout.split('\n')).toHaveLength(3);
  held.kill('SIGKILL');
  await held.ended;
  const { completeness, processes } = reportIn(ended);
  expect(completeness).toMatchObject({ lost: 0 });
  for (const pid of storms) {
    const found = processes.find((row) => row.pid === pid)!;
    expect(Number(found.faults)).toBeGreaterThanOrEqual(2 * FAULTS);
  }
});
