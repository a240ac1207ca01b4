import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const FIXTURES = join(__dirname, '..', 'fixtures', 'perfdata');

/** The path of a recording of a fixture (test/fixtures/perfdata/README.md), unpacked into `directory`. */
export function perfData(directory: string, name: string): string {
  const file = join(directory, `${name}.data`);
  writeFileSync(file, gunzipSync(readFileSync(join(FIXTURES, `${name}.data.gz`))));
  return file;
}
