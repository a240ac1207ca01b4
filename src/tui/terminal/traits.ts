import { TRUE_COLOUR } from './palette';

export interface TerminalTraits {
  /** 0 for none. */
  readonly colours: number;
  readonly ascii: boolean;
}

/** Terminals that show true colour, whatever their description is called. */
const TRUE_COLOUR_TERMS =
  /^(?:.*-direct\d*|xterm-kitty|xterm-ghostty|alacritty|foot|wezterm|contour)(?:-|$)/;

/**
 * What the environment says about the terminal. NO_COLOR: no-color.org. The Linux console and the hardware terminals
 * have no block characters; a locale that is not UTF-8 has nothing beyond ASCII. `described`: the colours of the
 * terminal's description (terminfo(5)), null where there is none.
 */
export function terminalTraits(
  env: Readonly<Record<string, string | undefined>>,
  forceAscii: boolean,
  described: number | null = null,
): TerminalTraits {
  const term = env.TERM ?? '';
  const locale = [env.LC_ALL, env.LC_CTYPE, env.LANG].find(
    (value) => value !== undefined && value !== '',
  );
  const utf8 = /utf-?8/i.test(locale ?? '');
  const simple = /^(?:linux|vt\d|ansi$|cons)/.test(term);
  return {
    colours: coloursOf(env, term, simple, described),
    ascii: forceAscii || !utf8 || simple,
  };
}

function coloursOf(
  env: Readonly<Record<string, string | undefined>>,
  term: string,
  simple: boolean,
  described: number | null,
): number {
  const mono = (env.NO_COLOR ?? '') !== '' || /^(?:vt\d|.*-m$|.*-mono$)/.test(term);
  if (mono || described === 0) return 0;
  if (simple || term.endsWith('-8color')) return 8;
  if (/^(?:truecolor|24bit)$/i.test(env.COLORTERM ?? '') || TRUE_COLOUR_TERMS.test(term)) {
    return TRUE_COLOUR;
  }
  // Descriptions that say 8 are old: what they are used for shows 16.
  const said = Math.max(described ?? 0, term.includes('256color') ? 256 : 16);
  return said >= 1 << 15 ? TRUE_COLOUR : said >= 256 ? 256 : 16;
}
