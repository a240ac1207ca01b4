import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { effectLines } from '../../../src/cli/options/effects';
import { manPage } from '../../../src/cli/options/man';
import { OPTIONS } from '../../../src/cli/options/table';
import { STACK_FIELD, SYMBOL_FIELDS } from '../../../src/core/columns/symbol-fields';
import { FAULT_FIELDS } from '../../../src/core/columns/fault-fields';
import { CAUSE_NAMES, CLASS_NAMES, KIND_NAMES } from '../../../src/core/classify/classes';
import { wordTables } from '../../../src/core/columns/words';
import { keyTable } from '../../../src/tui/keys/keymap';

const page = (name: string): string =>
  readFileSync(join(__dirname, '..', '..', '..', name), 'utf8').replaceAll('\r\n', '\n');
const escaped = (text: string): string => text.replaceAll('|', '\\|');

test('the README has every option, as --help has it', () => {
  const rows = OPTIONS.map(({ short, long, value, help }) => {
    const name = `${short === '' ? '' : `-${short}, `}--${long}${value === '' ? '' : ` ${value}`}`;
    return `| \`${name}\` | ${escaped(help)} |`;
  });
  expect(page('README.md')).toContain(['| option | meaning |', '|---|---|', ...rows].join('\n'));
});

test('the README says where options have an effect, as --help does', () => {
  expect(page('README.md').replaceAll('`', '').replaceAll('\n', ' ')).toContain(
    effectLines().join(' '),
  );
});

test('the README has every key of the dashboard', () => {
  expect(page('README.md')).toContain(keyTable());
});

test('docs/words.md has every title and what it means', () => {
  expect(page('docs/words.md')).toContain(wordTables());
});

test('the README names every class and cause', () => {
  const readme = page('README.md');
  for (const name of [...CLASS_NAMES, ...CAUSE_NAMES]) expect(readme).toContain(`\`${name}\``);
});

test('the manual page is the one that is made from the option table (npm run man)', () => {
  expect(page('docs/pagefault-analyzer.1')).toBe(manPage());
});

/** First column of each table of a page, without the backquotes. */
function tables(text: string): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const block of text.split('\n\n')) {
    const rows = block.split('\n').map((line) => line.split('|')[1]?.trim() ?? '');
    if (block.startsWith('|'))
      found[rows[0]!] = rows.slice(2).map((cell) => cell.replaceAll('`', ''));
  }
  return found;
}

test('docs/classes.md has every class, cause and kind, in the order of the tables', () => {
  expect(tables(page('docs/classes.md'))).toEqual({
    class: [...CLASS_NAMES],
    cause: [...CAUSE_NAMES],
    kind: [...KIND_NAMES],
  });
});

test('docs/formats.md has every field, in the order of the records', () => {
  for (const fields of [FAULT_FIELDS, SYMBOL_FIELDS, [STACK_FIELD]]) {
    const rows = fields.map(({ id, unit, doc }) => `| \`${id}\` | ${unit} | ${escaped(doc)} |`);
    const table = ['| field | unit | meaning |', '|---|---|---|', ...rows, ''].join('\n');
    expect(page('docs/formats.md')).toContain(table);
  }
});
