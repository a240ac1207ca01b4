/**
 * Bytes that are mostly UTF-8, as a string that loses nothing: a byte that is none becomes a lone surrogate, U+DC80
 * to U+DCFF, as Python has it (PEP 383). Arguments and file names are bytes to the kernel. Where such text is written as
 * UTF-8, those bytes come out as U+FFFD.
 */
const ESCAPE = 0xdc00;
const ESCAPED = /[\udc80-\udcff]/u;
const LONGEST = 4;

/** The string for these bytes. */
export function textOfBytes(bytes: Buffer): string {
  const whole = decoded(bytes);
  if (whole !== null) return whole;
  let text = '';
  for (let at = 0; at < bytes.length;) {
    const [character, length] = characterAt(bytes, at);
    text += character;
    at += length;
  }
  return text;
}

/** What textOfBytes made the text from: the text itself where it is plain UTF-8. */
export function bytesOfText(text: string): string | Buffer {
  if (!ESCAPED.test(text)) return text;
  return Buffer.concat(
    Array.from(text, (character) =>
      ESCAPED.test(character)
        ? Buffer.from([character.charCodeAt(0) - ESCAPE])
        : Buffer.from(character),
    ),
  );
}

function characterAt(bytes: Buffer, at: number): readonly [string, number] {
  for (let length = 1; length <= LONGEST && at + length <= bytes.length; length++) {
    const character = decoded(bytes.subarray(at, at + length));
    if (character !== null) return [character, length];
  }
  return [String.fromCharCode(ESCAPE + bytes[at]!), 1];
}

/** null where the bytes are no UTF-8. */
function decoded(bytes: Buffer): string | null {
  const text = bytes.toString();
  return Buffer.from(text).equals(bytes) ? text : null;
}
