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
  const stat = fs.statSync(file);
  const source = wrapped(file, stat.size);
  const key = keyOf(stat);
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
  const stat = fs.statSync(file);
  const key = Buffer.from(keyOf(stat));
  if (!code.subarray(0, key.length).equals(key)) return undefined;
  const source = wrapped(file, stat.size);
  return source === undefined ? undefined : { source, code: code.subarray(key.length) };
}

/**
 * Of the source, V8 itself compares the length alone; of Node, the version of V8. A multiple of 8 bytes: code that
 * begins elsewhere V8 copies first.
 */
function keyOf({ size, mtimeMs, ctimeMs }) {
  const key = `${process.version} ${process.arch} ${size} ${mtimeMs} ${ctimeMs}`;
  return `${key.padEnd(Math.ceil((key.length + 1) / 8) * 8 - 1)}\n`;
}

const HEAD = '(function (exports, require, module, __filename, __dirname) { ';
const TAIL = '\n});';

/** A module as Node wraps it. ASCII, which the bundle is, is decoded in no time and lies outside of V8's heap. */
function wrapped(file, size) {
  const text = Buffer.allocUnsafeSlow(HEAD.length + size + TAIL.length);
  text.write(HEAD, 'latin1');
  const fd = fs.openSync(file);
  try {
    let at = 0;
    while (at < size) {
      const n = fs.readSync(fd, text, HEAD.length + at, size - at, at);
      // It is being written anew.
      if (n === 0) return undefined;
      at += n;
    }
  } finally {
    fs.closeSync(fd);
  }
  text.write(TAIL, HEAD.length + size, 'latin1');
  return text.toString(isAscii(text) ? 'latin1' : 'utf8');
}

module.exports = { load, write };
