import { untimed } from '../../core/facts/capture-facts';
import type { Level, Verdict } from '../../core/findings/verdict';
import type { Dominant } from '../../core/findings/findings';
import { aboutOf } from '../../core/columns/row-columns';
import { latency, percent } from '../../core/text/format';
import { cut, Line } from '../layout/line';
import type { Picture } from '../state/picture';
import { lateText, waitingWords } from '../state/waiting';
import { cellText } from '../terminal/cell-width';
import type { Style, Theme } from '../terminal/theme';

const BADGE: Readonly<Record<Level, readonly [text: string, style: Style]>> = {
  fine: ['FINE', 'fine'],
  look: ['LOOK', 'look'],
  problem: ['PROBLEM', 'problem'],
};
/** It is not known whether it is a problem. */
const NOT_KNOWN = ['UNKNOWN', 'look'] as const;
/** Of a region's name so much is kept before other words give way. */
const NAME_WANTS = 12;

/** The answer: is it a problem now, what is it, where, whose, and what to do. */
export function verdictView(theme: Theme, columns: number, picture: Picture): string {
  const { verdict } = picture;
  const unknown = unknownShare(picture);
  if (unknown > 0) {
    const [badge, style] = NOT_KNOWN;
    const line = new Line(theme, columns).add(` ${badge} `, style).add(' ');
    const words = `the latency of ${percent(unknown)} % of the faults is not known`;
    return line.words(words, 'strong').end();
  }
  const [badge, style] = isToCome(picture) ? NOT_KNOWN : BADGE[verdict.level];
  const line = new Line(theme, columns).add(` ${badge} `, style).add(' ');
  const { room } = line;
  const { finding } = verdict;
  if (finding === null) return line.words(plainWords(picture), 'strong').end();
  const [title, rest] = words(finding, picture, room, theme);
  return line.add(title, 'strong').add(rest).end();
}

/** There were faults since the counters were set to zero, and none of them is counted. */
function isToCome({ snapshot, header }: Picture): boolean {
  return snapshot.totals.faults === 0 && header.ended === null && lateText(header) !== '';
}

/** Of the faults, those without a latency, where what is known is fine and says nothing; else 0. */
function unknownShare({ verdict, header: { capture } }: Picture): number {
  const { minor, major } = capture.received;
  const share = untimed(capture) / (minor + major);
  return verdict.level === 'fine' && share > 0.5 ? share : 0;
}

/** The title, and what stands behind it: as much as there is room for. */
function words(
  finding: Dominant,
  { verdict, snapshot: { totals } }: Picture,
  room: number,
  theme: Theme,
): readonly [string, string] {
  const when = verdict.isNow ? '' : 'earlier: ';
  const title = `${when}${finding.brief}`;
  const about = aboutOf(totals);
  const share = shareWords(verdict, finding, about);
  const [region = ''] = finding.regions;
  const [process = ''] = finding.processes;
  const owner = process === '' ? '' : ` of ${process}`;
  const part = verdict.part < 0.995 ? `, ${about(percent(verdict.part))} % of the stall` : '';
  const advice = finding.advice === '' ? '' : `; ${finding.advice}`;
  const forms = [
    `${share.long}${part}${advice}`,
    `${share.long}${part}`,
    share.long,
    share.middle,
    share.tight,
    share.short,
    '',
  ];
  for (const form of forms) {
    const figures = form === '' ? '' : `: ${form}`;
    const left = room - title.length - owner.length - figures.length - 4;
    if (left < Math.min(NAME_WANTS, region.length) && form !== '') continue;
    const name = cut(cellText(region, theme.names), left, theme.glyphs.ellipsis, true);
    return [title, `${name === '' ? '' : ` in ${name}`}${owner}${figures}`];
  }
  return [title, ''];
}

/** The same figure, the longest first; each says of what it is. */
interface ShareWords {
  readonly long: string;
  readonly middle: string;
  readonly tight: string;
  readonly short: string;
}

function shareWords(
  { isNow }: Verdict,
  { figures: { stallShare } }: Dominant,
  about: (text: string) => string,
): ShareWords {
  const now = isNow ? ' now' : '';
  if (stallShare > 1) {
    const threads = `${about(stallShare.toFixed(1))} threads`;
    return { long: `${threads} wait in it${now}`, middle: threads, tight: threads, short: threads };
  }
  const share = `${about(percent(stallShare))} %`;
  const whole = stallShare < 0.1 ? share : `${about(String(Math.round(100 * stallShare)))} %`;
  return {
    long: `${share} of one thread's time${now}`,
    middle: `${share} of a thread`,
    tight: `${whole} of a thread`,
    short: `stall ${whole}`,
  };
}

/** What is to be said where nothing dominates. */
function plainWords(picture: Picture): string {
  const { verdict, snapshot, header } = picture;
  const { level, share, isNow } = verdict;
  const [oldest] = header.inFlight;
  if (level !== 'fine' && oldest !== undefined) {
    const where = oldest.region === '' ? oldest.address : oldest.region;
    return `thread ${oldest.tid} has waited ${latency(oldest.forNs)} in a fault in ${where}`;
  }
  if (snapshot.totals.faults === 0 && header.ended === null) return waitingWords(picture);
  const cost = `faults take ${aboutOf(snapshot.totals)(percent(share))} % of one thread's time${isNow ? ' now' : ''}`;
  return level === 'fine' ? cost : `${cost}, of many kinds`;
}
