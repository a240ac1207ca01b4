'use strict';

/** docs/benchmarks.md has a section per bench: each replaces its own and leaves the others as they are. */
const { existsSync, readFileSync, writeFileSync } = require('node:fs');

const { versions } = require('./tools');

const TITLE = '# What tracing costs\n';

/** Puts a bench's section in the place of its old one, or at the end of the file. */
function replaceSection(file, bench, markdown) {
  const begin = `<!-- made by ${bench} -->`;
  const end = `<!-- end of ${bench} -->`;
  const text = existsSync(file) ? readFileSync(file, 'utf8') : TITLE;
  const section = `${begin}\n\n${markdown.trim()}\n\n${end}`;
  const from = text.indexOf(begin);
  const to = text.indexOf(end, from);
  const page =
    from < 0 || to < 0
      ? `${text.trimEnd()}\n\n${section}\n`
      : `${text.slice(0, from)}${section}${text.slice(to + end.length)}`;
  writeFileSync(file, page);
}

/** The lines that a bench of one table begins with: which, by which command, on what. */
function sectionHead(title, bench, load) {
  return [
    `## ${title}`,
    '',
    `Made by \`npm run bench -- ${bench}\`; load of the machine before: ${load.toFixed(2)}.`,
    '',
    ...versions().map((line) => `- ${line}`),
    '',
  ];
}

module.exports = { replaceSection, sectionHead };
