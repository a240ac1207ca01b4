import * as fs from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { errorParts } from '../core/facts/errors';
import { WholeFile } from '../output/files/whole-file';
import { parseSettings, type Settings } from '../tui/state/settings';

const FOLDER = 'pagefault-analyzer';
const FILE = 'settings.json';
/** Settings are some hundred bytes: what is larger is something else. */
const MAX_BYTES = 64 << 10;
/** The base directory specification of XDG asks for it. */
const PRIVATE_DIRECTORY = 0o700;

/** Who we are, and where our configuration is said to be. */
export interface Surroundings {
  readonly uid: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The home directory that the system knows, '' where it knows none. */
  readonly home: string;
}

export function ownSurroundings(): Surroundings {
  return { uid: process.geteuid!(), env: process.env, home: systemHome() };
}

function systemHome(): string {
  try {
    return userInfo().homedir;
  } catch {
    // A user without an entry in passwd.
    return '';
  }
}

/** Where settings are, or why they are nowhere, in words. */
export type SettingsPlace = { readonly path: string } | { readonly refusal: string };

/**
 * The file of the settings: in XDG_CONFIG_HOME, else in .config of HOME. What belongs to somebody else is not for us:
 * under sudo, which may keep HOME, root's own home takes its place.
 */
export function settingsPlace({ uid, env, home }: Surroundings): SettingsPlace {
  const said = [env.XDG_CONFIG_HOME, underHome(env.HOME)].find(isAbsolute);
  const places = [said, underHome(home)].filter(isAbsolute);
  const ours = places.find((place) => strangerOn(place, uid) === null);
  if (ours !== undefined) return { path: join(ours, FOLDER, FILE) };
  const [first] = places;
  if (first === undefined) return { refusal: 'neither XDG_CONFIG_HOME nor HOME says where' };
  return { refusal: `${first} is in the hands of uid ${strangerOn(first, uid)!}` };
}

function underHome(home: string | undefined): string | undefined {
  return home === undefined || home === '' ? undefined : join(home, '.config');
}

function isAbsolute(path: string | undefined): path is string {
  return path?.startsWith('/') === true;
}

/** A user beside root and ourselves to whom something on the way belongs, null for none. */
function strangerOn(path: string, uid: number): number | null {
  const inWords = strangerAlong(path, uid);
  if (inWords !== null) return inWords.uid;
  // The links are ours: where they lead is looked at, too.
  const there = existing(path);
  return strangerAlong(fs.realpathSync(there), uid)?.uid ?? null;
}

/** Looks from the root on, and no further than to what is somebody else's: that may be a mount that never answers. */
function strangerAlong(path: string, uid: number): fs.Stats | null {
  const names = path.split('/').filter((name) => name !== '');
  for (let k = 0; k <= names.length; k++) {
    const at = `/${names.slice(0, k).join('/')}`;
    const stat = fs.lstatSync(at, { throwIfNoEntry: false });
    if (stat === undefined) return null;
    if (stat.uid !== 0 && stat.uid !== uid) return stat;
  }
  return null;
}

/** The path, or what there is above it. */
function existing(path: string): string {
  return fs.existsSync(path) ? path : existing(dirname(path));
}

export interface ReadSettings {
  readonly settings: Settings;
  /** A line for the user, '' for nothing. */
  readonly note: string;
}

/** The settings that were saved; none, and a line, where they cannot be read. Nothing is thrown. */
export function readSettings(around: Surroundings): ReadSettings {
  try {
    const place = settingsPlace(around);
    // Who has never saved any need not hear of it.
    if ('refusal' in place) return { settings: {}, note: '' };
    const text = readOwn(place.path, around.uid);
    if (text === null) return { settings: {}, note: '' };
    if (typeof text !== 'string') return ignored(place.path, text.refusal);
    const { settings, trouble } = parseSettings(text);
    return trouble === ''
      ? { settings, note: '' }
      : { settings, note: ignored(place.path, trouble).note };
  } catch (error) {
    return { settings: {}, note: `note: the settings cannot be read (${errorParts(error).code})` };
  }
}

function ignored(path: string, why: string): ReadSettings {
  return { settings: {}, note: `note: settings: ${why}; that is ignored (${path})` };
}

/** null: there are none. Throws the errno of what failed. */
function readOwn(path: string, uid: number): string | { readonly refusal: string } | null {
  let fd: number;
  try {
    // A FIFO must not be waited for.
    fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK | fs.constants.O_NOCTTY);
  } catch (error) {
    if (errorParts(error).code === 'ENOENT') return null;
    throw error;
  }
  try {
    const stat = fs.fstatSync(fd);
    if (!stat.isFile()) return { refusal: 'that is no regular file' };
    if (stat.uid !== 0 && stat.uid !== uid) return { refusal: `they are those of uid ${stat.uid}` };
    const bytes = Buffer.alloc(MAX_BYTES);
    const length = fs.readSync(fd, bytes);
    if (length === MAX_BYTES) return { refusal: 'they are too large' };
    return bytes.toString('utf8', 0, length);
  } finally {
    fs.closeSync(fd);
  }
}

/** Saves them. What happened, in words: where they are, or why they are not saved. */
export function saveSettings(
  around: Surroundings,
  text: string,
): { readonly ok: boolean; readonly words: string } {
  try {
    const place = settingsPlace(around);
    if ('refusal' in place) return { ok: false, words: `settings are not saved: ${place.refusal}` };
    const { path } = place;
    fs.mkdirSync(dirname(path), { recursive: true, mode: PRIVATE_DIRECTORY });
    const file = new WholeFile(path);
    if (file.direct !== null) {
      file.abandon();
      return { ok: false, words: `settings are not saved: ${path} is no regular file` };
    }
    file.replace(text);
    return { ok: true, words: `settings are saved in ${path}` };
  } catch (error) {
    const { code, message } = errorParts(error);
    return { ok: false, words: `settings are not saved: ${message === '' ? code : message}` };
  }
}
