/** One row per option: parser, --help and the README's table are made from it. */
export interface OptionSpec {
  readonly long: string;
  readonly short: string;
  /** Placeholder of the value, '' for a switch. */
  readonly value: string;
  /** May be given several times; otherwise the last one counts. */
  readonly many?: boolean;
  readonly help: string;
  /** Where it has an effect; everywhere without it. */
  readonly where?: Where;
  /** It has an effect only where a COMMAND is started, something is captured, or a recording is read. */
  readonly of?: 'command' | 'capture' | 'recording';
}

/** `intervals`: in the dashboard, and with --batch and --openmetrics; `faults`: where the stream of faults is written: in the stream, and in the dashboard with -o. */
type Where = 'stream' | 'dashboard' | 'faults' | 'intervals';

const option = (
  short: string,
  long: string,
  value: string,
  help: string,
  where?: Where,
): OptionSpec => ({ short, long, value, help, ...(where === undefined ? {} : { where }) });

const only = (of: NonNullable<OptionSpec['of']>, spec: OptionSpec): OptionSpec => ({ ...spec, of });

export const OPTIONS: readonly OptionSpec[] = [
  {
    ...option(
      'p',
      'pid',
      'PIDS',
      'attach to these processes (commas or blanks between) and descendants',
    ),
    many: true,
  },
  option('a', 'all', '', 'every process of the machine but the analyzer itself'),
  option('', 'name', 'NAME', 'every process called NAME, also later, and their descendants'),
  option('', 'cgroup', 'PATH', 'every process of a cgroup (v2) and of those below it'),
  option('', 'unit', 'UNIT', 'the cgroup of a systemd unit: nginx.service, or nginx'),
  option('', 'container', 'ID', 'the cgroup of a container: its id, or 6 digits and more of it'),
  option('i', 'input', 'FILE', 'read a recording (perf.data) in place of a capture; - is stdin'),
  only('recording', option('', 'from', 'SEC', 'of a recording: only faults from this time on')),
  only('recording', option('', 'to', 'SEC', 'of a recording: only faults before this time')),
  only(
    'recording',
    option(
      '',
      'speed',
      'X',
      'the dashboard plays a recording X times as fast (1); 0: no waiting',
      'dashboard',
    ),
  ),
  only(
    'capture',
    option('', 'no-children', '', 'leave out descendants, those there are and those to come'),
  ),
  option('', 'tui', '', 'the dashboard, also where the stream would be the default', 'dashboard'),
  option('', 'stream', '', 'the text stream, also on a terminal', 'stream'),
  option(
    '',
    'format',
    'FORMAT',
    'form of the stream: text, csv, ndjson or folded (implies --stream)',
    'faults',
  ),
  option('o', 'output', 'FILE', 'the stream goes to FILE instead of stdout'),
  only(
    'capture',
    option('', 'record', 'FILE', 'what is captured also goes into FILE, as perf.data; - is stdout'),
  ),
  only(
    'capture',
    option('', 'compress', '', 'the recording is compressed (zstd), as perf reads it'),
  ),
  only(
    'capture',
    option(
      '',
      'record-limit',
      'SIZE',
      'keep the last SIZE (500M, 2G), in FILE and older FILE.1 to FILE.3',
    ),
  ),
  option('q', 'quiet', '', 'no stream, the summary only', 'stream'),
  option('', 'report', '', 'after the summary: tables, causes and latency histograms', 'stream'),
  option(
    '',
    'report-format',
    'FORMAT',
    'form of the report: text or json (implies --report)',
    'stream',
  ),
  option(
    '',
    'by',
    'WHAT',
    'report and --batch group by process, cgroup, unit, user or name',
    'stream',
  ),
  option('', 'latency', '', 'show the latency of every fault, not of major ones only', 'faults'),
  option(
    '',
    'symbols',
    '',
    'the function, line and object behind every fault, and the data it hit',
    'faults',
  ),
  option(
    '',
    'stacks',
    'MODE',
    'user call stacks: fp (frame pointers), dwarf (without), off (default)',
  ),
  only(
    'capture',
    option(
      '',
      'stack-every',
      'N',
      'a stack with every Nth fault; default: as --stack-budget allows',
    ),
  ),
  only('capture', option('', 'stack-budget', 'N', 'about N stacks a second at most (2000)')),
  option(
    '',
    'weigh',
    'WHAT',
    'what --format folded counts: count (faults) or stall (microseconds)',
    'faults',
  ),
  option('', 'no-symbols', '', 'name no code: the report and the dashboard show addresses'),
  option(
    '',
    'fixed-ts',
    '',
    'the same bytes in every run of the same workload (implies --stream)',
    'stream',
  ),
  only('capture', option('d', 'duration', 'SEC', 'stop after SEC seconds')),
  option('n', 'count', 'N', 'stop after N faults'),
  option(
    '',
    'filter',
    'EXPR',
    'keep only matching faults: class:major tid:123 region:libc lat>1ms',
  ),
  option('', 'dump', 'FILE', "the dashboard's closing text also goes to FILE", 'dashboard'),
  option(
    '',
    'interval',
    'SEC',
    'refresh of the dashboard, --batch and --openmetrics, 0.25 to 10 (1)',
    'intervals',
  ),
  only(
    'capture',
    option('', 'batch', '', 'a table of processes every interval in place of the faults', 'stream'),
  ),
  only(
    'capture',
    option('', 'openmetrics', 'FILE', 'counters in FILE.prom every interval, for a collector'),
  ),
  option('', 'ascii', '', 'no characters beyond ASCII in the dashboard', 'dashboard'),
  option('', 'theme', 'NAME', 'colours of the dashboard: dark, light or none (dark)', 'dashboard'),
  option('', 'mouse', '', 'the dashboard takes the mouse (M does so later)', 'dashboard'),
  only(
    'capture',
    option('', 'exit-with-target', '', 'the dashboard leaves when the target ends', 'dashboard'),
  ),
  only(
    'command',
    option(
      '',
      'command-output',
      'FILE',
      "under the dashboard: COMMAND's output also goes to FILE",
      'dashboard',
    ),
  ),
  only(
    'capture',
    option(
      'm',
      'ring-pages',
      'N',
      'pages of each per-CPU ring, a power of two (chosen by default)',
    ),
  ),
  only(
    'capture',
    option(
      '',
      'engine',
      'NAME',
      'capture with bpf, tracepoint or software (the best that can be had)',
    ),
  ),
  only(
    'capture',
    option('', 'every', 'N', 'capture 1 in N minor faults, count all; ~ is an estimate (bpf)'),
  ),
  only(
    'capture',
    option('', 'budget', 'PERCENT', 'capture as many as may cost that share of CPU time (bpf)'),
  ),
  only(
    'capture',
    option(
      '',
      'ready-fd',
      'N',
      'a newline on descriptor N, which is open already, when capture is on',
    ),
  ),
  option('h', 'help', '', 'this text'),
  option('V', 'version', '', 'the version'),
];
