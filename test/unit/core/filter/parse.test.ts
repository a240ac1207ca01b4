import fc from 'fast-check';
import {
  printFilter,
  SET_FIELDS,
  type Filter,
  type SetField,
} from '../../../../src/core/filter/ast';
import { parseFilter } from '../../../../src/core/filter/parse';
import { expectSame } from '../../../support/same';

const text = fc.oneof(
  fc.string({ minLength: 1, maxLength: 12 }),
  fc.constantFrom(
    'and',
    'OR',
    'not',
    '!x',
    '~x',
    'a:b',
    'a"b',
    'a\\',
    'a b',
    '[heap]',
    'lat>1',
    '(',
    ')',
  ),
);
const setTerm: fc.Arbitrary<Filter> = fc
  .constantFrom(...(Object.keys(SET_FIELDS) as SetField[]))
  .chain((field) =>
    fc
      .integer({ min: 1, max: 2 ** SET_FIELDS[field].length - 1 })
      .map((mask): Filter => ({ op: 'set', field, mask })),
  );
const address = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const leaf: fc.Arbitrary<Filter> = fc.oneof(
  setTerm,
  fc.record({
    op: fc.constant('text' as const),
    field: fc.constantFrom('any' as const, 'region' as const, 'file' as const, 'comm' as const),
    text,
    pattern: fc.constant(false),
  }),
  fc.record({
    op: fc.constant('text' as const),
    field: fc.constantFrom('any' as const, 'comm' as const),
    text: fc.constantFrom('a|b', '(a b)', '[)]x', '^a\\.b$', 'a\\"b', '\\(', '"x"', 'a[ ]b'),
    pattern: fc.constant(true),
  }),
  fc.record({
    op: fc.constant('id' as const),
    field: fc.constantFrom('tid' as const, 'pid' as const),
    ids: fc.array(fc.nat({ max: 4194304 }), { minLength: 1, maxLength: 4 }),
  }),
  fc
    .tuple(fc.constantFrom('addr' as const, 'ip' as const), address, address)
    .map(([field, a, b]): Filter => ({
      op: 'range',
      field,
      low: a < b ? a : b,
      high: a < b ? b : a,
    })),
  fc.record({
    op: fc.constant('latency' as const),
    compare: fc.constantFrom('<' as const, '<=' as const, '>' as const, '>=' as const),
    ns: fc.nat(),
  }),
);
const filter = fc.letrec<{ node: Filter }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', maxDepth: 5 },
    leaf,
    tie('node').map((term): Filter => ({ op: 'not', term })),
    fc
      .tuple(
        fc.constantFrom('and' as const, 'or' as const),
        fc.array(tie('node'), { minLength: 2, maxLength: 3 }),
      )
      .map(([op, terms]): Filter => ({ op, terms })),
  ),
})).node;

const parsed = (source: string): Filter => {
  const { filter: found, error } = parseFilter(source);
  expect(error).toBeNull();
  return found!;
};

describe('parseFilter', () => {
  it('reads back what printFilter writes', () => {
    fc.assert(
      fc.property(filter, (expected) => {
        const printed = printFilter(expected);
        fc.pre(printed.length <= 1000);
        expectSame<unknown>(parseFilter(printed), { filter: expected, error: null });
      }),
      { numRuns: 2000 },
    );
  });

  it('never throws, and points into the text', () => {
    const junk = fc.oneof(
      fc.string({ maxLength: 60 }),
      fc
        .array(
          fc.constantFrom(
            '(',
            ')',
            'not',
            'and',
            'or',
            'class:',
            'm',
            ' ',
            '~',
            '"',
            'lat>',
            '1ms',
            'tid:',
            ',',
            '!',
            '0x',
            '-',
          ),
        )
        .map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(junk, (source) => {
        const { filter: found, error } = parseFilter(source);
        if (error === null) return;
        const { message, position } = error;
        expectSame(found, null);
        expectSame(message === '', false);
        if (position < 0 || position > source.length) expect(position).toBe('within the text');
      }),
      { numRuns: 5000 },
    );
  });

  it('binds not before and before or, and joins neighbours with and', () => {
    const word = (t: string): Filter => ({ op: 'text', field: 'any', text: t, pattern: false });
    expect(parsed('a b or not c and d')).toEqual({
      op: 'or',
      terms: [
        { op: 'and', terms: [word('a'), word('b')] },
        { op: 'and', terms: [{ op: 'not', term: word('c') }, word('d')] },
      ],
    });
    expect(parsed('a (b OR c)')).toEqual({
      op: 'and',
      terms: [word('a'), { op: 'or', terms: [word('b'), word('c')] }],
    });
    expect(parsed('!a')).toEqual({ op: 'not', term: word('a') });
  });

  it('reads the example of the manual', () => {
    expect(parsed('class:major tid:123 region:libc lat>1ms')).toEqual({
      op: 'and',
      terms: [
        { op: 'set', field: 'class', mask: 1 },
        { op: 'id', field: 'tid', ids: [123] },
        { op: 'text', field: 'region', text: 'libc', pattern: false },
        { op: 'latency', compare: '>', ns: 1_000_000 },
      ],
    });
  });

  it('takes every name that begins as typed, and an exact one alone', () => {
    expect(parsed('class:m')).toEqual({ op: 'set', field: 'class', mask: 0b11 });
    expect(parsed('cause:cow')).toEqual({ op: 'set', field: 'cause', mask: 0b1100000000 });
    expect(parsed('class:COW,err')).toEqual({ op: 'set', field: 'class', mask: 0b1100 });
    expect(parsed('access:x')).toEqual({ op: 'set', field: 'access', mask: 0b100 });
  });

  it('takes one address as its page', () => {
    expect(parsed('addr:0x7f0000001234')).toEqual({
      op: 'range',
      field: 'addr',
      low: 0x7f0000001000n,
      high: 0x7f0000001fffn,
    });
  });

  it('ends a pattern at the parenthesis that closes its group', () => {
    expect(parsed('(~a(b|c) or x)')).toEqual({
      op: 'or',
      terms: [
        { op: 'text', field: 'any', text: 'a(b|c)', pattern: true },
        { op: 'text', field: 'any', text: 'x', pattern: false },
      ],
    });
  });

  it('passes everything when empty', () => {
    expect(parseFilter('  ')).toEqual({ filter: null, error: null });
  });

  it.each([
    ['class:foo', 'class: is one of major minor cow error', 6],
    ['class:major,foo', 'class: is one of major minor cow error', 12],
    ['a and', 'a term is missing', 5],
    ['a or or b', "'or' stands between two terms", 5],
    ['(a', "missing ')'", 0],
    ['a)', "unmatched ')'", 1],
    ['tid:x', 'tid: needs a number', 4],
    ['tid:1,x', 'tid: needs a number', 6],
    ['addr:5', 'addr: needs 0xLOW-0xHIGH or 0xADDRESS', 5],
    ['addr:0x2-0x1', 'the range is empty: the smaller address comes first', 5],
    ['lat>5', 'a latency is a number with ns, us, ms or s', 4],
    ['lat:5ms', 'write lat>1ms or lat<10us', 0],
    ['"abc', 'the quote is not closed', 0],
    ['x ~a(b', "missing ')'", 4],
    ['region:', 'region: needs a name', 7],
    ['~', '~ needs a pattern', 1],
  ])('says what is wrong with %s and where', (source, message, position) => {
    expect(parseFilter(source)).toEqual({ filter: null, error: { message, position } });
  });

  it('bounds depth and length', () => {
    expect(parseFilter('('.repeat(500)).error?.message).toBe('nested too deep');
    expect(parseFilter('a'.repeat(2000)).error?.message).toContain('longer than');
    expect(parseFilter(`~${'a'.repeat(300)}`).error?.message).toContain('at most 200');
  });
});

test('a field takes = as it takes a colon; what is no field is refused, and text in quotes', () => {
  const read = (text: string): unknown => parseFilter(text).filter;
  const refusal = (text: string): string | undefined => parseFilter(text).error?.message;
  expect(read('class=cow')).toEqual(read('class:cow'));
  expect(read('tid=1,2 and not region=libc')).toEqual(read('tid:1,2 and not region:libc'));
  for (const text of ['key=value', '=', 'a.b=c']) {
    const quoted = text === 'a.b=c' ? text : `"${text}"`;
    expect(read(quoted)).toEqual({ op: 'text', field: 'any', text, pattern: false });
  }
  expect(refusal('class=cwo')).toMatch(/^class: is one of/);
  expect(refusal('clas=cow')).toMatch(/^no field 'clas' \(class cause /);
  expect(refusal('pid = 5')).toBe('no blanks around =');
});
