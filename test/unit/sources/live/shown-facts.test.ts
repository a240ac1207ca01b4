import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CgroupFacts, ProcessMemory } from '../../../../src/core/facts/cgroup-facts';
import { ShownFacts } from '../../../../src/sources/live/shown-facts';
import { parseCgroupFacts, parseProcessMemory } from '../../../../src/sources/proc/memory-parse';
import { cgroupAnswer, cgroupRequest } from '../../../../src/sources/reader/requests';
import { realReader } from '../../../support/reader-kit';
import { until } from '../../../support/running';
import { removeScratch, scratchDirectory } from '../../../support/scratch';

let mount: string;
beforeAll(() => {
  mount = scratchDirectory();
});
afterAll(() => {
  removeScratch(mount);
});

const EVENTS = 'low 0\nhigh 12\nmax 3400\noom 2\noom_kill 1\noom_group_kill 0\n';
const PRESSURE =
  'some avg10=83.20 avg60=40.00 avg300=9.00 total=123\nfull avg10=1.00 avg60=0.00 avg300=0.00 total=1\n';

/** A directory as the kernel shows a control group. */
function group(path: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(join(mount, path), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(mount, path, name), text);
}

const mountInfo = (): string => `30 24 0:26 / ${mount} rw - cgroup2 cgroup2 rw\n`;
const hybrid = (): string =>
  [
    '29 24 0:25 / /elsewhere rw - cgroup2 cgroup2 rw',
    '31 24 0:27 / /other rw - cgroup cgroup rw,cpu,cpuacct',
    `30 24 0:26 / ${mount} rw - cgroup cgroup rw,memory\n`,
  ].join('\n');

async function factsOf(path: string, mounts = mountInfo): Promise<CgroupFacts | null> {
  const real = realReader();
  try {
    const { reader } = real;
    const facts = new ShownFacts({
      tasks: reader.tasks.bind(reader),
      cgroup: reader.cgroup.bind(reader),
      mounts: (_pid, told) => {
        told(mounts());
      },
    });
    facts.lookAtCgroups(['/nothing', path]);
    await until('the answer', () => facts.cgroup(path) !== null);
    return facts.cgroup(path);
  } finally {
    real.close();
  }
}

test('a container at the limit of its parent', async () => {
  group('pod', { 'memory.max': '1073741824\n', 'memory.high': 'max\n' });
  group('pod/app', {
    'memory.current': '1073000448\n',
    'memory.max': '2147483648\n',
    'memory.high': '1610612736\n',
    'memory.events': EVENTS,
    'memory.pressure': PRESSURE,
  });
  expect(await factsOf('/pod/app')).toEqual({
    ...{ memory: 1073000448, limit: 1073741824 },
    ...{ high: 12, max: 3400, oomKills: 1, pressure: 83.2 },
  });
});

test('a machine whose memory controller is on v1', async () => {
  const none = '9223372036854771712\n';
  group('v1', { 'memory.limit_in_bytes': '8192\n', 'memory.usage_in_bytes': '4096\n' });
  group('v1/app', {
    'memory.usage_in_bytes': '4096\n',
    'memory.limit_in_bytes': none,
    'memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 2\n',
    'memory.failcnt': '77\n',
  });
  expect(await factsOf('/v1/app', hybrid)).toEqual({
    ...{ memory: 4096, limit: 8192 },
    ...{ high: 0, max: 77, oomKills: 2, pressure: NaN },
  });
  group('v1', { 'memory.limit_in_bytes': none });
  expect(await factsOf('/v1/app', hybrid)).toMatchObject({ limit: Infinity });
});

test('without limits, and without the controller: what is not there is not known', async () => {
  group('open', { 'memory.current': '4096\n', 'memory.max': 'max\n', 'memory.high': 'max\n' });
  expect(await factsOf('/open')).toEqual({
    ...{ memory: 4096, limit: Infinity },
    ...{ high: NaN, max: NaN, oomKills: NaN, pressure: NaN },
  });
});

test.each([
  ['/../etc', null],
  ['/a/../../etc', null],
  ['relative', null],
  ['', null],
  [`/${'x'.repeat(9000)}`, null],
  ['/a..b/..c', 'asked'],
])('no way leads out of the mount: %s', (path, asked) => {
  const request = cgroupRequest('/sys/fs/cgroup', path);
  if (asked === null) expect(request).toBeNull();
  else expect(request).not.toBeNull();
});

test('answers that are none', () => {
  const whole = Buffer.alloc(12 + 8, 0xff).fill(0, 0, 12);
  expect(cgroupAnswer(whole)).toEqual({ current: '', events: '', pressure: '', limit: Infinity });
  expect(cgroupAnswer(whole.subarray(0, -1))).toBeNull();
  expect(cgroupAnswer(Buffer.concat([whole, Buffer.alloc(1)]))).toBeNull();
  expect(cgroupAnswer(Buffer.alloc(20, 0xff))).toBeNull();
});

test('texts that are not what they should be are not known', () => {
  const facts = parseCgroupFacts({ current: 'x\n', events: 'high\n', pressure: 'some', limit: 5 });
  expect(facts).toEqual({
    memory: NaN,
    limit: 5,
    high: NaN,
    max: NaN,
    oomKills: NaN,
    pressure: NaN,
  });
});

test.each<[string, string, ProcessMemory | null]>([
  ['a process', 'VmRSS:\t    2048 kB\nVmSwap:\t       4 kB\n', { rss: 2 << 20, swap: 4096 }],
  ['without swap', 'VmRSS:\t1 kB\n', { rss: 1024, swap: NaN }],
  ['a kernel thread, a zombie', 'Name:\tx\n', null],
  ['a name that says so', 'Name:\tVmRSS: 5 kB\n', null],
  ['gone', '', null],
])('memory of %s', (_, text, memory) => {
  expect(parseProcessMemory(text)).toEqual(memory);
});

test('memory of processes that are looked at, one request at a time', async () => {
  const real = realReader();
  const asked: (readonly number[])[] = [];
  const tasks: typeof real.reader.tasks = (pids, told) => {
    asked.push(pids);
    real.reader.tasks(pids, told);
  };
  const cgroup: typeof real.reader.cgroup = () => undefined;
  try {
    const facts = new ShownFacts({ tasks, cgroup, mounts: () => undefined });
    facts.lookAtProcesses([process.pid, 0x3fffff]);
    facts.lookAtProcesses([1]);
    await until('its memory', () => facts.memory(process.pid) !== null);
    expect(asked).toEqual([[process.pid, 0x3fffff]]);
    expect(facts.memory(process.pid)!.rss).toBeGreaterThan(1 << 20);
    expect(facts.memory(0x3fffff)).toBeNull();
    facts.lookAtProcesses([]);
    facts.lookAtProcesses([1]);
    expect(asked).toHaveLength(2);
  } finally {
    real.close();
  }
});
