/**
 * Makes foreign text (comm, paths, section names) fit for a terminal or a line of output.
 *
 * Control characters (C0, DEL, C1) would move the cursor, recolour the screen or break a record; line
 * and paragraph separators and the bidirectional controls would show a name as another one. Each
 * becomes '?', as do unpaired surrogates, which no encoding can write. Longer than `max` UTF-16 units:
 * cut, with '...' at the end (never in the middle of a surrogate pair).
 */
export function printable(text: string, max = Infinity): string {
  return replaceUnsafe(text.length > max ? cut(text, max) : text, () => '?');
}

/**
 * The same for a JSON text, from which the names can be had back: JSON.stringify() escapes control
 * characters and unpaired surrogates; the others of printable() it leaves, and here they become
 * \u and four hexadecimal digits. Line ends between values stay.
 */
export function safeJson(json: string): string {
  return replaceUnsafe(json, (c) =>
    c < 0x20 ? String.fromCharCode(c) : `\\u${c.toString(16).padStart(4, '0')}`,
  );
}

function cut(text: string, max: number): string {
  if (max <= 3) return text.slice(0, Math.max(0, max));
  let end = max - 3;
  if (isHighSurrogate(text.charCodeAt(end - 1))) end--;
  return text.slice(0, end) + '...';
}

function replaceUnsafe(text: string, by: (c: number) => string): string {
  let out = '';
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (isHighSurrogate(c) && isLowSurrogate(text.charCodeAt(i + 1))) {
      i++;
      continue;
    }
    if (!isUnsafe(c)) continue;
    out += text.slice(from, i) + by(c);
    from = i + 1;
  }
  // Clean text, the everyday case, is handed back as it is.
  return from === 0 ? text : out + text.slice(from);
}

function isUnsafe(c: number): boolean {
  if (c < 0x7f) return c < 0x20;
  if (c <= 0x9f) return true;
  if (c < 0x200e) return c === 0x061c;
  return (
    c <= 0x200f ||
    (c >= 0x2028 && c <= 0x202e) ||
    (c >= 0x2066 && c <= 0x2069) ||
    (c >= 0xd800 && c <= 0xdfff)
  );
}

function isHighSurrogate(c: number): boolean {
  return c >= 0xd800 && c <= 0xdbff;
}

function isLowSurrogate(c: number): boolean {
  return c >= 0xdc00 && c <= 0xdfff;
}
