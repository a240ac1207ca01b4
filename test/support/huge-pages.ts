import { readFileSync, writeFileSync } from 'node:fs';

const COUNT = '/proc/sys/vm/nr_hugepages';

/** Raises the pool of 2 MiB pages by so many; returns what sets it back. Fails where memory is short. */
export function addHugePages(pages: number): () => void {
  const before = Number(readFileSync(COUNT, 'utf8'));
  writeFileSync(COUNT, String(before + pages));
  const now = Number(readFileSync(COUNT, 'utf8'));
  const restore = (): void => {
    writeFileSync(COUNT, String(before));
  };
  if (now < before + pages) {
    restore();
    throw new Error(`no room for ${pages} huge pages: ${now} of ${before + pages}`);
  }
  return restore;
}
