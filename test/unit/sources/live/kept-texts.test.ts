import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KeptTexts } from '../../../../src/sources/live/kept-texts';

describe('KeptTexts', () => {
  /** Descriptors of a file. The one that the folder was listed with is gone. */
  function descriptors(path: string): number {
    const folder = '/proc/self/fd';
    return readdirSync(folder).filter((fd) => {
      try {
        return readlinkSync(join(folder, fd)) === path;
      } catch {
        return false;
      }
    }).length;
  }

  it('tells what a file says now, at each reading, with one descriptor', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kept-texts-'));
    const path = join(folder, 'text');
    writeFileSync(path, 'the first');
    const { reader } = new KeptTexts();
    expect(await reader(path)).toBe('the first');
    writeFileSync(path, 'then');
    expect(await reader(path)).toBe('then');
    expect(descriptors(path)).toBe(1);
    rmSync(folder, { recursive: true });
  });

  it('reads files of /proc from their beginning, several at a time', async () => {
    const { reader } = new KeptTexts();
    const read = (): Promise<string[]> =>
      Promise.all(['/proc/meminfo', '/proc/vmstat'].map((path) => reader(path)));
    for (const [meminfo, vmstat] of [await read(), await read()]) {
      expect(meminfo).toMatch(/^MemTotal: +\d+ kB\n[^]*\n$/);
      expect(vmstat).toMatch(/^nr_free_pages \d+\n[^]*\n$/);
    }
  });

  it('says that there is none, and finds one that comes later', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kept-texts-'));
    const path = join(folder, 'text');
    const { reader } = new KeptTexts();
    await expect(reader(path)).rejects.toThrow('ENOENT');
    writeFileSync(path, 'here');
    expect(await reader(path)).toBe('here');
    rmSync(folder, { recursive: true });
  });
});
