'use strict';

/** The dashboard's part of docs/benchmarks.md: each of the two benches leaves the other's part as it is. */
const { existsSync, readFileSync, writeFileSync } = require('node:fs');

const BEGIN = '<!-- made by npm run bench -- dashboard -->';
const END = '<!-- end of the dashboard -->';

/** The section as it is in a file, with its marks; '' where there is none. */
function dashboardSection(file) {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const from = text.indexOf(BEGIN);
  const to = text.indexOf(END, from);
  return from < 0 || to < 0 ? '' : text.slice(from, to + END.length);
}

/** Puts a new section in the place of the old one, or at the end. */
function replaceDashboardSection(file, markdown) {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '# What tracing costs\n';
  const old = dashboardSection(file);
  const section = `${BEGIN}\n\n${markdown.trim()}\n\n${END}`;
  const page = old === '' ? `${text.trimEnd()}\n\n${section}\n` : text.replace(old, () => section);
  writeFileSync(file, page);
}

module.exports = { dashboardSection, replaceDashboardSection };
