import type { ExportTables } from '../../core/columns/table-export';
import { KEYMAP, keysText, keyText } from '../keys/keymap';
import { Line } from '../layout/line';
import type { Theme } from '../terminal/theme';

const FILTER_HELP = [
  'libc               text in region, command, class, cause or kind (capitals count if typed)',
  '~^lib.*text$       a regular expression',
  'class:major,cow    major minor cow error         cause:cow   kind:heap',
  'tid:12 pid:34      threads, processes            mode:user|kernel   access:r|w|x',
  'region:libc        file:/srv   comm:postgres     each also with ~regex: comm:~^pg',
  'addr:0x7f..-0x7f.. a range of addresses          ip: the same for instructions',
  'lat>1ms lat<=10us  time the fault took',
  'and or not ( )     side by side means and; quote text that has blanks or a colon',
];

/** The help overlay: keys and the filter language, from the tables that make them work. */
export function helpLines(theme: Theme, columns: number): string[] {
  const title = (text: string): string => new Line(theme, columns).add(` ${text}`, 'title').end();
  const keys = KEYMAP.map((binding) =>
    new Line(theme, columns)
      .add('  ')
      .cell(keysText(binding), 12, 'left', 'key')
      .add(` ${binding.help}`)
      .end(),
  );
  const filter = FILTER_HELP.map((text) => new Line(theme, columns).add(`  ${text}`).end());
  return [title('Keys'), ...keys, '', title('Filter'), ...filter];
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
  ];
}
