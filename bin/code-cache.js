'use strict';

const { isAscii } = require('node:buffer');
const fs = require('node:fs');
const { createRequire } = require('node:module');
const path = require('node:path');
const { Script } = require('node:vm');

/**
 * The exports of the module `file`: compiled already where `cache` was written for this very file by this very
 * Node, and as `require` has them otherwise. V8 refuses what was compiled under other flags.
 */
function load(file, cache) {
  const known = read(file, cache);
  if (known === undefined) return require(file);
  const script = new Script(known.source, { filename: file, cachedData: known.code });
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(file), module, file, path.dirname(file));
  return module.exports;
}

/**
 * Compiles every function of `file`, also those that a run would compile at their first call, and leaves the code
 * in `cache`. To be called under the flags of V8 that the program is started with: none.
 */
function write(file, cache) {
  const source = wrapped(fs.readFileSync(file));
  const key = keyOf(fs.statSync(file));
  const { setFlagsFromString } = require('node:v8');
  // The code says which flags it was made under: this one is taken back before it is asked for.
  setFlagsFromString('--no-lazy');
  const script = new Script(source, { filename: file });
  setFlagsFromString('--lazy');
  fs.mkdirSync(path.dirname(cache), { recursive: true });
  // A program that starts meanwhile finds all of it or the one before.
  const unfinished = `${cache}.${process.pid}`;
  fs.writeFileSync(unfinished, Buffer.concat([Buffer.from(key), script.createCachedData()]));
  fs.renameSync(unfinished, cache);
}

/** Undefined where there is none, or one of another file or Node. */
function read(file, cache) {
  let code;
  try {
    code = fs.readFileSync(cache);
  } catch {
    return undefined;
  }
  const key = Buffer.from(keyOf(fs.statSync(file)));
  if (!code.subarray(0, key.length).equals(key)) return undefined;
  return { source: wrapped(fs.readFileSync(file)), code: code.subarray(key.length) };
}

/** Of the source, V8 itself compares the length alone; of Node, the version of V8. */
function keyOf({ size, mtimeMs, ctimeMs }) {
  return `${process.version} ${process.arch} ${size} ${mtimeMs} ${ctimeMs}\n`;
}

/** A module as Node wraps it. ASCII, which the bundle is, is decoded in no time and lies outside of V8's heap. */
function wrapped(bytes) {
  return Buffer.concat([
    Buffer.from('(function (exports, require, module, __filename, __dirname) { '),
    bytes,
    Buffer.from('\n});'),
  ]).toString(isAscii(bytes) ? 'latin1' : 'utf8');
}

module.exports = { load, write };
