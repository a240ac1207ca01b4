import { SET_FIELDS } from './ast';
import { FIELD_NAMES } from './parse';

/** What the word that ends at the cursor may become: it begins at `from`. */
export interface Completions {
  readonly from: number;
  /** Whole words, with the colon of a field; none where the word is one of its own. */
  readonly words: readonly string[];
}

const VALUES: ReadonlyMap<string, readonly string[]> = new Map(Object.entries(SET_FIELDS));
/** How a field goes on behind its name. */
const BEHIND: ReadonlyMap<string, string> = new Map([['lat', '>']]);

/** Names of fields, or of what an enumerated field knows, that go on as what was typed before the cursor. */
export function completions(text: string, cursor: number): Completions {
  const before = text.slice(0, cursor);
  const term = before.slice(before.search(/[^\s()!]*$/));
  const [name, value] = /^([a-z]+)[:=](.*)$/i.exec(term)?.slice(1) ?? [];
  if (name === undefined || value === undefined) {
    const words = FIELD_NAMES.map((field) => field + (BEHIND.get(field) ?? ':'));
    return beginning(words, term, cursor);
  }
  return beginning(
    VALUES.get(name.toLowerCase()) ?? [],
    value.slice(value.lastIndexOf(',') + 1),
    cursor,
  );
}

function beginning(words: readonly string[], typed: string, cursor: number): Completions {
  const found = words.filter((word) => word.startsWith(typed.toLowerCase()));
  return { from: cursor - typed.length, words: found };
}

/** What all words begin with. */
export function commonBeginning(words: readonly string[]): string {
  const [first = ''] = words;
  let length = first.length;
  for (const word of words) {
    while (!word.startsWith(first.slice(0, length))) length--;
  }
  return first.slice(0, length);
}
