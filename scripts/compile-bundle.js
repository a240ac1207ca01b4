'use strict';

// Compiles the bundle ahead of its first start: the last step of npm run build:ts.
const path = require('node:path');
const codeCache = require('../bin/code-cache');

const root = path.join(__dirname, '..');
codeCache.write(path.join(root, 'dist', 'cli', 'main.js'), path.join(root, 'build', 'main.code'));
