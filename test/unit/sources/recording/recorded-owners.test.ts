import type { CgroupWalk, OwnerAnswer, OwnerSource, Reached } from '../../../../src/core/ports';
import { FileTime } from '../../../../src/sources/live/file-time';
import { NotedOwners } from '../../../../src/sources/live/noted-owners';
import { factText, parseFact } from '../../../../src/sources/recording/recorded-facts';
import { RecordedSource } from '../../../../src/sources/recording/recorded-source';

const NGINX = { user: 'www', cgroup: '/system.slice/nginx.service' };
const ROOT = { user: 'root', cgroup: '/' };
const KIN = { ppid: 1, nsPid: 7 };

const at = (horizon: number): Reached => ({ horizon, spaceOf: () => undefined });

/** Capture's questions, and the replay that is told of their answers. */
class Bench {
  readonly source = new RecordedSource();
  readonly texts: string[] = [];
  answers: OwnerAnswer[] = [];
  walk: CgroupWalk | null = null;
  private readonly live: OwnerSource = {
    knowsCgroupIds: true,
    askOwner: () => undefined,
    takeOwners: () => this.answers.splice(0),
    askCgroups: () => 1,
    takeCgroups: () => this.walk,
  };
  readonly time = new FileTime();
  readonly noted = new NotedOwners(
    this.live,
    (fact) => {
      this.texts.push(factText(fact));
      this.source.add(factText(fact));
    },
    this.time,
  );

  /** Process `pid`, by its ticket in the capture, is answered when the model has come to `horizon`. */
  tell(pid: number, ticket: number, owner: OwnerAnswer['owner'], horizon: number): void {
    this.noted.askOwner(pid, ticket);
    this.answers = [{ ticket, owner, kinship: KIN }];
    expect(this.noted.takeOwners(at(horizon))).toHaveLength(1);
  }

  /** What the replay is told of who they are, by its own tickets. */
  replayed(horizon: number): [number, OwnerAnswer['owner']][] {
    const { owners } = this.source;
    return owners.takeOwners(at(horizon)).map(({ ticket, owner }) => [ticket, owner]);
  }
}

test('who asks is answered when the capture had its answer, and told of another once it is known', () => {
  const bench = new Bench();
  bench.tell(100, 1, ROOT, 1000);
  bench.tell(100, 1, ROOT, 1500);
  bench.tell(100, 1, NGINX, 2000);
  expect(bench.texts).toHaveLength(2);
  const { owners } = bench.source;
  owners.askOwner(100, 41);
  expect(bench.replayed(999)).toEqual([]);
  expect(owners.takeOwners(at(1000))).toEqual([{ ticket: 41, owner: ROOT, kinship: KIN }]);
  expect(bench.replayed(1999)).toEqual([]);
  expect(bench.replayed(2000)).toEqual([[41, NGINX]]);
});

test('who is met later than the file begins is told of what stands at its head', () => {
  const bench = new Bench();
  bench.time.begin(5000);
  bench.noted.begin();
  bench.noted.tellAgain(100, NGINX, KIN);
  bench.noted.tellAgain(200, { user: '', cgroup: '' }, KIN);
  expect(bench.texts).toHaveLength(1);
  expect(bench.replayed(1)).toEqual([]);
  bench.source.owners.askOwner(100, 41);
  bench.source.owners.askOwner(200, 42);
  expect(bench.replayed(1)).toEqual([[41, NGINX]]);
  // Times are the file's.
  bench.tell(200, 2, ROOT, 6000);
  expect(bench.replayed(999)).toEqual([]);
  expect(bench.replayed(1000)).toEqual([[42, ROOT]]);
});

test('a number that was given again is another process', () => {
  const bench = new Bench();
  bench.tell(100, 1, NGINX, 1000);
  bench.source.owners.askOwner(100, 41);
  expect(bench.replayed(1000)).toEqual([[41, NGINX]]);
  bench.source.owners.askOwner(100, 50);
  expect(bench.replayed(2000)).toEqual([]);
  bench.tell(100, 2, ROOT, 3000);
  expect(bench.replayed(3000)).toEqual([[50, ROOT]]);
});

test('who could not be asked any more is as unknown in a replay', () => {
  const bench = new Bench();
  bench.tell(100, 1, null, 1000);
  bench.source.owners.askOwner(100, 41);
  expect(bench.source.owners.takeOwners(at(1000))).toEqual([{ ticket: 41, owner: null }]);
});

test('cgroups by their ids: a walk is whole when its last part has come, however long its paths are', () => {
  const bench = new Bench();
  const { owners } = bench.source;
  expect(owners.knowsCgroupIds).toBe(false);
  const paths = new Map(
    Array.from({ length: 500 }, (_, id) => [id, `/${id}/${'\x01'.repeat(4000)}`] as const),
  );
  bench.walk = { walk: 1, paths };
  bench.noted.takeCgroups(at(1000));
  expect(Math.max(...bench.texts.map((text) => Buffer.byteLength(text)))).toBeLessThan(65_000);
  expect(owners.takeCgroups(at(999))).toBeNull();
  expect(owners.takeCgroups(at(1000))).toEqual({ walk: 1, paths });
  expect(owners.takeCgroups(at(1000))).toBeNull();
  expect(owners.knowsCgroupIds).toBe(true);
  expect(owners.askCgroups()).toBeGreaterThan(1);
  // Another walk: what has come since is told alone.
  const more = new Map([...paths, [500, '/new']]);
  bench.walk = { walk: 2, paths: more };
  bench.noted.takeCgroups(at(2000));
  expect(owners.takeCgroups(at(2000))).toEqual({ walk: 2, paths: new Map([[500, '/new']]) });
});

test('facts that are none are passed over', () => {
  const owner = { kind: 'owner', pid: 1, after: 0, ...ROOT, ppid: 0, nsPid: 0 };
  const cgroups = { kind: 'cgroups', after: 0, paths: [[1, '/']], more: false };
  const parsed = (fact: object): unknown => parseFact(JSON.stringify(fact));
  expect(parsed(owner)).toEqual(owner);
  expect(parsed(cgroups)).toEqual(cgroups);
  for (const wrong of [{ pid: -1 }, { after: 0.5 }, { user: 7 }, { cgroup: 'x'.repeat(5000) }])
    expect(parsed({ ...owner, ...wrong })).toBeNull();
  for (const paths of [7, [1], [[1]], [[-1, '/']], [[1, 2]]])
    expect(parsed({ ...cgroups, paths })).toBeNull();
});
