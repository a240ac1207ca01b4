import {
  completeness,
  type Completeness,
  isSampled,
  knowsCow,
  totalLost,
  untimed,
} from '../../core/facts/capture-facts';
import { CLASS_NAMES, type ClassName } from '../../core/classify/classes';
import {
  bytes,
  clock,
  count,
  counted,
  estimate,
  grouped,
  latency,
  percent,
  rate,
  stalledShare,
} from '../../core/text/format';
import { aboutOf } from '../../core/columns/row-columns';
import type { ThreadRow } from '../../core/snapshot/snapshot';
import { cut, pieceLine, type Piece } from '../layout/line';
import { cellText } from '../terminal/cell-width';
import type { Picture, Size } from '../state/picture';
import type { HeaderInfo, ReplayState } from '../state/source';
import { CLASS_STYLE, type Theme } from '../terminal/theme';
import { comparisonLines, comparisonView } from './comparison';
import { memoryView } from './memory';
import { verdictView } from './verdict';
import { lateText, stateText } from '../state/waiting';

/** A fault that has been in flight for longer is shown: something holds the thread. ns. */
const STUCK_NS = 10e6;
/** Threads in faults over the last interval from which on that is said. */
const SOME_STALLED = 0.05;
/** Cells of a command line, at most, and where there is little room. */
const COMMAND_MOST = 60;
const COMMAND_SHORT = 24;
const CLASS_LABEL: Readonly<Record<ClassName, string>> = {
  MAJOR: 'MAJ',
  MINOR: 'MIN',
  COW: 'COW',
  ERROR: 'ERR',
};

export interface HeaderState {
  readonly intervalMs: number;
  /** How long the picture has been frozen; null while it is live. */
  readonly frozenMs: number | null;
  /** Bit masks of the classes that are shown, and of those that somebody asked for. */
  readonly classes: number;
  readonly asked: number;
}

/**
 * The head of the screen: who, the verdict, how much, and whether it can be believed. `lines` is 1 to 4 or more.
 */
export function headerView(
  theme: Theme,
  size: Size,
  picture: Picture,
  state: HeaderState,
  lines: number,
): string[] {
  const { columns } = size;
  const { memory, comparison } = picture.header;
  if (comparison !== undefined) return comparisonView(theme, columns, comparison, lines);
  const all = [
    pieceLine(theme, columns, targetPieces(theme, picture, state), 'bar'),
    verdictView(theme, columns, picture),
    pieceLine(theme, columns, countPieces(picture, state)),
    pieceLine(theme, columns, trustPieces(picture)),
    ...(memory === undefined ? [] : [memoryView(theme, columns, memory)]),
    ...stuck(picture.header)
      .slice(1)
      .map((fault) =>
        pieceLine(theme, columns, [
          { text: `in flight: ${describe(fault)}`, style: 'warning', weight: 1 },
        ]),
      ),
  ];
  // The answer comes first where there is room for one line only.
  return lines === 1 ? [all[1]!] : all.slice(0, lines);
}

/** Lines the header has to say. */
export function headerLines(header: HeaderInfo): number {
  if (header.comparison !== undefined) return comparisonLines(header.comparison);
  return 4 + (header.memory === undefined ? 0 : 1) + Math.max(0, stuck(header).length - 1);
}

/** Where it must be cut without the directory of the program, which says least. */
function commandPiece({ names, glyphs }: Theme, command: string): Piece {
  // Who sets its own title fills up with blanks (redis-server).
  const clean = cellText(command, names).replace(/ {2,}/g, ' ').trimEnd();
  const program = clean.replace(/^\/(?:[^ ]*\/)?(?=[^ ])/, '');
  return {
    text: cut(clean, COMMAND_MOST, glyphs.ellipsis),
    short: cut(program, COMMAND_SHORT, glyphs.ellipsis),
    long: cut(program, COMMAND_MOST, glyphs.ellipsis),
    weight: 20,
  };
}

function targetPieces(theme: Theme, { header }: Picture, state: HeaderState): Piece[] {
  const [target] = header.targets;
  const more = header.targets.length - 1;
  const pieces: Piece[] = [];
  const lost = totalLost(header.capture.lost);
  if (lost > 0) pieces.push({ text: `LOST ${count(lost)}`, style: 'lost', weight: 99 });
  if (state.frozenMs !== null) {
    pieces.push({
      text: `FROZEN ${clock(state.frozenMs * 1e6)}, capture goes on`,
      short: `FROZEN ${Math.floor(state.frozenMs / 1000)}s`,
      style: 'warning',
      weight: 100,
    });
  }
  if (target === undefined)
    pieces.push({ text: header.whole ?? 'pagefault-analyzer', style: 'strong', weight: 90 });
  else {
    const name = `${target.comm} ${target.pid}${more > 0 ? ` and ${more} more` : ''}`;
    pieces.push({ text: name, style: 'strong', weight: 95 });
    const command = target.commandLine;
    if (command !== '' && command !== target.comm) {
      pieces.push(commandPiece(theme, command));
    }
  }
  if (header.replay !== undefined) pieces.push(replayPiece(header.replay));
  else if (header.ended !== null) pieces.push({ text: header.ended, style: 'warning', weight: 96 });
  else {
    const threads =
      header.whole === undefined
        ? header.targets.reduce((sum, t) => sum + t.threads, 0)
        : header.capture.mode.threads;
    // Nothing is known of a target in the first picture.
    if (threads > 0 || header.whole !== undefined) {
      pieces.push({
        text: counted(threads, 'thread'),
        short: `${threads} thr`,
        weight: 40,
      });
    }
    if (target !== undefined && target.state !== '')
      pieces.push({ text: stateText(target.state), short: target.state, weight: 38 });
  }
  if (header.replay === undefined) pieces.push({ text: clock(header.elapsedNs), weight: 60 });
  pieces.push({ text: `every ${state.intervalMs / 1000} s`, weight: 30 });
  const [limit] = header.limits;
  if (limit === undefined) pieces.push({ text: 'full capture', weight: 50 });
  else {
    const rest = header.limits.length - 1;
    pieces.push({
      text: `${limit}${rest > 0 ? ` (+${rest})` : ''}`,
      short: limit.split(':')[0]!,
      style: 'warning',
      weight: 70,
    });
  }
  return pieces;
}

/** Where a recording is, and what it does. */
function replayPiece({ position, length, playing, speed, movingTo }: ReplayState): Piece {
  const of = length === null ? '' : ` of ${clock(length)}`;
  const at = `${tenths(position)}${of}`;
  if (movingTo !== null) {
    return { text: `going to ${tenths(movingTo)}: ${at}`, style: 'warning', weight: 97 };
  }
  const atEnd = length !== null && position >= length;
  const pace = speed === 0 ? 'as fast as it can' : `x${speed}`;
  const does = playing ? `plays ${pace}` : atEnd ? 'ends here' : 'stands';
  return { text: `${does} ${at}`, style: playing ? 'strong' : 'warning', weight: 97 };
}

/** `00:01:23.4`: an interval may be a quarter of a second. */
function tenths(ns: number): string {
  return `${clock(ns)}.${Math.floor(ns / 1e8) % 10}`;
}

function countPieces(picture: Picture, state: HeaderState): Piece[] {
  const { snapshot, rates } = picture;
  const pieces: Piece[] = CLASS_NAMES.map((name, cls) => {
    const n = snapshot.totals.byClass[cls]!;
    const shown = (state.classes & (1 << cls)) !== 0;
    const label = shown ? CLASS_LABEL[name] : `(${CLASS_LABEL[name]})`;
    const speed = rates.ofClass[cls]!.current;
    const { mode } = picture.header.capture;
    const known = name !== 'COW' || knowsCow(mode);
    // Of MINOR and COW the sum is exact.
    const sampled = isSampled(mode) && (name === 'MINOR' || name === 'COW');
    const about = (text: string): string => (sampled ? estimate(text) : text);
    return {
      text: known ? `${label} ${about(count(n))} ${about(rate(speed))}/s` : `${label} n/a`,
      style: n > 0 && shown ? CLASS_STYLE[name] : 'dim',
      weight: 90 - cls,
      ...(name === 'ERROR' && n === 0 && (state.asked & (1 << cls)) === 0 ? { short: '' } : {}),
    };
  });
  let worst: ThreadRow | null = null;
  for (const row of snapshot.threads) {
    const several = row.tid === 0;
    if (!several && (worst === null || row.stallShare > worst.stallShare)) worst = row;
  }
  pieces.push(stallPiece(picture, worst));
  return pieces;
}

/** Time in faults, and that of the thread with the most. It has a colour where the verdict says that it is to be looked at. */
function stallPiece(
  { snapshot: { totals }, verdict: { level } }: Picture,
  worst: ThreadRow | null,
): Piece {
  const { stallShare, stalled } = totals;
  const about = aboutOf(totals);
  const now = stalled < SOME_STALLED ? '' : `, now ${about(stalled.toFixed(1))} threads`;
  const most = worst === null ? '' : aboutOf(worst)(percent(worst.stallShare));
  const max = worst === null ? '' : `, thread max ${most} % (tid ${worst.tid})`;
  const share = stallShare > 1 ? `${stallShare.toFixed(1)} thr` : `${percent(stallShare)}%`;
  return {
    text: `${about(stalledShare(stallShare))} in faults${now}${max}`,
    short: `stall ${about(share)}${worst === null ? '' : ` max ${most}%`}`,
    style: level === 'fine' ? 'plain' : 'warning',
    weight: 88,
  };
}

function capPieces(caps: readonly string[]): Piece[] {
  const [cap] = caps;
  if (cap === undefined) return [];
  const text = `${cap}${caps.length > 1 ? ` (+${caps.length - 1})` : ''}`;
  return [{ text, short: cap.split(':')[0]!, style: 'warning', weight: 70 }];
}

function trustPieces(picture: Picture): Piece[] {
  const { header } = picture;
  const { caps, since } = picture.snapshot;
  const { capture } = header;
  const check = completeness(capture);
  const equal = check.difference === 0;
  // What is counted of a recording begins somewhere for other reasons, too: --from, a jump.
  const where = header.replay === undefined ? 'z' : clock(since);
  const zeroed = since > 0 ? `since ${where}: ` : '';
  if (capture.mode.recorded === true) {
    const lost = check.lost > 0 ? `, lost ${grouped(check.lost)}` : '';
    const text = `${zeroed}${counted(check.captured, 'fault')} of the recording${lost}`;
    return [{ text, weight: 80 }, ...capPieces(caps)];
  }
  const each = bytes(capture.mode.ringBytes / capture.mode.cpus);
  const pieces: Piece[] = [
    {
      text: `${zeroed}captured ${grouped(check.captured)} + lost ${grouped(check.lost)} of the kernel's ${grouped(check.kernel)}${unread(header, check, grouped)}`,
      short: `${zeroed}${count(check.captured)} + ${count(check.lost)} lost of ${count(check.kernel)}${unread(header, check, count)}`,
      // While it runs the kernel's counters are some milliseconds ahead of what has been drained.
      style: header.ended !== null && check.comparable && !equal ? 'warning' : 'plain',
      weight: 80,
    },
    {
      text: `rings ${capture.mode.cpus} x ${each}${isSampled(capture.mode) ? '' : ', every fault'}`,
      weight: 20,
      spare: true,
    },
  ];
  pieces.push(...latePieces(header));
  if (!Number.isNaN(header.rssBytes))
    pieces.push({ text: `RSS ${bytes(header.rssBytes)}`, weight: 60 });
  if (header.captureFilter !== '') {
    pieces.push({ text: `counting only ${header.captureFilter}`, style: 'warning', weight: 75 });
  }
  const blind = untimed(capture);
  // One or two are usual: faults that were on their way when capture began.
  if (blind > check.captured / 100) {
    const why = capture.records.borrowedStamps > 0 ? ' (another perf session)' : '';
    pieces.push({
      text: `${grouped(blind)} untimed: latency not known${why}`,
      short: `${count(blind)} untimed`,
      style: 'warning',
      weight: 78,
    });
  }
  pieces.push(...capPieces(caps));
  const [oldest, ...others] = stuck(header);
  if (oldest !== undefined) {
    pieces.push({
      text: `in flight: ${describe(oldest)}${others.length > 0 ? ` (+${others.length})` : ''}`,
      short: `in flight: tid ${oldest.tid} ${latency(oldest.forNs)}`,
      style: 'warning',
      weight: 95,
    });
  }
  return pieces;
}

/**
 * What the kernel has counted and we have not taken yet, which without a word reads as lost. Once capture has ended
 * the same difference is a fault of ours.
 */
function unread(
  { ended, capture }: HeaderInfo,
  { comparable, difference }: Completeness,
  printed: (n: number) => string,
): string {
  const running = ended === null && comparable && !isSampled(capture.mode);
  return running && difference > 0 ? `, ${printed(difference)} unread` : '';
}

/** That the counters lag behind what happens, and by how much. */
function latePieces(header: HeaderInfo): Piece[] {
  const age = lateText(header);
  if (age === '') return [];
  const text = `${age}: more faults came than could be counted by now`;
  return [{ text, short: age, style: 'warning', weight: 94 }];
}

function stuck(header: HeaderInfo): HeaderInfo['inFlight'] {
  return header.inFlight.filter((fault) => fault.forNs > STUCK_NS);
}

function describe(fault: HeaderInfo['inFlight'][number]): string {
  return `tid ${fault.tid} at ${fault.address} ${fault.region}, ${latency(fault.forNs)}`;
}
