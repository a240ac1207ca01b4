// oxlint-disable-next-line no-control-regex -- control characters are what this is about
const SGR = /\x1b\[[\d;]*m/g;

/** A line without its colours: what is left are cells. */
export function cells(line: string): string {
  return line.replace(SGR, '');
}
