import fc from 'fast-check';
import { bytesOfText, textOfBytes } from '../../../../src/core/text/byte-text';

const back = (text: string): Buffer => Buffer.from(bytesOfText(text) as Buffer);

test('any bytes come back as they were', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (array) => {
      const bytes = Buffer.from(array);
      expect(back(textOfBytes(bytes))).toEqual(bytes);
    }),
  );
});

test('UTF-8 is the text it says, without a detour', () => {
  for (const text of ['', 'plain', 'é€😀', '\ufffd', '\ufeffmark']) {
    expect(textOfBytes(Buffer.from(text))).toBe(text);
    expect(bytesOfText(text)).toBe(text);
  }
});

test.each([
  ['a lone byte', 'ff', '\udcff'],
  ['Latin-1 between', '61e962', 'a\udce9b'],
  ['a character cut off', '61e282', 'a\udce2\udc82'],
  ['a surrogate in UTF-8', 'eda080', '\udced\udca0\udc80'],
  ['an overlong slash', 'c0af', '\udcc0\udcaf'],
  ['whole ones after it', 'ffc3a9', '\udcffé'],
])('%s: each byte that is no UTF-8 by itself', (_, hex, text) => {
  expect(textOfBytes(Buffer.from(hex, 'hex'))).toBe(text);
  expect(back(text).toString('hex')).toBe(hex);
});
