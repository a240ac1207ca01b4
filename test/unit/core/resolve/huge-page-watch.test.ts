import type { HugePageFacts } from '../../../../src/core/facts/huge-pages';
import type { HugePageAnswer, HugePageQuestion, HugePageSource } from '../../../../src/core/ports';
import { Rig } from '../../../support/model-kit';
import { vma } from '../../../support/vma-kit';

/** Answers when the test says so. */
class FakeHugePages implements HugePageSource {
  readonly asked: HugePageQuestion[] = [];
  ready = true;
  private answers: HugePageAnswer[] = [];

  askHugePages(question: HugePageQuestion): boolean {
    if (this.ready) this.asked.push(question);
    return this.ready;
  }
  takeHugePages(): readonly HugePageAnswer[] {
    return this.answers.splice(0);
  }
  /** Answers the last question. */
  answer(facts: HugePageFacts): void {
    const { ticket, pid, space } = this.asked.at(-1)!;
    this.answers.push({ ticket, pid, space, facts });
  }
}

const FACTS: HugePageFacts = {
  start: 0,
  end: 0x200000,
  resident: 0x1000,
  huge: 0,
  eligible: true,
  advised: false,
  refused: false,
  enabled: 'always',
  defrag: 'madvise',
  pageSize: 0x200000,
};
const ARENA = 0x90000;
const OTHER = 0x190000;
const SECOND = 1e9;

function rig(): { readonly of: Rig; readonly source: FakeHugePages } {
  const source = new FakeHugePages();
  const of = new Rig({}, 'detail', { hugePages: source });
  of.attach(100, [vma(ARENA, ARENA + 8192), vma(OTHER, OTHER + 4096)]);
  return { of, source };
}

/** First touches of so many pages, then a batch a second later. */
function touch(of: Rig, from: number, pages: number): void {
  for (let k = 0; k < pages; k++) {
    of.fault({ page: from + k });
    if (k % 1000 === 999) of.run();
  }
  of.run();
  of.now += SECOND;
  of.run();
}

const idOf = (of: Rig, page: number): number =>
  of.model.snapshot(of.now).regions.find((row) => row.startPage <= page && page < row.endPage)!.id;

test('the region with the most first touches is asked about, and has what was answered', () => {
  const { of, source } = rig();
  touch(of, OTHER, 1500);
  touch(of, ARENA, 2500);
  expect(source.asked.at(-1)).toMatchObject({ pid: 100, page: ARENA });
  const { hugePages } = of.model.snapshot(of.now);
  expect(hugePages(idOf(of, ARENA))).toBeNull();
  source.answer(FACTS);
  of.now += SECOND;
  of.run();
  expect(hugePages(idOf(of, ARENA))).toEqual(FACTS);
  expect(hugePages(idOf(of, OTHER))).toBeNull();
});

test('where little is touched nothing is asked, and what is known only after much more', () => {
  const { of, source } = rig();
  touch(of, ARENA, 1000);
  expect(source.asked).toEqual([]);
  touch(of, ARENA + 1000, 1000);
  expect(source.asked).toHaveLength(1);
  touch(of, ARENA + 2000, 1000);
  expect(source.asked).toHaveLength(1);
  touch(of, ARENA + 3000, 1000);
  expect(source.asked).toHaveLength(2);
});

test('what could not be asked is asked at a later look, though nothing more is touched', () => {
  const { of, source } = rig();
  source.ready = false;
  touch(of, ARENA, 2500);
  source.ready = true;
  of.now += SECOND;
  of.run();
  expect(source.asked).toMatchObject([{ page: ARENA }]);
});

test('an answer about another program is none', () => {
  const { of, source } = rig();
  touch(of, ARENA, 2000);
  const id = idOf(of, ARENA);
  of.exec(100, 'another').run();
  source.answer(FACTS);
  of.now += SECOND;
  of.run();
  of.now += SECOND;
  of.run();
  expect(of.model.snapshot(of.now).hugePages(id)).toBeNull();
});
