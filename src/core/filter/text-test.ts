import { SET_FIELDS, type Filter, type TextTerm } from './ast';
import type { CodeFrame } from '../code/address';
import { Cause, FaultClass } from '../classify/classes';
import { compilePattern } from './regex';

/** Only so much of a name is looked at: the longest path is 4,096 bytes, and the test must stay cheap. */
const MAX_TEXT = 4096;

/**
 * The test of one text term. A needle without capitals ignores case, as search in less and vim
 * ("smart case") does; patterns follow the same rule.
 */
export function textTest(term: TextTerm): (text: string) => boolean {
  if (term.pattern) {
    const pattern = compilePattern(term.text);
    return (text) => pattern.test(text.length > MAX_TEXT ? text.slice(0, MAX_TEXT) : text);
  }
  const needle = term.text;
  if (needle !== needle.toLowerCase()) return (text) => text.includes(needle);
  return (text) => text.toLowerCase().includes(needle);
}

/** A test of the function at an address, and of those that are inlined there. */
export function functionTest(
  test: (text: string) => boolean,
): (frames: readonly Pick<CodeFrame, 'function'>[]) => boolean {
  return (frames) => frames.some((frame) => frame.function !== '' && test(frame.function));
}

/** Classes that a filter names, as a bit mask: by themselves, by a word, or ERROR by its cause. */
export function classesNamed(filter: Filter | null): number {
  if (filter === null) return 0;
  switch (filter.op) {
    case 'and':
    case 'or':
      return filter.terms.reduce((mask, term) => mask | classesNamed(term), 0);
    case 'set':
      if (filter.field === 'class') return filter.mask;
      return filter.field === 'cause' && (filter.mask & (1 << Cause.UNRESOLVED)) !== 0
        ? 1 << FaultClass.ERROR
        : 0;
    case 'text': {
      if (filter.field !== 'any' || filter.text === '') return 0;
      const test = textTest(filter);
      return SET_FIELDS.class.reduce(
        (mask, name, cls) => (test(name) ? mask | (1 << cls) : mask),
        0,
      );
    }
    case 'not':
    case 'id':
    case 'range':
    case 'latency':
      return 0;
  }
}
