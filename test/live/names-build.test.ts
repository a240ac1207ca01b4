import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../support/build';
import { removeScratch, scratchDirectory } from '../support/scratch';

let scratch: string;
beforeEach(() => {
  scratch = scratchDirectory();
  for (const entry of ['addon', 'demo', 'binding.gyp', 'package.json'])
    cpSync(join(ROOT, entry), join(scratch, entry), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(scratch, 'node_modules'));
});
afterEach(() => {
  removeScratch(scratch);
});

test.each([
  ['elfutils', '/usr/include/elfutils/libdw.h'],
  ['libiberty', '/usr/include/libiberty/demangle.h'],
  ['liblzma', '/usr/include/lzma.h'],
])('where %s is missing, the rest is built without what reads names', (_, header) => {
  const gyp = join(ROOT, 'node_modules', 'node-gyp', 'bin', 'node-gyp.js');
  const nodedir = join(process.execPath, '..', '..');
  const common = join(nodedir, 'include', 'node', 'common.gypi');
  const headers = existsSync(common) ? `--nodedir=${nodedir}` : '';
  const hide = `mount --bind /dev/null ${header}`;
  const script = `${hide} && exec ${process.execPath} ${gyp} configure ${headers}`;
  execFileSync('unshare', ['-m', 'sh', '-c', script], { cwd: scratch, stdio: 'pipe' });
  const targets = (root: string): boolean[] =>
    ['symbols', 'reader'].map((name) =>
      existsSync(join(root, 'build', `pagefault-${name}.target.mk`)),
    );
  expect(targets(ROOT)).toEqual([true, true]);
  expect(targets(scratch)).toEqual([false, true]);
});
