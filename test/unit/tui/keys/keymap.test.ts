import { actionOf, KEYMAP, keysText, keyTable } from '../../../../src/tui/keys/keymap';
import { makeTheme } from '../../../../src/tui/terminal/theme';
import { helpLines } from '../../../../src/tui/frame/help';

describe('KEYMAP', () => {
  it('gives every key one meaning', () => {
    const keys = KEYMAP.flatMap((binding) => binding.keys);
    expect(new Set(keys).size).toBe(keys.length);
  });

  // The keys the issue asks for, as top, htop and less have them.
  it.each([
    ['q', 'quit'],
    ['f10', 'quit'],
    ['C-c', 'quit'],
    ['h', 'help'],
    ['?', 'help'],
    ['f1', 'help'],
    ['j', 'down'],
    ['k', 'up'],
    ['tab', 'next-view'],
    ['S-tab', 'previous-view'],
    ['6', 'view'],
    ['<', 'sort-left'],
    ['>', 'sort-right'],
    ['r', 'reverse'],
    ['I', 'reverse'],
    ['S', 'choose-sort'],
    ['f6', 'choose-sort'],
    ['/', 'filter'],
    ['backspace', 'clear-filter'],
    ['C-l', 'redraw'],
    ['space', 'freeze'],
    ['p', 'freeze'],
    ['z', 'zero'],
    ['m', 'toggle-major'],
    ['n', 'toggle-minor'],
    ['c', 'toggle-cow'],
    ['e', 'toggle-error'],
    ['d', 'interval'],
    ['w', 'write'],
    ['enter', 'open'],
    ['escape', 'back'],
    ['C-z', 'suspend'],
  ])('%s: %s', (key, action) => {
    expect(actionOf(key)).toBe(action);
  });

  it('is what the help overlay and the README table show', () => {
    const help = helpLines(makeTheme({ colours: 0, ascii: true }), 200).join('\n');
    const table = keyTable();
    for (const binding of KEYMAP) {
      expect(help).toContain(keysText(binding));
      expect(help).toContain(binding.help);
      expect(table).toContain(binding.help.replace(/\|/g, '\\|'));
    }
  });
});
