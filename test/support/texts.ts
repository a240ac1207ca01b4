// Texts for properties. fast-check's own unit 'binary' takes the better part of a second to begin with,
// in each suite anew.
import fc from 'fast-check';

/** Any code point, the ones at both ends of what is special more often than others. */
const codePoint = fc
  .oneof(fc.nat(0x10ffff), fc.nat(0xff), fc.constantFrom(0x200e, 0x202e, 0x2066, 0xfffd, 0x10ffff))
  .filter((code) => code < 0xd800 || code > 0xdfff)
  .map((code) => String.fromCodePoint(code));

/** A text of any code points, as far as UTF-8 can write them: without halves of surrogate pairs. */
export function anyText(limits: { readonly maxLength?: number } = {}): fc.Arbitrary<string> {
  return fc.string({ unit: codePoint, ...limits });
}
