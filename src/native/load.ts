import * as fs from 'node:fs';
import * as path from 'node:path';
import { Batch, RecordType } from '../core/wire/batch';
import { columnsDiffer, NO_BUFFER } from '../core/wire/columns';
import { PendingFaults } from '../core/wire/pending-faults';
import { AnalyzerError, errorParts } from '../core/facts/errors';
import type { ErrorCode } from '../core/facts/errors';
import type { Addon } from './contract';

/** Where node-gyp puts what it builds: seen from src/native and from the bundle in dist/cli alike. */
const BUILD = path.join(__dirname, '..', '..', 'build', 'Release');

/** Path of the program that ends a COMMAND when the analyzer is killed. */
export function watcherPath(): string {
  return path.join(BUILD, 'pagefault-watcher');
}

/** Path of the built demo program. Throws DEMO_MISSING with the path that was tried. */
export function demoPath(): string {
  return built('pagefault-demo', 'DEMO_MISSING');
}

/** Path of the program that reads what belongs to targets. Throws ADDON_MISSING with the path tried. */
export function readerPath(): string {
  return built('pagefault-reader', 'ADDON_MISSING');
}

/** Path of the program that reads recordings. Throws ADDON_MISSING with the path tried. */
export function replayPath(): string {
  return built('pagefault-replay', 'ADDON_MISSING');
}

function built(name: string, missing: ErrorCode): string {
  const file = path.join(BUILD, name);
  if (!fs.existsSync(file)) throw new AnalyzerError(missing, `tried ${file}`);
  return file;
}

/** In what an addon of another build differs from core/wire, in words; '' for ours. */
export function wireDiffers(addon: Partial<Addon>): string {
  const { batchColumns = [], pendingColumns = [], recordTypes = {} } = addon;
  const types = (of: Readonly<Record<string, number>>): string =>
    Object.entries(of)
      .map(([name, type]) => `${name}=${type}`)
      .join(' ');
  return (
    columnsDiffer(new Batch(NO_BUFFER).columns, batchColumns) ||
    columnsDiffer(new PendingFaults(NO_BUFFER).columns, pendingColumns) ||
    (types(recordTypes) === types(RecordType)
      ? ''
      : `records are ${types(recordTypes)} where ${types(RecordType)} is needed`)
  );
}

/**
 * Loads the addon. Throws ADDON_MISSING (with the path that was tried), ADDON_BROKEN (with the dynamic
 * linker's own words: a missing library must not read like a missing build) or ADDON_ABI.
 */
export function loadAddon(): Addon {
  const file = built('pagefault.node', 'ADDON_MISSING');
  let addon: Addon;
  try {
    // The path is made at run time: an import could not name it.
    // oxlint-disable-next-line typescript/no-require-imports
    addon = require(file) as Addon;
  } catch (error) {
    throw new AnalyzerError('ADDON_BROKEN', errorParts(error).message);
  }
  const differ = wireDiffers(addon);
  if (differ !== '') throw new AnalyzerError('ADDON_ABI', `${file}: ${differ}`);
  return addon;
}
