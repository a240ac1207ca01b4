import { execFileSync } from 'node:child_process';
import { readFileSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { ROOT } from '../support/build';
import { removeScratch, scratchDirectory } from '../support/scratch';

const directory = scratchDirectory();
const file = path.join(directory, 'module.js');
const cache = path.join(directory, 'made', 'module.code');

afterAll(() => {
  removeScratch(directory);
});

const MODULE = JSON.stringify(path.join(ROOT, 'bin', 'code-cache.js'));
const PLACES = `${JSON.stringify(file)}, ${JSON.stringify(cache)}`;
const WRITE = `require(${MODULE}).write(${PLACES});`;
/** Prints what the module says, and whether V8 was given code and refused it. */
const LOAD = `
  const vm = require('node:vm');
  let refused = 'not asked';
  vm.Script = class extends vm.Script {
    constructor(...given) {
      super(...given);
      refused = this.cachedDataRejected;
    }
  };
  const { word } = require(${MODULE}).load(${PLACES});
  process.stdout.write(word() + ' ' + refused);`;

function node(code: string, flags: readonly string[] = []): string {
  return execFileSync(process.execPath, [...flags, '-e', code], { encoding: 'utf8' });
}

function given(word: string): void {
  writeFileSync(file, `module.exports = { word: () => '${word}' + require('node:path').sep };\n`);
}

test('what was compiled ahead is what runs', () => {
  given('one');
  node(WRITE);
  expect(node(LOAD)).toBe('one/ false');
  given('µ');
  node(WRITE);
  expect(node(LOAD)).toBe('µ/ false');
});

test('another file of the same length is compiled anew, whatever its time', () => {
  given('one');
  utimesSync(file, 1, 1);
  node(WRITE);
  given('two');
  utimesSync(file, 1, 1);
  expect(node(LOAD)).toBe('two/ not asked');
});

test('code that is cut short, of other flags, or not there is not run', () => {
  given('one');
  node(WRITE);
  expect(node(LOAD, ['--max-semi-space-size=2'])).toBe('one/ true');
  truncateSync(cache, readFileSync(cache).length - 40);
  expect(node(LOAD)).toBe('one/ true');
  truncateSync(cache, 3);
  expect(node(LOAD)).toBe('one/ not asked');
});

test('neither the program nor the compiler of its bundle runs under a flag of V8', () => {
  const launcher = readFileSync(path.join(ROOT, 'addon', 'launch', 'launch.c'), 'utf8');
  const { scripts } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  expect(launcher.match(/"--[^"]*"/g)).toEqual(['"--inspect-port=[fe80::1%/]:0"']);
  expect(scripts['build:ts']).toMatch(/ && node scripts\/compile-bundle\.js$/);
});
