import type { Owner } from '../../../../src/core/facts/owner';
import type { CgroupWalk, Kinship, OwnerAnswer, OwnerSource } from '../../../../src/core/ports';
import { RecordType } from '../../../../src/core/wire/batch';
import { HEAP_START, Rig } from '../../../support/model-kit';

/** Answers when the test says so. */
class FakeOwners implements OwnerSource {
  asked: { readonly pid: number; readonly ticket: number }[] = [];
  private answers: OwnerAnswer[] = [];
  knowsCgroupIds = true;
  askedCgroups = 0;
  /** The walk that is to come. */
  walk = 1;
  cgroups: CgroupWalk | null = null;

  askCgroups(): number {
    this.askedCgroups++;
    return this.walk;
  }
  takeCgroups(): CgroupWalk | null {
    const { cgroups } = this;
    this.cgroups = null;
    return cgroups;
  }

  askOwner(pid: number, ticket: number): void {
    this.asked.push({ pid, ticket });
  }
  takeOwners(): readonly OwnerAnswer[] {
    return this.answers.splice(0);
  }
  /** Answers everything that was asked so far, each process by its pid. */
  answer(owners: Readonly<Record<number, Owner>>, kinship?: Kinship): void {
    for (const { pid, ticket } of this.asked.splice(0)) {
      this.answers.push({ ticket, owner: owners[pid] ?? null, ...(kinship && { kinship }) });
    }
  }
}

const NGINX: Owner = { user: 'www', cgroup: '/system.slice/nginx.service' };
const ROOT: Owner = { user: 'root', cgroup: '/' };

function rig(limits = {}): { readonly owners: FakeOwners; readonly rig: Rig } {
  const owners = new FakeOwners();
  return { owners, rig: new Rig(limits, 'detail', { owners }) };
}
const ownersIn = (made: Rig): [number, string, Owner][] =>
  made.model.snapshot(made.now).processes.map(({ pid, comm, owner }) => [pid, comm, owner]);
const UNKNOWN: Owner = { user: '', cgroup: '' };

test('each process is asked about once, and has what was answered', () => {
  const { owners, rig: made } = rig();
  made.attach().fork(100, 200).fault({ page: HEAP_START }).fault({ page: HEAP_START, pid: 200 });
  made.run();
  made.run();
  expect(owners.asked.map(({ pid }) => pid).sort()).toEqual([100, 200]);
  expect(ownersIn(made).map(([, , owner]) => owner)).toEqual([UNKNOWN, UNKNOWN]);
  owners.answer({ 100: NGINX, 200: ROOT });
  made.model.takeAnswers();
  expect(ownersIn(made).map(([pid, , owner]) => [pid, owner])).toEqual([
    [100, NGINX],
    [200, ROOT],
  ]);
  expect(owners.asked).toEqual([]);
});

test('whose child a process is now, and its number in its own namespace', () => {
  const { owners, rig: made } = rig();
  made.attach().fork(100, 200).fault({ page: HEAP_START, pid: 200 }).run();
  made.run();
  const told = () =>
    made.model.snapshot(made.now).processes.map(({ pid, ppid, nsPid }) => [pid, ppid, nsPid]);
  expect(told()).toEqual([
    [100, 1, 0],
    [200, 100, 0],
  ]);
  owners.answer({ 100: ROOT, 200: ROOT }, { ppid: 7, nsPid: 5 });
  made.model.takeAnswers();
  expect(told()).toEqual([
    [100, 7, 5],
    [200, 7, 5],
  ]);
});

test('a new program is another question, also while one is open', () => {
  const { owners, rig: made } = rig();
  made.attach().fault({ page: HEAP_START }).run();
  made.run();
  expect(owners.asked).toHaveLength(1);
  made.exec(100, 'nginx').fault({ page: HEAP_START }).run();
  made.run();
  expect(owners.asked).toHaveLength(1);
  owners.answer({ 100: ROOT });
  made.run();
  expect(owners.asked).toHaveLength(1);
  owners.answer({ 100: NGINX });
  made.run();
  expect(ownersIn(made)[0]![2]).toEqual(NGINX);
});

test('what is not answered stays what it was; nothing is guessed from a pid', () => {
  const { owners, rig: made } = rig();
  made.attach().fault({ page: HEAP_START }).run();
  made.run();
  owners.answer({ 100: NGINX });
  // Its child has ended before it could be looked at, and the number is given to another one.
  made.fork(100, 200).fault({ page: HEAP_START, pid: 200 }).exit(200, 200).run();
  made.fork(100, 200).fault({ page: HEAP_START, pid: 200 }).run();
  made.run();
  const [first, second] = owners.asked.map(({ ticket }) => ticket);
  expect(second).not.toBe(first);
  owners.asked.splice(0, 1);
  owners.answer({ 200: ROOT });
  made.run();
  expect(ownersIn(made).map(([pid, , owner]) => [pid, owner])).toEqual([
    [100, NGINX],
    [200, NGINX],
    [200, ROOT],
  ]);
  made.model.tick(made.now);
  expect(owners.asked.map(({ pid }) => pid)).toContain(100);
  owners.answer({});
  made.run();
  expect(ownersIn(made)[0]![2]).toEqual(NGINX);
});

/** A process and its child, of which nobody has told whose they are yet. */
function family(): ReturnType<typeof rig> {
  const { owners, rig: made } = rig();
  made.attach().fork(100, 200).fault({ page: HEAP_START, pid: 200 }).exit(200).run();
  made.run();
  return { owners, rig: made };
}
const ownerOf = (made: Rig, pid: number): Owner =>
  made.model.snapshot(made.now).processes.find((row) => row.pid === pid)!.owner;

test('a child has the owner of its parent from its birth on', () => {
  const { owners, rig: made } = rig();
  made.attach().fault({ page: HEAP_START }).run();
  made.run();
  owners.answer({ 100: NGINX });
  made.run();
  made.fork(100, 200).fault({ page: HEAP_START, pid: 200 }).run();
  expect(ownerOf(made, 200)).toEqual(NGINX);
  made.run();
  owners.answer({ 200: ROOT });
  made.run();
  expect(ownerOf(made, 200)).toEqual(ROOT);
});

test('who ended before the answer has the owner that the parent turns out to have', () => {
  const { owners, rig: made } = family();
  expect(ownerOf(made, 200)).toEqual(UNKNOWN);
  owners.answer({ 100: NGINX });
  made.run();
  expect(ownerOf(made, 200)).toEqual(NGINX);
});

test('a grandchild has the owner of a parent that ended as well', () => {
  const { owners, rig: made } = rig();
  made.attach().fork(100, 200).fork(200, 300).fault({ page: HEAP_START, pid: 300 });
  made.exit(200).exit(300).run();
  made.run();
  owners.answer({ 100: NGINX });
  made.run();
  expect(ownerOf(made, 300)).toEqual(NGINX);
});

test('a process is asked about again after eight seconds, however often one looks', () => {
  const { owners, rig: made } = rig();
  made.attach().fault({ page: HEAP_START }).run();
  made.run();
  const times: number[] = [];
  for (let second = 0; second < 20; second += 0.5) {
    if (owners.asked.length > 0) times.push(second);
    owners.answer({ 100: NGINX });
    made.model.tick(made.now + second * 1e9);
    made.run();
  }
  expect(times).toEqual([0, 0.5, 8.5, 16.5]);
});

test.each([0.25, 1, 10])(
  'of many processes few are asked about a second, each %d s',
  (interval) => {
    const { owners, rig: made } = rig();
    made.attach();
    for (let pid = 1000; pid < 2000; pid++) made.fork(100, pid);
    made.run();
    const answers = Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [1000 + n, NGINX]));
    const again = new Map<number, number>();
    const seconds = 60;
    for (let second = 0; second <= seconds; second += interval) {
      made.model.tick(made.now + second * 1e9);
      made.run();
      if (second > 1) for (const { pid } of owners.asked) again.set(pid, (again.get(pid) ?? 0) + 1);
      owners.answer({ ...answers, 100: NGINX });
      made.run();
    }
    const asked = [...again.values()].reduce((sum, n) => sum + n, 0);
    // At 10 s those of six looks.
    expect(asked).toBeGreaterThan(Math.min(6, seconds / interval) * 60 * 0.8);
    expect(asked).toBeLessThanOrEqual(seconds * 32 + 64);
  },
);

test('who lives and had no answer is asked again, and its children are told then', () => {
  const { owners, rig: made } = family();
  owners.answer({});
  made.run();
  expect(owners.asked).toEqual([]);
  expect(ownerOf(made, 200)).toEqual(UNKNOWN);
  made.model.tick(made.now);
  expect(owners.asked.map(({ pid }) => pid)).toContain(100);
  owners.answer({ 100: NGINX });
  made.run();
  expect(ownerOf(made, 200)).toEqual(NGINX);
});

test("a process that got the number of the parent later is nobody's parent", () => {
  const { owners, rig: made } = family();
  made.exit(100).run();
  made.fork(1, 100).fault({ page: HEAP_START, pid: 100 }).run();
  made.run();
  // The answer about the parent itself does not come.
  owners.asked.splice(0, 1);
  owners.answer({ 100: NGINX });
  made.run();
  expect(ownerOf(made, 200)).toEqual(UNKNOWN);
});

test("in another cgroup than that of its birth a process ends as a child of its parent's user", () => {
  const { owners, rig: made } = rig();
  made.attach().fault({ page: HEAP_START }).run();
  made.run();
  owners.answer({ 100: NGINX });
  made.run();
  cgroup(made, 7, 0, '/build.slice');
  cgroup(made.fork(100, 200).fault({ page: HEAP_START, pid: 200 }), 7, 200)
    .exit(200)
    .run();
  owners.answer({});
  made.run();
  expect(ownerOf(made, 200)).toEqual({ user: NGINX.user, cgroup: '/build.slice' });
});

test('rows that ended processes share are apart by owners', () => {
  const { owners, rig: made } = rig({ endedProcesses: 1 });
  made.attach();
  for (let pid = 200; pid < 212; pid++) {
    made.fork(100, pid).fault({ page: HEAP_START, pid }).run();
    made.run();
    owners.answer(Object.fromEntries([[pid, pid % 2 === 0 ? NGINX : ROOT]]));
    made.run();
    made.exit(pid, pid).run();
  }
  made.run();
  const sums = new Map<string, number>();
  for (const { owner, faults } of made.model.snapshot(made.now).processes) {
    sums.set(owner.cgroup, (sums.get(owner.cgroup) ?? 0) + faults);
  }
  expect(sums.get(NGINX.cgroup)).toBe(6);
  expect(sums.get(ROOT.cgroup)).toBe(6);
  expect(made.model.snapshot(made.now).processes.length).toBeLessThan(8);
});

/** A record of the cgroup of a process, which ends under this name; without a process, of one that is made. */
function cgroup(made: Rig, id: number, pid: number, name = ''): Rig {
  made.rename(pid, pid, name);
  const r = made.batch.records - 1;
  made.batch.recType[r] = RecordType.CGROUP;
  made.batch.recInoLo[r] = id;
  return made;
}

const cgroupIn = (made: Rig, pid: number): string =>
  made.model.snapshot(made.now).processes.find((row) => row.pid === pid)!.owner.cgroup;

test('who has ended before it could be asked is of the cgroup that its end tells', () => {
  const { owners, rig: made } = rig();
  cgroup(made, 7, 0, '/build.slice');
  for (const [pid, id] of [
    [200, 7],
    [201, 8],
    [202, 9],
  ] as const) {
    cgroup(made.fork(100, pid).fault({ page: HEAP_START, pid }), id, pid).exit(pid);
  }
  made.run();
  expect(owners.askedCgroups).toBe(3);
  owners.answer({});
  owners.cgroups = { walk: 1, paths: new Map([[8, '/system.slice/cron.service']]) };
  made.run();
  expect([200, 201, 202].map((pid) => cgroupIn(made, pid))).toEqual([
    '/build.slice',
    '/system.slice/cron.service',
    '',
  ]);
  // What was in no answer is gone: nobody is asked about it again.
  cgroup(made.fork(100, 203).fault({ page: HEAP_START, pid: 203 }), 9, 203)
    .exit(203)
    .run();
  expect(owners.askedCgroups).toBe(3);
});

test('a cgroup is gone where a walk that began behind the end of its process has not met it', () => {
  const { owners, rig: made } = rig();
  // One is under way.
  owners.walk = 2;
  cgroup(made.fork(100, 200).fault({ page: HEAP_START, pid: 200 }), 8, 200)
    .exit(200)
    .run();
  owners.cgroups = { walk: 1, paths: new Map() };
  made.run();
  expect(cgroupIn(made, 200)).toBe('');
  owners.cgroups = { walk: 2, paths: new Map([[8, '/system.slice/cron.service']]) };
  made.run();
  expect(cgroupIn(made, 200)).toBe('/system.slice/cron.service');
});

test('who has ended before its name could be asked has that of its end, another keeps its own', () => {
  const { rig: made } = rig();
  const names = (): unknown =>
    made.model.snapshot(made.now).processes.map(({ pid, comm }) => [pid, comm]);
  made.source.comms.set(701, 'known');
  made.fault({ page: HEAP_START, pid: 700 }).fault({ page: HEAP_START, pid: 701 }).run();
  expect(names()).toEqual([
    [700, '[unknown]'],
    [701, 'known'],
  ]);
  cgroup(made, 7, 700, 'cc1').exit(700);
  cgroup(made, 7, 701, 'later').exit(701).run();
  expect(names()).toEqual([
    [700, 'cc1'],
    [701, 'known'],
  ]);
  expect(made.model.snapshot(made.now).threads.map(({ comm }) => comm)).toContain('cc1');
});

test('an end tells nothing where ids are those of another hierarchy, or more is known', () => {
  const { owners, rig: made } = rig();
  cgroup(made, 7, 0, '/wrong').fork(100, 200).fault({ page: HEAP_START, pid: 200 }).run();
  made.run();
  owners.answer({ 200: NGINX });
  cgroup(made, 7, 200).exit(200).run();
  expect(cgroupIn(made, 200)).toBe(NGINX.cgroup);
  owners.knowsCgroupIds = false;
  cgroup(made.fork(100, 201).fault({ page: HEAP_START, pid: 201 }), 7, 201)
    .exit(201)
    .run();
  expect(cgroupIn(made, 201)).toBe('');
});
