import { COMPARISON_WORDS, WORDS, type Word, type WordList } from '../../core/columns/words';
import type { ExportTables } from '../../core/columns/table-export';
import { helpOf, isThere, KEYMAP, keysText, keyText } from '../keys/keymap';
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

/** The same of names alone. */
const NAME_FILTER_HELP = [
  'libc               text in the name of a row (capitals count if typed)',
  '~^lib.*text$       a regular expression',
  'and or not ( )     side by side means and; quote text that has blanks or a colon',
  'in the prompt      Up and Down bring back lines, Ctrl-A E U K W edit',
];

/** Cells of a key, and of a word that is explained. */
const KEY = 12;
const WORD = 19;

/**
 * The help overlay, from the tables that make things work: the words, the keys, the language of filters. With
 * `about`, what is selected comes first and the words last.
 */
export function helpLines(
  theme: Theme,
  columns: number,
  about: readonly Word[] = [],
  compared = false,
): string[] {
  const keys = keysOf(compared).flatMap(({ keys: names, help }) =>
    entry(theme, columns, KEY, names, help),
  );
  const filter = filterHelp(compared).map((text) =>
    new Line(theme, columns).add(`  ${text}`).end(),
  );
  const words = wordsOf(compared).flatMap((list) => [
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

/** Where two runs are compared there are fewer keys, and words of its own. */
function keysOf(compared: boolean): { readonly keys: string; readonly help: string }[] {
  return KEYMAP.filter(({ action }) => isThere(action, compared)).map((binding) => ({
    keys: compared && binding.action === 'view' ? '1-4' : keysText(binding),
    help: helpOf(binding, compared),
  }));
}

function wordsOf(compared: boolean): readonly WordList[] {
  return compared ? [COMPARISON_WORDS] : WORDS;
}

function filterHelp(compared: boolean): readonly string[] {
  return compared ? NAME_FILTER_HELP : FILTER_HELP;
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
export function helpTables(compared = false): ExportTables {
  return [
    {
      name: 'help',
      columns: ['keys', 'action', 'help'],
      rows: KEYMAP.filter(({ action }) => isThere(action, compared)).map((binding) => [
        binding.keys.map(keyText).join(' '),
        binding.action,
        helpOf(binding, compared),
      ]),
    },
    { name: 'filter', columns: ['text'], rows: filterHelp(compared).map((text) => [text]) },
    {
      name: 'words',
      columns: ['list', 'word', 'meaning'],
      rows: wordsOf(compared).flatMap(({ name, words }) =>
        words.map(({ title, doc }) => [name, title, doc]),
      ),
    },
  ];
}
