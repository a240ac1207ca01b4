import fc from 'fast-check';
import { compilePattern } from '../../../../src/core/filter/regex';
import { PatternError } from '../../../../src/core/filter/regex-parse';
import { expectSame } from '../../../support/same';

/** Pieces of the dialect that JavaScript's own engine reads the same way. */
const piece = fc.constantFrom(
  'a',
  'b',
  'ab',
  '.',
  '[ab]',
  '[^a]',
  '[a-c]',
  '\\d',
  '\\w',
  '\\.',
  '0',
);
const pattern: fc.Arbitrary<string> = fc.letrec<{ expr: string }>((tie) => ({
  expr: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    piece,
    fc.tuple(tie('expr'), tie('expr')).map(([a, b]) => a + b),
    fc.tuple(tie('expr'), tie('expr')).map(([a, b]) => `(${a}|${b})`),
    fc
      .tuple(tie('expr'), fc.constantFrom('*', '+', '?', '{2}', '{1,2}', '{0,}'))
      .map(([a, q]) => `(?:${a})${q}`),
    fc.tuple(tie('expr'), fc.boolean()).map(([a, start]) => (start ? `^${a}` : `${a}$`)),
  ),
})).expr;

describe('compilePattern', () => {
  it("agrees with JavaScript's own engine", () => {
    fc.assert(
      fc.property(
        pattern,
        fc.string({ unit: fc.constantFrom('a', 'b', 'c', '0', '.'), maxLength: 8 }),
        (source, text) => {
          expectSame(compilePattern(source).test(text), new RegExp(source, 's').test(text));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('never throws anything but a PatternError with a position inside the pattern', () => {
    const junk = fc.string({
      unit: fc.constantFrom(...Array.from('ab(|)*+?{}[]^$\\.-,19:d')),
      maxLength: 20,
    });
    fc.assert(
      fc.property(junk, (source) => {
        try {
          compilePattern(source);
        } catch (error) {
          expect(error).toBeInstanceOf(PatternError);
          const { position } = error as PatternError;
          expect(position).toBeGreaterThanOrEqual(0);
          expect(position).toBeLessThanOrEqual(source.length);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('ignores case unless the pattern has a capital', () => {
    expect(compilePattern('libc').test('LIBC.so')).toBe(true);
    expect(compilePattern('Libc').test('libc.so')).toBe(false);
    expect(compilePattern('\\Sbc').test('LIBC')).toBe(true);
  });

  it('takes time linear in the text where backtracking takes for ever', () => {
    const text = 'a'.repeat(4000);
    // Backtracking would not return before the tests are given up.
    expect(compilePattern('(a+)+b').test(text)).toBe(false);
    expect(compilePattern('(a|a)*b').test(text)).toBe(false);
    expect(compilePattern('(a?){50}b').test(text)).toBe(false);
  });

  it.each([
    ['(a', "missing ')'", 0],
    ['a)', "unmatched ')'", 1],
    ['[a', "missing ']'", 0],
    ['*a', 'nothing to repeat', 0],
    ['a\\', "'\\' at the end", 1],
    ['a{3,1}', 'counts go up to 255, the smaller first', 1],
    ['(?=a)', 'of the (?...) groups only (?:...) is understood', 0],
    ['\\1', '\\1 is not understood', 0],
  ])('says what is wrong with %s and where', (source, message, position) => {
    let thrown: unknown = null;
    try {
      compilePattern(source);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ message, position });
  });

  it('refuses counted repetitions that multiply beyond bounds', () => {
    expect(() => compilePattern('((a{200}){200}){200}')).toThrow('too large');
  });
});
