import { UNKNOWN } from '../../../../src/core/ports';
import type { ProcSource } from '../../../../src/core/ports';
import type { Vma } from '../../../../src/core/vma/vma';
import { NotedSource } from '../../../../src/sources/live/noted-source';
import { captureFacts } from '../../../support/facts';
import { alone, vma } from '../../../support/vma-kit';

const SYSTEM = { swapInUse: false, numaBalancing: false };
const IMAGE = { sections: [], segments: [] };

/** A source that knows every file, and what is recorded of its answers. */
function setup(turns: boolean) {
  const told: string[] = [];
  const known: Pick<ProcSource, 'fileStore' | 'elfImage'> = {
    fileStore: () => 1,
    elfImage: (_pid, { backing }) => (backing.name === '/unread' ? UNKNOWN : IMAGE),
  };
  const session = {
    recordFact: (text: string) => {
      told.push(text);
    },
    recordName: () => undefined,
    recordMapping: () => undefined,
    info: {
      ...captureFacts(0, 0).mode,
      ...{ startNs: 0n, attached: [], commandPid: 0, notices: [] },
    },
  };
  const noted = new NotedSource(known as ProcSource, session, SYSTEM, null, turns);
  return {
    noted,
    meet: (file: Vma) => {
      noted.fileStore(1, 1, file.backing);
      noted.elfImage(alone(1), file);
    },
    drop: () => {
      told.length = 0;
    },
    /** Kinds and names of what was told since. */
    take: () =>
      told.splice(0).map((text) => {
        const { kind, file = '' } = JSON.parse(text) as { kind: string; file?: string };
        return `${kind} ${file.split(':').at(-1)!}`.trim();
      }),
  };
}

const file = (name: string): Vma => vma(1, 2, name);

test('of each file is told once, and of one that cannot be read what is known', () => {
  const { meet, take } = setup(false);
  for (const name of ['/a', '/a', '/unread']) meet(file(name));
  expect(take()).toEqual(['system', 'mode', 'store /a', 'elf /a', 'store /unread']);
});

test('the next file begins with what is mapped, and the rest is told when it is met again', () => {
  const { noted, meet, take } = setup(true);
  for (const name of ['/a', '/gone', '/b']) meet(file(name));
  take();
  noted.begin();
  // Two processes map it.
  for (const name of ['/a', '/a', '/b', '/never']) noted.tellAgain(file(name).backing);
  noted.end();
  expect(take()).toEqual(['system', 'mode', 'store /a', 'elf /a', 'store /b', 'elf /b']);
  for (const name of ['/a', '/gone']) meet(file(name));
  expect(take()).toEqual(['store /gone', 'elf /gone']);
});

test('what is gone leaves room for what comes, however long it runs', () => {
  const { noted, meet, take, drop } = setup(true);
  for (let turn = 0; turn < 3; turn++) {
    for (let k = 0; k < 30_000; k++) meet(file(`/tmp/${turn}-${k}`));
    noted.begin();
    noted.end();
  }
  drop();
  meet(file('/new'));
  expect(take()).toEqual(['store /new', 'elf /new']);
});

test('a notice is told once, and again in each file; the end of one recording only', () => {
  const { noted, take } = setup(true);
  const facts = captureFacts(1, 0);
  const notice = { code: 'USER_ONLY', errno: 13, detail: '2' } as const;
  noted.noteNotice(notice);
  noted.noteNotice({ ...notice });
  noted.noteEnd(facts, 1, 0);
  expect(take()).toEqual(['system', 'mode', 'notice', 'end']);
  noted.begin();
  noted.end();
  noted.noteEnd(facts, 2, 0);
  expect(take()).toEqual(['system', 'mode', 'notice']);
});
