import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Version of this package: package.json lies two levels above src/cli and the bundle in dist/cli alike. */
export function version(): string {
  const text = readFileSync(join(__dirname, '..', '..', 'package.json'), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}
