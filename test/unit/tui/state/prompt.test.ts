import { LineEditor } from '../../../../src/tui/state/prompt';

/** Presses keys in a line; the line, with a bar at the cursor. */
function edited(text: string, ...keys: string[]): string {
  const editor = new LineEditor(text);
  for (const key of keys) expect(editor.handle(key)).toBe(true);
  return `${editor.text.slice(0, editor.position)}|${editor.text.slice(editor.position)}`;
}

describe('a line that is typed', () => {
  it.each<[string, string[], string]>([
    ['ab', ['left', 'x'], 'ax|b'],
    ['ab', ['left', 'left', 'left', 'backspace', 'right', 'right', 'right', 'delete'], 'ab|'],
    ['a b  ', ['C-w'], 'a |'],
    ['ab', ['home', 'delete'], '|b'],
    // Characters of two UTF-16 units are never taken apart.
    ['a😀b', ['left', 'left'], 'a|😀b'],
    ['a😀b', ['left', 'backspace'], 'a|b'],
    ['a😀b', ['home', 'right', 'delete'], 'a|b'],
    ['a😀', ['home', 'right', 'right', '漢'], 'a😀漢|'],
    ['', ['😀', 'x', 'left', 'left', 'y'], 'y|😀x'],
  ])('%j after %j', (text, keys, expected) => {
    expect(edited(text, ...keys)).toBe(expected);
  });

  it('knows keys from characters', () => {
    const editor = new LineEditor();
    for (const key of ['up', 'f1', 'C-g', 'escape']) expect(editor.handle(key)).toBe(false);
    expect(editor.text).toBe('');
  });

  it('shows the whole character at the cursor', () => {
    const editor = new LineEditor('a😀');
    expect(editor.under).toBe('');
    editor.handle('left');
    expect(editor.under).toBe('😀');
  });
});
