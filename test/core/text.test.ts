import fc from 'fast-check';
import { printable } from '../../src/core/text';

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
    fc.property(fc.string({ unit: 'binary' }), fc.nat(40), (text, max) => {
      const out = printable(text, max);
      expect(out.length).toBeLessThanOrEqual(Math.max(max, 0));
      // eslint-disable-next-line no-control-regex -- control characters are what this looks for
      expect(out).not.toMatch(/[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/);
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
