/** Magic numbers of compiled descriptions: numbers of 16 and of 32 bits (term(5)). */
const SHORT_NUMBERS = 0o432;
const LONG_NUMBERS = 0o1036;
const HEADER_BYTES = 12;
/** Where max_colors stands among the numbers (ncurses, include/Caps). */
const MAX_COLORS = 13;

/** The colours that a compiled description tells, 0 for a terminal without; null where that is no description. */
export function describedColours(bytes: Uint8Array): number | null {
  if (bytes.byteLength < HEADER_BYTES) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = view.getUint16(0, true);
  if (magic !== SHORT_NUMBERS && magic !== LONG_NUMBERS) return null;
  const width = magic === SHORT_NUMBERS ? 2 : 4;
  const [names, booleans, numbers] = [2, 4, 6].map((at) => view.getUint16(at, true)) as [
    number,
    number,
    number,
  ];
  if (numbers <= MAX_COLORS) return 0;
  // Numbers begin at an even byte.
  const end = HEADER_BYTES + names + booleans;
  const at = end + (end % 2) + MAX_COLORS * width;
  if (at + width > bytes.byteLength) return null;
  // -1: absent; -2: cancelled.
  return Math.max(0, width === 2 ? view.getInt16(at, true) : view.getInt32(at, true));
}
