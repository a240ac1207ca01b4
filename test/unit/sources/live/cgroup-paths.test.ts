import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CgroupPaths } from '../../../../src/sources/live/cgroup-paths';
import { OpenQuestions } from '../../../../src/sources/live/open-questions';
import { until } from '../../../support/running';
import { removeScratch, scratchDirectory } from '../../../support/scratch';

let mount: string;
beforeEach(() => {
  mount = scratchDirectory();
  mkdirSync(join(mount, 'a', 'b'), { recursive: true });
});
afterEach(() => {
  removeScratch(mount);
});

const now = (): number => performance.now();

function walked(): { readonly paths: CgroupPaths; readonly questions: OpenQuestions } {
  const questions = new OpenQuestions(now, { limits: { questionMs: 0, budgetMs: 0 } });
  return { questions, paths: new CgroupPaths(mount, now, () => questions.begin()) };
}

test('the paths of all, by their inodes', async () => {
  const { paths, questions } = walked();
  expect(paths.ask()).toBe(1);
  await questions.settled();
  const all = ['', '/a', '/a/b'].map((path) => [statSync(mount + path).ino, path || '/'] as const);
  expect(paths.take()).toEqual({ walk: 1, paths: new Map(all) });
  expect(paths.take()).toBeNull();
});

test('who asks while it is walked is answered by the next walk, and the end of a run waits for that', async () => {
  const { paths, questions } = walked();
  paths.ask();
  await until('a walk', () => paths.ask() === 2);
  mkdirSync(join(mount, 'c'));
  await questions.settled();
  const come = paths.take()!;
  expect(come.walk).toBe(2);
  expect([...come.paths.values()]).toContain('/c');
});

test('who asks all the time is answered', async () => {
  const { paths } = walked();
  const walks: number[] = [];
  await until('two walks', () => {
    paths.ask();
    const come = paths.take();
    if (come !== null) walks.push(come.walk);
    return walks.length === 2;
  });
  expect(walks[1]).toBeGreaterThan(walks[0]!);
});
