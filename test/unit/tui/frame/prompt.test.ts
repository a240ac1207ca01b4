import { promptView } from '../../../../src/tui/frame/footer';
import { LineHistory } from '../../../../src/tui/state/prompt';
import { promptFor } from '../../../../src/tui/state/mode';
import { widthOf } from '../../../../src/tui/terminal/cell-width';
import { makeTheme } from '../../../../src/tui/terminal/theme';
import { cells } from '../../../support/cells';

const theme = makeTheme({ colours: 0, ascii: false });

/** The prompt in 30 columns, after keys. */
function shown(text: string, ...keys: string[]): string {
  const prompt = promptFor('filter', 'filter: ', text, new LineHistory().recall(), 'view');
  for (const key of keys) prompt.editor.handle(key);
  return cells(promptView(theme, 30, prompt)).trimEnd();
}

test.each([
  ['short', [], ' filter: short'],
  ['0123456789'.repeat(4), [], ' filter: 234567890123456789'],
  ['0123456789'.repeat(4), ['home'], ' filter: 0123456789012345678'],
  // Two cells each: nine of them, the cursor behind.
  ['漢'.repeat(20), [], ` filter: ${'漢'.repeat(9)}`],
  ['漢'.repeat(20), ['home'], ` filter: ${'漢'.repeat(9)}`],
  ['漢'.repeat(20) + 'x', ['left'], ` filter: ${'漢'.repeat(9)}x`],
])('%j after %j', (text, keys: string[], expected) => {
  expect(shown(text, ...keys)).toBe(expected);
  expect(widthOf(shown(text, ...keys))).toBeLessThan(30);
});
