/**
 * Numbers as a person reads them: coarse, aligned, never flickering for a last digit. Pure; used by the
 * text report and the dashboard. The stream has byte-level twins of latency() in output/stream/bytes.ts.
 */

/** ns as `640ns`, `1.2us`, `12.4ms`, `3.0s`: one decimal from microseconds up. '' for NaN or negative. */
export function latency(ns: number): string {
  if (!(ns >= 0)) return '';
  if (ns < 1000) return `${Math.floor(ns)}ns`;
  // Rounding comes before the choice of the unit, or 999,960 ns would read `1000.0us`.
  const tenthsUs = Math.round(ns / 1e2);
  if (tenthsUs < 10_000) return `${tenths(tenthsUs)}us`;
  const tenthsMs = Math.round(ns / 1e5);
  if (tenthsMs < 10_000) return `${tenths(tenthsMs)}ms`;
  return `${tenths(Math.round(ns / 1e8))}s`;
}

/** With one decimal, not negative. toFixed() takes four times as long, and tables have hundreds of these. */
function decimal(n: number): string {
  return tenths(Math.round(n * 10));
}

function tenths(n: number): string {
  return `${Math.floor(n / 10)}.${n % 10}`;
}

/** A number in words that is an estimate; nothing of one that is not known, or of nothing. */
export function estimate(text: string): string {
  return /[1-9]/.test(text) ? `~${text}` : text;
}

/** A count in at most six characters: `12345`, `123.5k`, `54.2M`. */
export function count(n: number): string {
  if (!(n >= 0)) return '';
  if (n < 100_000) return String(Math.round(n));
  return scaled(n, 1000, ['k', 'M', 'G', 'T', 'P']);
}

/** Events per second: a decimal below 10, whole numbers above. */
export function rate(perSecond: number): string {
  if (!(perSecond >= 0)) return '';
  if (perSecond === 0) return '0';
  return perSecond < 9.95 ? decimal(perSecond) : count(perSecond);
}

/** Bytes in powers of 1024, as top and ls -h print them: `16K`, `2.0G`. */
export function bytes(n: number): string {
  if (!(n >= 0)) return '';
  if (n < 1024) return String(Math.round(n));
  const units = ['K', 'M', 'G', 'T', 'P', 'E'];
  let value = n / 1024;
  let unit = 0;
  while (value >= 1023.5 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return (value < 9.95 ? decimal(value) : String(Math.round(value))) + units[unit]!;
}

/** A share (0..1) in percent with one decimal; the sign is the column's unit. */
export function percent(share: number): string {
  if (!(share >= 0)) return '';
  return decimal(share * 100);
}

/** Whole digits in groups of three, for sentences: `57,233`. */
export function grouped(n: number): string {
  return String(Math.round(n)).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** So many of something, in a sentence: `1 fault`, `57,233 faults`. */
export function counted(n: number, one: string, several = `${one}s`): string {
  return `${grouped(n)} ${Math.round(n) === 1 ? one : several}`;
}

/** A page number (4 KiB units) as the hexadecimal address of its first byte. */
export function pageAddress(page: number): string {
  return page === 0 ? '0' : `${page.toString(16)}000`;
}

function scaled(n: number, base: number, units: readonly string[]): string {
  let value = n / base;
  let unit = 0;
  while (value >= 999.95 && unit < units.length - 1) {
    value /= base;
    unit += 1;
  }
  return decimal(value) + units[unit]!;
}

/** Time stalled in relation to the time that has passed: above 1 several threads waited at once. */
export function stalledShare(share: number): string {
  return share > 1 ? `${share.toFixed(1)} threads on average` : `${percent(share)} % of wall time`;
}

/** The same in six characters, under a heading that says per cent: `38.3`, `3.8thr`, `380thr`. */
export function stalledCell(share: number): string {
  if (!(share > 1)) return percent(share);
  if (share < 9.95) return `${decimal(share)}thr`;
  return share < 999.5 ? `${share.toFixed(0)}thr` : `${(share / 1000).toFixed(0)}Kthr`;
}

/** ms that threads stood in faults per second: `<0.1ms`, `6.9ms`, from a second on `3.8s`. */
export function stallNow(msPerSecond: number): string {
  if (!(msPerSecond > 0)) return msPerSecond === 0 ? '0' : '';
  if (msPerSecond < 0.1) return '<0.1ms';
  if (msPerSecond < 999.95) return `${decimal(msPerSecond)}ms`;
  return `${(msPerSecond / 1000).toFixed(1)}s`;
}

/** `0x7f2c7b100000` from two 32-bit halves. */
export function hexText(high: number, low: number): string {
  return high === 0
    ? `0x${low.toString(16)}`
    : `0x${high.toString(16)}${low.toString(16).padStart(8, '0')}`;
}

/** The last component; names that are no path ('//toolong') stay whole. */
export function baseName(path: string): string {
  if (path.startsWith('//')) return path;
  const slash = path.lastIndexOf('/');
  return slash < 0 || slash === path.length - 1 ? path : path.slice(slash + 1);
}

/** `index.cc:118`; '' where the line is not known. */
export function sourceLine(file: string, line: number): string {
  return file === '' || line === 0 ? '' : `${baseName(file)}:${line}`;
}

/** ns as hh:mm:ss. */
export function clock(ns: number): string {
  const seconds = Math.max(0, Math.floor(ns / 1e9));
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
