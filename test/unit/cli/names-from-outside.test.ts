import fc from 'fast-check';
import { UsageError, parseArguments } from '../../../src/cli/options/parse';
import { parseOptions } from '../../../src/cli/options/options';
import { describeError, writeFailureText } from '../../../src/core/facts/errors';
import { parseFilter } from '../../../src/core/filter/parse';
import { noticeText } from '../../../src/core/facts/notices';
import type { NoticeCode } from '../../../src/core/facts/notices';
import { KeyDecoder } from '../../../src/tui/terminal/input';
import { keyText } from '../../../src/tui/keys/keymap';

/** What every object answers to without having been given it. */
const INHERITED = Object.getOwnPropertyNames(Object.prototype);
const context = { command: 'x', pids: [] };

describe.each(INHERITED)('%s', (name) => {
  test('as a field of a filter, or a value of one', () => {
    for (const text of [
      `${name}:x`,
      `class:${name}`,
      `kind:${name}`,
      `lat>${name}`,
      `tid:${name}`,
    ]) {
      const { filter, error } = parseFilter(text);
      // A word without a colon, and names that no field could have, are text to look for.
      if (filter === null) expect(error?.message).toMatch(/^no field|is one of|needs|is a number/);
      else expect(filter).toMatchObject({ op: 'text' });
    }
  });

  test('as an option, and as the value of one', () => {
    expect(() => parseArguments([`--${name}`])).toThrow(`unknown option '--${name}'`);
    expect(() => parseArguments([`--${name}=1`])).toThrow(UsageError);
    for (const option of ['format', 'report-format', 'interval', 'count', 'ring-pages', 'pid']) {
      expect(() => parseOptions([`--${option}`, name, '--', 'x'])).toThrow(UsageError);
    }
    expect(parseOptions(['--', name]).target).toEqual({
      ...{ kind: 'command', file: name, argv: [name] },
    });
  });

  test('as the code of an error or notice', () => {
    expect(describeError({ code: name, message: 'text' }, context)).toEqual({
      ...{ line: 'internal error: text', status: 1 },
    });
    expect(writeFailureText(name)).toBe(name);
    expect(noticeText({ code: name as NoticeCode, errno: 0, detail: '' })).toBe('');
  });

  test('as a key', () => {
    expect(keyText(name)).toBe(name);
  });
});

test('no expression and no key sequence throws', () => {
  const word = fc.oneof(
    fc.constantFrom(
      ...INHERITED,
      'class',
      'lat',
      'tid',
      'and',
      'not',
      '~',
      '(',
      ')',
      '"',
      ':',
      '<',
      '>1ms',
    ),
    fc.string({ maxLength: 4 }),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 8 }), (words) => {
      for (const glue of ['', ' ', ':']) expect(() => parseFilter(words.join(glue))).not.toThrow();
      const decoder = new KeyDecoder();
      expect(() => decoder.feed(`\x1b[${words.join('')}~\x1bO${words.join('')}`)).not.toThrow();
    }),
  );
});
