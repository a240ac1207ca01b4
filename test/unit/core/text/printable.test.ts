import fc from 'fast-check';
import { printable, safeJson } from '../../../../src/core/text/printable';
import { anyText } from '../../../support/texts';

/** What shows a name as another one, moves the cursor, or breaks a line. */
const DANGEROUS =
  // oxlint-disable-next-line no-control-regex -- control characters are what this looks for
  /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

test('hands clean text back as it is', () => {
  expect(printable('/usr/lib/libé 漢字 🐧.so')).toBe('/usr/lib/libé 漢字 🐧.so');
  expect(printable('')).toBe('');
});

test('disarms escapes, newlines and direction overrides', () => {
  expect(printable('\u001b]0;owned\u0007\n\r\t\u009b31m\u007f')).toBe('?]0;owned?????31m?');
  expect(printable('exe\u202egnp.sh\u2066\u200f\u2028\u061c')).toBe('exe?gnp.sh????');
  expect(printable('a\ud800b\udc00c\ud83d\udc27')).toBe('a?b?c🐧');
});

test('cuts at the cap, not within a character', () => {
  expect(printable('abcdefgh', 8)).toBe('abcdefgh');
  expect(printable('abcdefghi', 8)).toBe('abcde...');
  expect(printable('abcd🐧🐧🐧', 8)).toBe('abcd...');
  expect(printable('abcdef', 2)).toBe('ab');
  expect(printable('abc', 0)).toBe('');
});

test('whatever goes in, nothing dangerous comes out', () => {
  fc.assert(
    fc.property(anyText(), fc.nat(40), (text, max) => {
      const out = printable(text, max);
      expect(out.length).toBeLessThanOrEqual(Math.max(max, 0));
      expect(out).not.toMatch(DANGEROUS);
      expect(() => encodeURIComponent(out)).not.toThrow(); // no lone surrogates
      if (text === out) return;
      // Other characters stay where they are.
      const kept = out.endsWith('...') && text.length > max ? out.slice(0, -3) : out;
      for (let i = 0; i < kept.length; i++) {
        if (kept[i] !== '?') expect(kept[i]).toBe(text[i]);
      }
    }),
  );
});

describe('a JSON text', () => {
  test('escapes what printable() replaces, and no more', () => {
    const name = 'exe\u202egnp\u2066\u200e\u061c\u2028\u009b\u007f\n é 漢 🐧';
    expect(safeJson(JSON.stringify(name))).toBe(
      '"exe\\u202egnp\\u2066\\u200e\\u061c\\u2028\\u009b\\u007f\\n é 漢 🐧"',
    );
  });

  test('every name can be had back from it, in values and in keys, laid out or not', () => {
    fc.assert(
      fc.property(anyText(), fc.boolean(), (name, laidOut) => {
        const document = Object.fromEntries([
          ['name', name],
          [`x${name}`, [name]],
        ]);
        const json = safeJson(JSON.stringify(document, null, laidOut ? 2 : 0));
        expect(json.replaceAll('\n', '')).not.toMatch(DANGEROUS);
        expect(JSON.parse(json)).toEqual(document);
      }),
    );
  });
});
