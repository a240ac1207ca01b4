import fc from 'fast-check';
import { KeyDecoder, type Key } from '../../../../src/tui/terminal/input';
import { anyText } from '../../../support/texts';

// Control characters are what this is about.
// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\x00-\x1f\x7f-\x9f]/;

const decode = (...chunks: string[]): Key[] => {
  const decoder = new KeyDecoder();
  return [...chunks.flatMap((chunk) => decoder.feed(chunk)), ...decoder.flush()];
};

/** Sequences as xterm, rxvt, screen and the Linux console send them (terminfo: kcuu1, kpp, kf1 ...). */
const SEQUENCES: [string, string][] = [
  ['\x1b[A', 'up'],
  ['\x1bOB', 'down'],
  ['\x1b[H', 'home'],
  ['\x1bOF', 'end'],
  ['\x1b[1~', 'home'],
  ['\x1b[4~', 'end'],
  ['\x1b[7~', 'home'],
  ['\x1b[8~', 'end'],
  ['\x1b[5~', 'pageup'],
  ['\x1b[6~', 'pagedown'],
  ['\x1b[3~', 'delete'],
  ['\x1b[Z', 'S-tab'],
  ['\x1bOP', 'f1'],
  ['\x1b[11~', 'f1'],
  ['\x1b[[A', 'f1'],
  ['\x1b[17~', 'f6'],
  ['\x1b[21~', 'f10'],
  ['\x1b[1;5A', 'up'],
  ['\x1bO2P', 'f1'],
  // The keypad in application mode (PuTTY, Windows Terminal, xterm).
  ...Array.from('pqrstuvwxy', (letter, digit): [string, string] => [
    `\x1bO${letter}`,
    String(digit),
  ]),
  ['\x1bOk', '+'],
  ['\x1bOm', '-'],
  ['\x1bOj', '*'],
  ['\x1bOo', '/'],
  ['\x1bOn', '.'],
  ['\x1bOl', ','],
  ['\x1bOM', 'enter'],
  ['\t', 'tab'],
  ['\r', 'enter'],
  ['\n', 'enter'],
  [' ', 'space'],
  ['\x7f', 'backspace'],
  ['\x03', 'C-c'],
  ['\x0c', 'C-l'],
  ['\x1a', 'C-z'],
  ['a', 'a'],
  ['/', '/'],
  ['é', 'é'],
];

describe('KeyDecoder', () => {
  it.each(SEQUENCES)('reads %j as %s, whole and in single characters', (sequence, key) => {
    expect(decode(sequence)).toEqual([key]);
    expect(decode(...Array.from(sequence))).toEqual([key]);
  });

  it('takes what is between the marks of a bracketed paste for text, cut anywhere', () => {
    const text = 'q\x1b[31mz\x1b\x1b[201 \x1b[20';
    const sent = `j\x1b[200~${text}\x1b[201~k`;
    const expected = ['j', { paste: text }, 'k'];
    expect(decode(sent)).toEqual(expected);
    expect(decode(...Array.from(sent))).toEqual(expected);
    for (let cut = 1; cut < sent.length; cut++) {
      expect(decode(sent.slice(0, cut), sent.slice(cut))).toEqual(expected);
    }
  });

  it('bounds a paste, and gives the keyboard back when its end does not come', () => {
    const decoder = new KeyDecoder();
    expect(decoder.feed('\x1b[200~')).toEqual([]);
    for (let k = 0; k < 100; k++) expect(decoder.feed('q'.repeat(1000))).toEqual([]);
    expect(decoder.waiting).toBe(true);
    expect(decoder.patience).toBeGreaterThan(1000);
    expect(decoder.flush()).toEqual([{ paste: 'q'.repeat(4096) }]);
    expect(decoder.feed('q')).toEqual(['q']);
    expect(decoder.patience).toBeLessThan(100);
  });

  it.each<[string, Key[]]>([
    ['\x1b[<0;1;1M', [{ mouse: 'press', line: 0, column: 0 }]],
    // Beyond what one byte could say (mode 1000 without 1006 ends at 223).
    ['\x1b[<0;1187;302M', [{ mouse: 'press', line: 301, column: 1186 }]],
    ['\x1b[<64;3;9M', [{ mouse: 'wheel-up', line: 8, column: 2 }]],
    ['\x1b[<65;3;9M', [{ mouse: 'wheel-down', line: 8, column: 2 }]],
    // With Control held down; a release, the right button, a movement, the wheel to the side.
    ['\x1b[<16;3;9M', [{ mouse: 'press', line: 8, column: 2 }]],
    ['\x1b[<0;3;9m', []],
    ['\x1b[<2;3;9M', []],
    ['\x1b[<32;3;9M', []],
    ['\x1b[<66;3;9M', []],
    ['\x1b[<128;3;9M', []],
    // No report of any terminal.
    ['\x1b[<0;0;5M', []],
    ['\x1b[<0;5M', []],
    ['\x1b[<;;M', []],
    ['\x1b[<0;99999;1M', []],
    ['\x1b[<-1;1;1M', ['1', ';', '1', ';', '1', 'M']],
    ['\x1b[<0;1;1;1M', []],
    ['\x1b[<0;1;1~', []],
    ['\x1b[<1R', []],
    // The old form: what would be keys is none, a `z` and a `q` among them.
    ['\x1b[Mzq!', []],
  ])('reads %j of a mouse, whole and in single characters', (sequence, keys) => {
    expect(decode(`${sequence}j`)).toEqual([...keys, 'j']);
    expect(decode(...Array.from(`${sequence}j`))).toEqual([...keys, 'j']);
  });

  it('takes half a report for nothing', () => {
    const whole = '\x1b[<0;120;30M';
    for (let end = 2; end < whole.length; end++) expect(decode(whole.slice(0, end))).toEqual([]);
    expect(decode('\x1b[M!')).toEqual([]);
  });

  it('waits longer for the rest of what cannot be the Escape key', () => {
    const decoder = new KeyDecoder();
    decoder.feed('\x1b');
    const { patience } = decoder;
    expect(decoder.feed('[<0;1')).toEqual([]);
    expect(decoder.patience).toBeGreaterThan(10 * patience);
    expect(decoder.feed('0;5M')).toEqual([{ mouse: 'press', line: 4, column: 9 }]);
    expect(decoder.waiting).toBe(false);
  });

  it('takes a character of two UTF-16 units for one key', () => {
    expect(decode('😀q')).toEqual(['😀', 'q']);
  });

  it('holds a lone escape until it is clear that nothing follows', () => {
    const decoder = new KeyDecoder();
    expect(decoder.feed('\x1b')).toEqual([]);
    expect(decoder.waiting).toBe(true);
    expect(decoder.flush()).toEqual(['escape']);
    expect(decoder.waiting).toBe(false);
  });

  it('takes escape and a letter in one read as two keys', () => {
    expect(decode('\x1bq')).toEqual(['escape', 'q']);
  });

  it('swallows sequences that are no key', () => {
    expect(decode('\x1b[201~', 'x', '\x1b[?1;2c', 'y')).toEqual(['x', 'y']);
  });

  it('gives the same keys however the input is cut into reads', () => {
    const stream = fc.array(fc.constantFrom(...SEQUENCES.map(([sequence]) => sequence)), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(stream, fc.array(fc.nat(40)), (sequences, cuts) => {
        const text = sequences.join('');
        const points = [0, ...cuts.map((n) => Math.min(n, text.length)), text.length].sort(
          (a, b) => a - b,
        );
        const chunks = points.slice(1).map((end, k) => text.slice(points[k], end));
        expect(decode(...chunks)).toEqual(decode(text));
      }),
    );
  });

  it('holds nothing of a sequence that never ends', () => {
    const decoder = new KeyDecoder();
    decoder.feed('\x1b[');
    decoder.feed('1;'.repeat(5000));
    expect(decoder.waiting).toBe(false);
    expect(decoder.feed('q')).toEqual(['q']);
  });

  it('never throws and never hands on a control character', () => {
    fc.assert(
      fc.property(fc.array(anyText()), (chunks) => {
        for (const key of decode(...chunks)) expect(key).not.toMatch(CONTROLS);
      }),
    );
  });
});
