'use strict';

// The first act: while nobody listens, SIGUSR1 makes Node open its debugger (see bin/pagefault-analyzer).
process.on('SIGUSR1', () => undefined);

const fs = require('node:fs');
const path = require('node:path');

const notes = process.env.PAGEFAULT_LAUNCH;
delete process.env.PAGEFAULT_LAUNCH;
const major = Number.parseInt(process.versions.node, 10);
const main = path.join(__dirname, '..', 'dist', 'cli', 'main.js');
if (major < 20) {
  refuse(`Node 20 or later is needed, ${process.execPath} is ${process.version}`);
} else if (!fs.existsSync(main)) {
  refuse(`not built yet: run npm run build (tried ${main})`);
} else {
  require(main)
    .main(process.argv.slice(2), notes)
    .then((status) => {
      process.exitCode = status;
    });
}

function refuse(why) {
  fs.writeSync(2, `error: ${why}\n`);
  process.exitCode = 2;
}
