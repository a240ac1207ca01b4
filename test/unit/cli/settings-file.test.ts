import * as fs from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import {
  readSettings,
  saveSettings,
  settingsPlace,
  type Surroundings,
} from '../../../src/cli/settings-file';
import { settingsText } from '../../../src/tui/state/settings';
import { removeScratch, scratchDirectory } from '../../support/scratch';

const STRANGER = 12345;
const TEXT = settingsText({ view: 'threads', intervalMs: 2000, theme: 'light' });
let root: string;
beforeEach(() => {
  root = scratchDirectory();
});
afterEach(() => {
  removeScratch(root);
});

function directory(name: string, owner = 0): string {
  const path = join(root, name);
  fs.mkdirSync(path, { recursive: true });
  fs.chownSync(path, owner, owner);
  return path;
}

function around(env: Surroundings['env'], home = directory('root')): Surroundings {
  return { uid: 0, env, home };
}

const placeOf = (what: Surroundings): string => {
  const place = settingsPlace(what);
  return 'path' in place ? place.path : `refused: ${place.refusal}`;
};
const END = 'pagefault-analyzer/settings.json';

test('XDG_CONFIG_HOME, then .config of HOME, then that of the home that the system knows', () => {
  const own = directory('own');
  expect(placeOf(around({ XDG_CONFIG_HOME: own }))).toBe(join(own, END));
  expect(placeOf(around({ XDG_CONFIG_HOME: '', HOME: own }))).toBe(join(own, '.config', END));
  // A relative one is to be ignored (basedir-spec).
  expect(placeOf(around({ XDG_CONFIG_HOME: 'own' }))).toBe(join(root, 'root/.config', END));
  expect(placeOf(around({}))).toBe(join(root, 'root/.config', END));
  expect(placeOf({ uid: 0, env: {}, home: '' })).toMatch(/^refused: neither/);
});

test('as root nothing is written into the home of another user, and nothing read there', () => {
  const alice = directory('alice', STRANGER);
  const config = join(alice, '.config', 'pagefault-analyzer');
  fs.mkdirSync(config, { recursive: true });
  fs.writeFileSync(join(config, 'settings.json'), TEXT);
  // sudo with HOME kept; all but the home itself is root's by now.
  const sudo = around({ HOME: alice, SUDO_UID: String(STRANGER) });
  expect(placeOf(sudo)).toBe(join(root, 'root/.config', END));
  expect(readSettings(sudo)).toEqual({ settings: {}, note: '' });
  const before = fs.readdirSync(alice, { recursive: true });
  expect(saveSettings(sudo, TEXT)).toEqual({
    ok: true,
    words: `settings are saved in ${join(root, 'root/.config', END)}`,
  });
  expect(fs.readdirSync(alice, { recursive: true })).toEqual(before);
  expect(readSettings(sudo).settings).toMatchObject({ view: 'threads', intervalMs: 2000 });
  expect(fs.statSync(join(root, 'root/.config')).mode & 0o777).toBe(0o700);
  // Where there is no home of our own either.
  const nowhere = { ...sudo, home: directory('bob', STRANGER + 1) };
  expect(saveSettings(nowhere, TEXT)).toEqual({
    ok: false,
    words: `settings are not saved: ${alice}/.config is in the hands of uid ${STRANGER}`,
  });
});

test('a link of ours into the hands of another user is not followed', () => {
  const alice = directory('alice', STRANGER);
  const own = directory('own');
  fs.mkdirSync(join(alice, 'theirs'));
  fs.symlinkSync(join(alice, 'theirs'), join(own, '.config'));
  const both = around({ HOME: own }, own);
  expect(placeOf(both)).toBe(`refused: ${own}/.config is in the hands of uid ${STRANGER}`);
  expect(saveSettings(both, TEXT).ok).toBe(false);
  expect(fs.readdirSync(join(alice, 'theirs'))).toEqual([]);
  // One that leads to what is ours is what people do with their dotfiles.
  const dots = directory('dots');
  fs.rmSync(join(own, '.config'));
  fs.symlinkSync(dots, join(own, '.config'));
  expect(saveSettings(both, TEXT).ok).toBe(true);
  expect(fs.readFileSync(join(dots, END), 'utf8')).toBe(TEXT);
});

test('what lies where the settings should is not taken for them, and nothing waits for it', () => {
  const home = directory('own');
  const what = around({ XDG_CONFIG_HOME: home });
  const path = join(home, END);
  fs.mkdirSync(join(home, 'pagefault-analyzer'));
  const noteWith = (lay: () => void): string => {
    fs.rmSync(path, { recursive: true, force: true });
    lay();
    const { settings, note } = readSettings(what);
    expect(settings).toEqual({});
    expect(note).not.toContain('\n');
    return note;
  };
  expect(noteWith(() => undefined)).toBe('');
  expect(noteWith(() => execFileSync('mkfifo', [path]))).toMatch(/no regular file/);
  expect(saveSettings(what, TEXT).ok).toBe(false);
  expect(
    noteWith(() => {
      fs.mkdirSync(path);
    }),
  ).toMatch(/no regular file/);
  expect(
    noteWith(() => {
      fs.writeFileSync(path, Buffer.alloc(70_000, 32));
    }),
  ).toMatch(/too large/);
  expect(
    noteWith(() => {
      fs.writeFileSync(path, '\0\x1b]0;x\x07');
    }),
  ).toMatch(/are no JSON/);
  expect(
    noteWith(() => {
      fs.writeFileSync(path, '[]');
    }),
  ).toMatch(/no JSON object/);
  expect(
    noteWith(() => {
      fs.writeFileSync(path, '{"version": 7}');
    }),
  ).toMatch(/version is not 1/);
  expect(
    noteWith(() => {
      fs.writeFileSync(path, TEXT);
      fs.chownSync(path, STRANGER, STRANGER);
    }),
  ).toMatch(new RegExp(`those of uid ${STRANGER}`));
  expect(
    noteWith(() => {
      fs.symlinkSync(path, path);
    }),
  ).toMatch(/cannot be read \(ELOOP\)/);
});

test('what is no directory on the way is said, and nothing is thrown', () => {
  const file = join(directory('own'), 'file');
  fs.writeFileSync(file, '');
  const said = saveSettings(around({ HOME: file }), TEXT);
  expect(said).toEqual({ ok: false, words: expect.stringContaining('ENOTDIR') as unknown });
  expect(readSettings(around({ HOME: file })).note).toContain('ENOTDIR');
});
