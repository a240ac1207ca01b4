import type { Effects } from '../../app/options';
import { OPTIONS, type OptionSpec } from './table';
import { UsageError } from './parse';

const HELP_WIDTH = 100;

/**
 * An option that only means something in the stream asks for it, and --tui overrules those that mean something
 * with -o too. What has no effect where it was asked for is refused: throws UsageError.
 */
export function effectsOf(given: ReadonlyMap<string, string>, startsCommand: boolean): Effects {
  const specs = OPTIONS.filter(({ long }) => given.has(long));
  const idle = specs.find(({ of }) => of === 'command');
  if (idle !== undefined && !startsCommand) {
    throw new UsageError(`${name(idle)} has no effect without a COMMAND`);
  }
  const live = specs.find(({ of }) => of === 'capture');
  if (live !== undefined && given.has('input')) {
    throw new UsageError(`${name(live)} has no effect with -i`);
  }
  const recorded = specs.find(({ of }) => of === 'recording');
  if (recorded !== undefined && !given.has('input')) {
    throw new UsageError(`${name(recorded)} has no effect without -i`);
  }
  const replayed = given.has('input');
  const ofStream = specs.filter(
    ({ where, long }) =>
      where === 'stream' || where === 'faults' || (replayed && long === 'output'),
  );
  const timed = given.has('batch') || given.has('openmetrics');
  const dashboardOnly = specs.filter(
    ({ where }) => where === 'dashboard' || (where === 'intervals' && !timed),
  );
  if (given.has('tui')) {
    for (const spec of ofStream) {
      // Who goes back and forth in a recording writes no stream of it.
      if (spec.where === 'stream' || replayed) {
        throw new UsageError(`--tui and ${name(spec)} exclude each other`);
      }
      if (!given.has('output')) {
        throw new UsageError(`${name(spec)} has no effect in the dashboard without -o FILE`);
      }
    }
    return {
      view: 'tui',
      dashboardOnly: dashboardOnly.filter(({ long }) => long !== 'tui').map(name),
    };
  }
  const [asks] = ofStream;
  if (asks === undefined) return { view: 'auto', dashboardOnly: dashboardOnly.map(name) };
  const [lost] = dashboardOnly;
  if (lost !== undefined) {
    throw new UsageError(
      `${name(lost)} has an effect in the dashboard only, and ${name(asks)} asks for the stream`,
    );
  }
  return { view: 'stream', dashboardOnly: [] };
}

function name({ long }: OptionSpec): string {
  return `--${long}`;
}

/** Which options have an effect in one place only, for --help and the README. */
export function effectLines(): string[] {
  const names = (wanted: (spec: OptionSpec) => boolean): string =>
    OPTIONS.filter(wanted).map(name).join(', ');
  return [
    ...wrapped(`In the dashboard only: ${names(({ where }) => where === 'dashboard')}.`),
    `In the dashboard, with --batch and with --openmetrics: ${names(({ where }) => where === 'intervals')}.`,
    ...wrapped(
      `In the stream only, which they ask for: ${names(({ where }) => where === 'stream')}.`,
    ),
    ...wrapped(
      `In the stream, and in the dashboard with -o: ${names(({ where }) => where === 'faults')}.`,
    ),
    'What has no effect is refused; where there is no terminal for the dashboard, a note names it.',
  ];
}

/** Broken between words into lines that --help has room for. */
function wrapped(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line === undefined || line.length + word.length >= HELP_WIDTH) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}
