'use strict';

// The first act: while nobody listens, SIGUSR1 makes Node open its debugger (addon/launch/launch.c).
process.on('SIGUSR1', () => undefined);

const fs = require('node:fs');
const path = require('node:path');
const codeCache = require('./code-cache');

const major = Number.parseInt(process.versions.node, 10);
const root = path.join(__dirname, '..');
const main = path.join(root, 'dist', 'cli', 'main.js');
if (major < 20) {
  refuse(`Node 20 or later is needed, ${process.execPath} is ${process.version}`);
} else if (!fs.existsSync(main)) {
  refuse(`not built yet: run npm run build (tried ${main})`);
} else {
  start();
}

function start() {
  let notes;
  try {
    notes = takeNotes();
  } catch (error) {
    refuse(`cannot start: what the launcher noted cannot be read: ${error.message}`);
    return;
  }
  codeCache
    .load(main, path.join(root, 'build', 'main.code'))
    .main(process.argv.slice(2), notes)
    .then((status) => {
      process.exitCode = status;
    });
}

/** What the launcher noted, and nothing where it has not run. Nobody else gets its descriptor. */
function takeNotes() {
  const { PAGEFAULT_LAUNCH: descriptor = '' } = process.env;
  delete process.env.PAGEFAULT_LAUNCH;
  if (!/^\d+$/.test(descriptor)) return undefined;
  const fd = Number(descriptor);
  try {
    return fs.readFileSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

function refuse(why) {
  fs.writeSync(2, `error: ${why}\n`);
  process.exitCode = 2;
}
