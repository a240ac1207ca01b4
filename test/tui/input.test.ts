import fc from 'fast-check';
import { KeyDecoder } from '../../src/tui/input';

// Control characters are what this is about.
// eslint-disable-next-line no-control-regex
const CONTROLS = /[\x00-\x1f\x7f-\x9f]/;

const decode = (...chunks: string[]): string[] => {
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
    expect(decode('\x1b[200~', 'x', '\x1b[?1;2c', 'y')).toEqual(['x', 'y']);
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
      fc.property(fc.array(fc.string({ unit: 'binary' })), (chunks) => {
        for (const key of decode(...chunks)) expect(key).not.toMatch(CONTROLS);
      }),
    );
  });
});
