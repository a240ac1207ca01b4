import { chmodSync, copyFileSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Place } from '../../src/sources/reader/names';
import { readerPath } from '../../src/native/load';
import { startReader } from '../../src/sources/reader/child';
import { Readers } from '../../src/sources/reader/readers';
import { TargetReader } from '../../src/sources/reader/target-reader';
import { buildNamed } from '../support/names-kit';
import { askElf, askNames, realReader, vmaOf } from '../support/reader-kit';
import { removeScratch, scratchDirectory } from '../support/scratch';

/** In the text of most programs. */
const PLACE: Place = { data: false, linked: false, value: 0x1000n };

let scratch: string;
let program: string;
beforeAll(() => {
  scratch = scratchDirectory();
  program = buildNamed(join(scratch, 'named'), ['g++', '-O2', '-g']);
});
afterAll(() => {
  removeScratch(scratch);
});

test('without the program that reads them there are no names, which is said once', async () => {
  const reader = join(scratch, 'pagefault-reader');
  const notes: string[] = [];
  const start = (): Readers =>
    new Readers({
      start: startReader(reader),
      note: (text) => {
        notes.push(text);
      },
      isRunning: () => false,
      nowMs: () => performance.now(),
    });
  copyFileSync(readerPath(), reader);
  const readers = start();
  const alone = new TargetReader(readers, readers);
  for (let i = 0; i < 2; i++)
    expect(await askNames(alone, process.pid, 'file', vmaOf(program), [PLACE])).toBeNull();
  expect(notes).toHaveLength(1);
  expect(notes[0]).toContain('pagefault-symbols was not built');
  // One that does not start, as without libdw.
  const symbols = join(scratch, 'pagefault-symbols');
  writeFileSync(symbols, '#!/bin/sh\nexit 127\n');
  chmodSync(symbols, 0o755);
  expect(await askNames(alone, process.pid, 'file', vmaOf(program), [PLACE])).toBeNull();
  expect(notes).toHaveLength(2);
  expect(notes[1]).toContain('pagefault-symbols does not start');
  readers.close();
});

test.each([
  ['dies of each file', 'kill -KILL $$'],
  ['never answers', 'exec sleep 1000'],
  ['answers with what is no answer', 'exec cat /proc/self/maps >&3'],
])('where the program that reads them %s there are none, which is said once', async (_, does) => {
  const directory = mkdtempSync(join(scratch, 'ill-'));
  const [reader, symbols] = ['reader', 'symbols'].map((name) =>
    join(directory, `pagefault-${name}`),
  );
  copyFileSync(readerPath(), reader!);
  writeFileSync(symbols!, `#!/bin/sh\n${does}\n`, { mode: 0o755 });
  const ill = realReader('/proc', 500, reader);
  for (const file of [program, program, '/bin/true'])
    expect(await askNames(ill.reader, process.pid, 'file', vmaOf(file), [PLACE])).toBeNull();
  expect(ill.notes.length).toBe(1);
  // What else is asked has its answer.
  expect((await askElf(ill.reader, process.pid, vmaOf(program)))?.found).toBe('program');
  ill.close();
});
