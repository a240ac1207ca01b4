import { readFileSync } from 'node:fs';
import { textOfBytes } from '../core/text/byte-text';

/**
 * Our arguments with every byte kept (core/text/byte-text.ts): Node has decoded process.argv as UTF-8, with loss. `decoded`
 * are Node's own; they are what is left where /proc does not answer, or answers about somebody else.
 */
export function rawArguments(decoded: readonly string[]): readonly string[] {
  if (!decoded.some((text) => text.includes('\ufffd'))) return decoded;
  let bytes: Buffer;
  try {
    bytes = readFileSync('/proc/self/cmdline');
  } catch {
    return decoded;
  }
  const words = splitWords(bytes).slice(-decoded.length);
  const same = words.every((word, k) => word.toString() === decoded[k]);
  return same && words.length === decoded.length ? words.map(textOfBytes) : decoded;
}

/** Each word is followed by a zero byte. */
function splitWords(bytes: Buffer): Buffer[] {
  const words: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(0, at);
    words.push(bytes.subarray(at, end < 0 ? bytes.length : end));
    at = end < 0 ? bytes.length : end + 1;
  }
  return words;
}
