import type { TextTerm } from './filter-ast';
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
