import { WORDS, type Word } from '../../core/columns/words';
import type { ExportTables } from '../../core/columns/table-export';
import { KEYMAP, keysText, keyText } from '../keys/keymap';
import { Line, wrapped } from '../layout/line';
import type { Theme } from '../terminal/theme';

const FILTER_HELP = [
  'libc               text in region, command, class, cause or kind (capitals count if typed)',
  '~^lib.*text$       a regular expression',
  'class:major,cow    major minor cow error         cause:cow   kind:heap',
  'tid:12 pid:34      threads, processes            mode:user|kernel   access:r|w|x',
  'region:libc        file:/srv   comm:postgres     each also with ~regex: comm:~^pg',
  'user:www           cgroup:jobs unit:nginx        whose the process is',
  'addr:0x7f..-0x7f.. a range of addresses          ip: the same for instructions',
  'lat>1ms lat<=10us  time the fault took',
  'and or not ( )     side by side means and; quote text that has blanks or a colon',
  'in the prompt      Tab completes names, Up and Down bring back lines, Ctrl-A E U K W edit',
];

/** Cells of a key, and of a word that is explained. */
const KEY = 12;
const WORD = 19;

/**
 * The help overlay, from the tables that make things work: the words, the keys, the language of filters. With
 * `about`, what is selected comes first and the words last.
 */
export function helpLines(theme: Theme, columns: number, about: readonly Word[] = []): string[] {
  const keys = KEYMAP.flatMap((binding) =>
    entry(theme, columns, KEY, keysText(binding), binding.help),
  );
  const filter = FILTER_HELP.map((text) => new Line(theme, columns).add(`  ${text}`).end());
  const words = WORDS.flatMap((list) => [
    titleLine(theme, columns, list.name),
    ...wordLines(theme, columns, list.words),
    '',
  ]);
  const rest = [
    titleLine(theme, columns, 'Keys'),
    ...keys,
    '',
    titleLine(theme, columns, 'Filter'),
    ...filter,
  ];
  if (about.length === 0) return [...words, ...rest];
  const selected = [
    titleLine(theme, columns, 'What is selected'),
    ...wordLines(theme, columns, about),
  ];
  return [...selected, '', ...rest, '', ...words];
}

function titleLine(theme: Theme, columns: number, text: string): string {
  return new Line(theme, columns).add(` ${text}`, 'title').end();
}

function wordLines(theme: Theme, columns: number, words: readonly Word[]): string[] {
  return words.flatMap(({ title, doc }) => entry(theme, columns, WORD, title, doc));
}

/** A word and its meaning, which goes on below where it is long. */
function entry(
  theme: Theme,
  columns: number,
  width: number,
  word: string,
  meaning: string,
): string[] {
  return wrapped(meaning, columns - width - 4).map((text, k) =>
    new Line(theme, columns)
      .add('  ')
      .cell(k === 0 ? word : '', width, 'left', 'key')
      .add(` ${text}`)
      .end(),
  );
}

/** The same as data. */
export function helpTables(): ExportTables {
  return [
    {
      name: 'help',
      columns: ['keys', 'action', 'help'],
      rows: KEYMAP.map(({ keys, action, help }) => [keys.map(keyText).join(' '), action, help]),
    },
    { name: 'filter', columns: ['text'], rows: FILTER_HELP.map((text) => [text]) },
    {
      name: 'words',
      columns: ['list', 'word', 'meaning'],
      rows: WORDS.flatMap(({ name, words }) => words.map(({ title, doc }) => [name, title, doc])),
    },
  ];
}
