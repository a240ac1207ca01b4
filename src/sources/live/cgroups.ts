import { readdirSync, statSync } from 'node:fs';
import { basename, join, normalize, sep } from 'node:path';
import { AnalyzerError } from '../../core/facts/errors';
import { CONTAINER, UNIT_SUFFIX } from '../../core/facts/owner';
import type { OfCgroup } from '../../core/facts/target';
import { printable } from '../../core/text/printable';

/** Directories that are looked at: a machine with more has no names that are found by looking. */
export const MAX_DIRECTORIES = 65536;
/** Candidates named in an error. */
const MAX_NAMED = 5;

/** Where the cgroup v2 hierarchy is mounted, from /proc/self/mountinfo; null on a machine that has v1 alone. */
export function cgroupMount(mountInfo: string): string | null {
  for (const line of mountInfo.split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    if (!after.startsWith('cgroup2 ')) continue;
    const [, , , root, point] = before.split(' ');
    // A bind of a part of it shows nothing above that part.
    if (root === '/' || root?.startsWith('/..') === true) return unescaped(point ?? '');
  }
  return null;
}

/**
 * Where the memory of cgroups is told: a machine may have that controller on v1 and others on v2. There the cgroups of
 * systemd have the same paths.
 */
export function memoryMount(mountInfo: string): string | null {
  for (const line of mountInfo.split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    const [type, , options = ''] = after.split(' ');
    if (type !== 'cgroup' || !options.split(',').includes('memory')) continue;
    const [, , , root, point] = before.split(' ');
    if (root === '/') return unescaped(point ?? '');
  }
  return cgroupMount(mountInfo);
}

/** The kernel writes blanks and the like as octal numbers (mangle_path in fs/seq_file.c). */
function unescaped(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(parseInt(octal, 8)),
  );
}

/**
 * The directory of the cgroup that is asked for. Throws AnalyzerError (CGROUP_V1, NO_CGROUP, NO_UNIT,
 * NO_CONTAINER), which says what was looked for where, and what is there instead.
 */
export function findCgroup({ by, name }: OfCgroup, mount: string | null): string {
  if (mount === null) throw new AnalyzerError('CGROUP_V1', '/proc/self/mountinfo');
  if (by === 'cgroup') return byPath(name, mount);
  if (by === 'unit') return byUnit(UNIT_SUFFIX.test(name) ? name : `${name}.service`, mount);
  return byContainer(name.toLowerCase(), mount);
}

function byPath(path: string, mount: string): string {
  const under = normalize(path).startsWith(mount + sep) || normalize(path) === mount;
  const at = under ? normalize(path) : join(mount, path);
  // No way leads out of the mount.
  if ((at === mount || at.startsWith(mount + sep)) && isDirectory(at)) return at;
  const wanted = basename(at);
  const near = [...directories(mount)].filter((one) => basename(one).includes(wanted));
  throw new AnalyzerError(
    'NO_CGROUP',
    `${shown(path)} is not below ${mount}${candidates(near, mount)}`,
  );
}

function byUnit(unit: string, mount: string): string {
  const all = [...directories(mount)];
  const found = all.filter((one) => basename(one) === unit);
  if (found.length === 1) return found[0]!;
  if (found.length > 1) {
    throw new AnalyzerError(
      'NO_UNIT',
      `${shown(unit)} is not the name of one${candidates(found, mount)}`,
    );
  }
  const stem = unit.replace(UNIT_SUFFIX, '');
  const near = all.filter((one) => UNIT_SUFFIX.test(one) && basename(one).includes(stem));
  throw new AnalyzerError(
    'NO_UNIT',
    `${shown(unit)} is not below ${mount}${candidates(near, mount)}`,
  );
}

function byContainer(id: string, mount: string): string {
  const found = new Map<string, string>();
  const all = new Map<string, string>();
  for (const directory of directories(mount)) {
    const own = CONTAINER.exec(basename(directory))?.[1];
    if (own === undefined) continue;
    // The outermost of those with its id is the container's, the others are made within it.
    if (!all.has(own)) all.set(own, directory);
    if (own.startsWith(id) && !found.has(own)) found.set(own, directory);
  }
  if (found.size === 1) return [...found.values()][0]!;
  const what =
    found.size === 0 ? `no id below ${mount} begins with it` : 'several ids begin with it';
  const near = [...(found.size === 0 ? all : found).keys()].map((one) => one.slice(0, 12));
  throw new AnalyzerError('NO_CONTAINER', `${shown(id)}: ${what}${candidates(near, '')}`);
}

/** Every directory below, outermost first. */
function* directories(top: string): Generator<string> {
  const open = [top];
  for (let at = 0; at < open.length && at < MAX_DIRECTORIES; at++) {
    for (const name of subdirectories(open[at]!)) {
      const path = join(open[at]!, name);
      open.push(path);
      yield path;
    }
  }
}

/** None where it has gone meanwhile, or may not be read. */
function subdirectories(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort();
  } catch {
    return [];
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function candidates(names: readonly string[], mount: string): string {
  if (names.length === 0) return '';
  const few = names.slice(0, MAX_NAMED).map((name) => shown(name.slice(mount.length)));
  const more = names.length > MAX_NAMED ? `, and ${names.length - MAX_NAMED} more` : '';
  return ` (there is ${few.join(', ')}${more})`;
}

function shown(name: string): string {
  return `'${printable(name, 200)}'`;
}
