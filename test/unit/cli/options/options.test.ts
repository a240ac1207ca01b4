import fc from 'fast-check';
import { helpText } from '../../../../src/cli/options/help';
import { OPTIONS } from '../../../../src/cli/options/table';
import { parseOptions, type CommandLine } from '../../../../src/cli/options/options';
import { UsageError } from '../../../../src/cli/options/parse';

const parse = (line: string): CommandLine =>
  parseOptions(line.split(' ').filter((word) => word !== ''));

function refusal(args: readonly string[]): string {
  try {
    parseOptions(args);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as UsageError).message;
  }
  throw new Error(`accepted: ${args.join(' ')}`);
}

test('defaults', () => {
  expect(parse('-p 42')).toEqual({
    action: 'run',
    target: { kind: 'attach', pids: [42] },
    children: true,
    chosen: new Set(),
    view: 'auto',
    dashboardOnly: [],
    format: 'text',
    output: null,
    quiet: false,
    record: null,
    compress: false,
    recordLimit: null,
    speed: 1,
    fromNs: 0,
    toNs: Infinity,
    by: null,
    batch: false,
    openmetrics: null,
    report: 'none',
    latency: false,
    symbols: false,
    stacks: null,
    weigh: 'count',
    naming: true,
    fixedTs: false,
    durationNs: null,
    count: null,
    filter: null,
    dump: null,
    intervalMs: 1000,
    ascii: false,
    theme: 'dark',
    mouse: false,
    exitWithTarget: false,
    commandOutput: null,
    ringPages: 0,
    engine: null,
    every: 1,
    budget: null,
    readyFd: null,
  });
});

test.each<[string, Partial<CommandLine>]>([
  ['--ready-fd 3 -p 1', { readyFd: 3 }],
  ['--pid 1,2,1', { target: { kind: 'attach', pids: [1, 2] } }],
  ['-p 1 -p 7', { target: { kind: 'attach', pids: [1, 7] } }],
  ['--pid=9', { target: { kind: 'attach', pids: [9] } }],
  ['-p9', { target: { kind: 'attach', pids: [9] } }],
  ['--no-children -p 1', { children: false }],
  ['--tui -p 1', { view: 'tui' }],
  ['--mouse -p 1', { mouse: true }],
  ['--stream -p 1', { view: 'stream' }],
  ['--format csv -p 1', { format: 'csv', view: 'stream' }],
  ['--format=ndjson -p 1', { format: 'ndjson', view: 'stream' }],
  ['-o out.txt -p 1', { output: 'out.txt', view: 'auto' }],
  ['--tui --format csv -o f -p 1', { view: 'tui', format: 'csv', output: 'f' }],
  ['-q -p 1', { quiet: true, view: 'stream' }],
  ['--report -p 1', { report: 'text', view: 'stream' }],
  ['--report-format json -p 1', { report: 'json', view: 'stream' }],
  ['--report --report-format text -p 1', { report: 'text' }],
  ['--latency -p 1', { latency: true }],
  ['--fixed-ts -p 1', { fixedTs: true, view: 'stream' }],
  ['-d 2.5 -p 1', { durationNs: 2.5e9, view: 'auto' }],
  ['-n 10 -p 1', { count: 10, view: 'auto' }],
  [
    '--batch --by unit --interval 2 -a',
    { batch: true, by: 'unit', intervalMs: 2000, view: 'stream' },
  ],
  ['-q --openmetrics /d/a.prom --interval 5 -a', { openmetrics: '/d/a.prom', intervalMs: 5000 }],
  ['--openmetrics a.prom -a', { openmetrics: 'a.prom', view: 'auto', dashboardOnly: [] }],
  ['--report --by cgroup -a', { by: 'cgroup', view: 'stream' }],
  ['--report-format json --by process -a', { by: 'process' }],
  ['-qn5 -p1', { quiet: true, count: 5 }],
  ['--filter class:major -p 1', { filter: 'class:major', view: 'auto' }],
  ['--filter -5 -p 1', { filter: '-5' }],
  ['--filter= -p 1', { filter: '' }],
  ['--filter= ls', { filter: '', target: { kind: 'command', file: 'ls', argv: ['ls'] } }],
  ['--filter=a=b -p 1', { filter: 'a=b' }],
  ['--filter=-q -p 1', { filter: '-q', quiet: false }],
  ['-o 0x10 -p 1', { output: '0x10' }],
  ['-o007 -p 1', { output: '007' }],
  ['-o a -qo b -p 1', { output: 'b', quiet: true }],
  ['-q -q -p 1', { quiet: true }],
  ['--filter true -p 1', { filter: 'true' }],
  ['--dump d.txt -p 1', { dump: 'd.txt' }],
  ['--interval 0.25 -p 1', { intervalMs: 250, view: 'auto', dashboardOnly: ['--interval'] }],
  ['--ascii --exit-with-target -p 1', { ascii: true, exitWithTarget: true }],
  ['--command-output c.txt demo', { commandOutput: 'c.txt' }],
  ['--tui --latency -o f -p 1', { view: 'tui', latency: true }],
  ['--tui --interval 2 -p 1', { view: 'tui', dashboardOnly: ['--interval'] }],
  ['--command-output c.txt ls', { commandOutput: 'c.txt' }],
  ['-m 128 -p 1', { ringPages: 128 }],
  ['--engine software -p 1', { engine: 'software' }],
  ['--engine=tracepoint ls', { engine: 'tracepoint' }],
  ['--every 100 ls', { engine: 'bpf', every: 100 }],
  ['--every 1 --engine software ls', { engine: 'software', every: 1 }],
  ['--budget 1% ls', { engine: 'bpf', every: 1, budget: 1 }],
  ['--budget 0.5 -a', { engine: 'bpf', budget: 0.5 }],
  ['ls', { target: { kind: 'command', file: 'ls', argv: ['ls'] } }],
  [
    '-q ls -l --help',
    { quiet: true, target: { kind: 'command', file: 'ls', argv: ['ls', '-l', '--help'] } },
  ],
  ['-- ls -q', { quiet: false, target: { kind: 'command', file: 'ls', argv: ['ls', '-q'] } }],
  ['-a', { target: { kind: 'all' } }],
  ['--name postgres', { target: { kind: 'name', name: 'postgres' } }],
  ['--cgroup /a', { target: { kind: 'cgroup', by: 'cgroup', name: '/a' } }],
  ['--unit nginx', { target: { kind: 'cgroup', by: 'unit', name: 'nginx' } }],
  ['--container 0aF123', { target: { kind: 'cgroup', by: 'container', name: '0aF123' } }],
  ['ls -- -p', { target: { kind: 'command', file: 'ls', argv: ['ls', '--', '-p'] } }],
  ['-- -odd', { target: { kind: 'command', file: '-odd', argv: ['-odd'] } }],
  ['demo', { target: { kind: 'demo', args: [] } }],
  ['-q demo --json', { target: { kind: 'demo', args: ['--json'] } }],
  ['-- demo', { target: { kind: 'command', file: 'demo', argv: ['demo'] } }],
  ['-h', { action: 'help', target: { kind: 'none' } }],
  ['-V', { action: 'version' }],
])('%s', (line, expected) => {
  expect(parse(line)).toMatchObject(expected);
});

test.each([
  [[], /nothing to trace/],
  [['-q'], /nothing to trace/],
  [['-a', '-p', '1'], /-p and --all exclude each other/],
  [['--name', 'x', '--unit', 'y'], /--name and --unit exclude each other/],
  [['-a', 'ls'], /--all and a COMMAND \('ls'\) exclude each other/],
  [['--no-children', '-a'], /--no-children has no effect with --all/],
  [['--name', ''], /--name: nothing was given/],
  [['--container', '12345'], /'12345' is no id/],
  [['--container', 'nginx1'], /'nginx1' is no id/],
  [['--wrong', '-p', '1'], /unknown option '--wrong'/],
  [['-x', '-p', '1'], /unknown option '-x'/],
  [['--engine', 'fast', '-a'], /--engine: 'fast' is none of bpf, tracepoint, software/],
  [['--engine', 'software', '-i', 'f'], /--engine has no effect with -i/],
  [['--every', '0', '-a'], /--every: '0'/],
  [
    ['--every', '10', '--engine', 'tracepoint', '-a'],
    /--every needs --engine bpf: with tracepoint/,
  ],
  [['--every', '10', '--record', 'f', '-a'], /--every and --record exclude each other/],
  [['--every', '10', '--fixed-ts', 'ls'], /--every and --fixed-ts exclude each other/],
  [['--every', '10', '-i', 'f'], /--every has no effect with -i/],
  [['--budget', '101', '-a'], /--budget: '101' is no share in percent, 0.01 to 100/],
  [['--budget', '0', '-a'], /--budget: '0' is no share/],
  [['--budget', '1e1', '-a'], /--budget: '1e1' is no share/],
  [['--budget', '1%', '--every', '1', '-a'], /--every and --budget exclude each other/],
  [['--budget', '1%', '--engine', 'software', '-a'], /--budget needs --engine bpf: with software/],
  [['--budget', '1%', '--record', 'f', '-a'], /--budget and --record exclude each other/],
  [['--budget', '1%', '--fixed-ts', 'ls'], /--budget and --fixed-ts exclude each other/],
  [['--budget', '1%', '-i', 'f'], /--budget has no effect with -i/],
  [['--by', 'unit', '-a'], /--by has no effect without --report/],
  [['--report', '--by', 'pid', '-a'], /--by: 'pid' is none of process, cgroup, unit, user, name/],
  [['--report', '--by', 'user', '--fixed-ts', 'ls'], /--fixed-ts and --by user exclude each other/],
  [['--batch', '-q', '-a'], /--batch and --quiet exclude each other/],
  [['--batch', '--latency', '-a'], /--batch and --latency exclude each other/],
  [['--batch', '--fixed-ts', 'ls'], /--batch and --fixed-ts exclude each other/],
  [['--batch', '--format', 'folded', '-a'], /--batch and --format folded exclude each other/],
  [['--batch', '--tui', '-a'], /--tui and --batch exclude each other/],
  [['--openmetrics', 'faults', '-a'], /'faults' does not end in \.prom/],
  [['--openmetrics', 'a.prom', '-o', './a.prom', '-a'], /--openmetrics and --output: 'a\.prom'/],
  [['--record', 'x', '-o', 'x', 'ls'], /--record and --output: 'x' is one file/],
  [['-i', 'x', '-o', 'x'], /--input and --output: 'x' is one file/],
  [['--openmetrics', '', '-a'], /--openmetrics: the file name is empty/],
  [['--interval', '1', '-q', '-a'], /--interval has an effect in the dashboard only/],
  [
    ['--batch', '--interval', '0.1', '-a'],
    /--interval: '0\.1' is no number of seconds from 0\.25 to 10/,
  ],
  [['-qx', '-p', '1'], /'-x' in '-qx'/],
  [['---', '-p', '1'], /unknown option/],
  [['---q', '-p', '1'], /unknown option '---q'/],
  [['--q', '-p', '1'], /unknown option '--q'/],
  [['--no-quiet', '-p', '1'], /unknown option '--no-quiet'/],
  [['--children', '-p', '1'], /unknown option '--children'/],
  [['--no-children=1', '-p', '1'], /takes no value/],
  [['--__proto__', '-p', '1'], /unknown option/],
  [['-p'], /'-p' needs a value/],
  [['--output', '-q', 'ls'], /'--output' needs a value: FILE/],
  [['-n', '--', 'ls'], /'-n' needs a value/],
  [['-p', 'abc'], /'abc' is no process id/],
  [['-p', '0x10'], /'0x10' is no process id/],
  [['-p', '0'], /'0' is no process id/],
  [['-p', ''], /no process id was given/],
  [['-p', ' \n'], /no process id was given/],
  [['-p', ','], /no process id was given/],
  [['-p', '1 x'], /'x' is no process id/],
  [['-p', '1,,2'], /'' is no process id/],
  [['-p', '-5'], /'-5' is no process id/],
  [['-p', '99999999'], /no process id/],
  [['-p', '1e3'], /no process id/],
  [['-p', '1', 'ls'], /-p and a COMMAND \('ls'\)/],
  [['-p', '1', 'demo'], /exclude each other/],
  [['--quiet=yes', 'ls'], /takes no value/],
  [['--format', 'xml', 'ls'], /'xml' is none of text, csv, ndjson/],
  [['--report-format', 'csv', 'ls'], /'csv' is none of text, json/],
  [['-d', '0', 'ls'], /no number of seconds/],
  [['-d', '1h', 'ls'], /no number of seconds/],
  [['-d', '', 'ls'], /no number of seconds/],
  [['-n', '0', 'ls'], /no whole number/],
  [['-n', '1.5', 'ls'], /no whole number/],
  [['--interval', '0.1', 'ls'], /from 0.25 to 10/],
  [['--interval', '11', 'ls'], /from 0.25 to 10/],
  [['-m', '100', 'ls'], /no power of two/],
  [['-m', '0', 'ls'], /no whole number/],
  [['--output=', 'ls'], /file name is empty/],
  [['--tui', '--stream', 'ls'], /--tui and --stream/],
  [['--tui', '--fixed-ts', 'ls'], /--tui and --fixed-ts/],
  [['--tui', '-q', 'ls'], /--tui and --quiet exclude each other/],
  [['--tui', '--report', '-o', 'f', 'ls'], /--tui and --report exclude each other/],
  [['--tui', '--latency', 'ls'], /--latency has no effect in the dashboard without -o FILE/],
  [['--tui', '--format', 'csv', 'ls'], /--format has no effect in the dashboard without -o/],
  [['--stream', '--interval', '2', 'ls'], /--interval .* --stream asks for the stream/],
  [['--dump', 'd', '--stream', 'ls'], /--dump .* --stream asks for the stream/],
  [['--format', 'csv', '--ascii', 'ls'], /--ascii .* --format asks for the stream/],
  [['-q', '--exit-with-target', 'ls'], /--exit-with-target .* --quiet asks for the stream/],
  [['-q', '--command-output', 'f', 'ls'], /--command-output .* --quiet asks/],
  [['-p', '1', '--command-output', 'f'], /--command-output has no effect without a COMMAND/],
])('%j is refused', (args: string[], message) => {
  expect(refusal(args)).toMatch(message);
});

test('any command line gives options or one line, and never anything else', () => {
  const word = fc.oneof(
    fc.constantFrom('-p', '--', '-', '--format', '-n', '5', 'ls', '-q', '--filter', '-o', '', '-d'),
    fc.string({ maxLength: 8 }),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 6 }), (args) => {
      try {
        const { target } = parseOptions(args);
        if (target.kind === 'command') {
          // A command line is passed on untouched, from its first word to its last.
          expect(args.slice(args.length - target.argv.length)).toEqual(target.argv);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError);
        expect((error as UsageError).message.length).toBeGreaterThan(0);
      }
    }),
  );
});

test('a value arrives as it was written, attached or not', () => {
  const value = fc.oneof(
    fc.string(),
    fc.constantFrom('0x10', '1e3', '-5', 'true', 'false', '=', '--', 'no-x', '-q'),
  );
  fc.assert(
    fc.property(value, (filter) => {
      expect(parseOptions([`--filter=${filter}`, 'ls']).filter).toBe(filter);
      // Apart, a word that is an option of ours means that the value was forgotten.
      const forgotten =
        filter === '--' ||
        OPTIONS.some(({ long, short }) =>
          [`-${short}`, `--${long}`].includes(filter.split('=')[0]!),
        );
      if (!forgotten) expect(parseOptions(['--filter', filter, 'ls']).filter).toBe(filter);
    }),
  );
});

test('--help names every option', () => {
  const help = helpText();
  for (const { long, short } of OPTIONS) {
    expect(help).toContain(short === '' ? `    --${long}` : `-${short}, --${long}`);
  }
  for (const line of help.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
});

test.each(['7 8 9', '7\n8\n9\n', '7, 8 ,9', ' 7,8,9, ', '7\t8  9', '7,8,9,\n'])(
  'process ids as pidof, pgrep and people write them: %j',
  (text) => {
    expect(parseOptions(['-p', text]).target).toEqual({ kind: 'attach', pids: [7, 8, 9] });
  },
);

test('of --symbols and --no-symbols the last one counts', () => {
  expect(parseOptions(['--symbols', '--no-symbols', 'ls'])).toMatchObject({
    symbols: false,
    naming: false,
  });
  expect(parseOptions(['--no-symbols', '--symbols', 'ls'])).toMatchObject({
    symbols: true,
    naming: true,
  });
});

describe('call stacks', () => {
  it('come with --stacks fp and with folded output', () => {
    expect(parse('--stacks fp --format csv -p 1').stacks).toEqual({
      every: 0,
      budget: 2000,
      copied: false,
    });
    expect(parse('--stacks dwarf --format csv -p 1').stacks).toEqual({
      every: 0,
      budget: 2000,
      copied: true,
    });
    expect(parse('--stacks fp --stack-every 3 --format ndjson -p 1').stacks).toEqual({
      every: 3,
      budget: 2000,
      copied: false,
    });
    expect(parse('--format folded --stack-budget 50 --weigh stall -p 1')).toMatchObject({
      stacks: { every: 0, budget: 50 },
      weigh: 'stall',
      view: 'stream',
    });
    expect(parse('--stacks fp --report-format json -q -p 1').stacks).not.toBeNull();
    expect(parse('--stacks fp --report -q -p 1').stacks).not.toBeNull();
    expect(parse('--stacks off -p 1').stacks).toBeNull();
  });

  it('are for the dashboard where nothing else shows them', () => {
    const alone = parse('--stacks fp --stack-every 4 -p 1');
    expect(alone).toMatchObject({
      view: 'auto',
      stacks: { every: 4 },
      dashboardOnly: ['--stacks'],
    });
    expect(parse('--tui --stacks fp -p 1').dashboardOnly).toEqual(['--stacks']);
    expect(parse('--tui --stacks fp -o f --format csv -p 1').dashboardOnly).toEqual([]);
    expect(parse('-q --record f --stacks fp -p 1')).toMatchObject({ stacks: { copied: false } });
  });

  it.each([
    ['--stacks dwarf --stream', /^--stacks dwarf shows with/],
    ['--stacks lbr --format csv', /^--stacks: 'lbr' is none of fp, dwarf, off$/],
    [
      '--stream --stacks fp',
      /^--stacks fp shows with --format csv, ndjson or folded, with --report/,
    ],
    ['--stacks fp -q --format csv', /^--stacks fp shows with .*recordings/],
    ['--stacks dwarf -q --record f', /^--stacks dwarf shows with .*dashboard$/],
    ['--stacks fp --batch --format csv', /^--stacks fp shows with/],
    ['--stacks off --format folded', /exclude each other/],
    ['--tui -o f --format folded', /exclude each other/],
    ['--format csv --stack-every 3', /^--stack-every has no effect without --stacks fp$/],
    ['--format csv --stack-budget 3', /^--stack-budget has no effect without --stacks fp$/],
    ['--format folded --stack-every 3 --stack-budget 3', /^--stack-budget has no effect with/],
    ['--stacks fp --format csv --weigh stall', /^--weigh has no effect without --format folded$/],
    ['--format folded --weigh bytes', /^--weigh: 'bytes' is none of count, stall$/],
    ['--format folded --stack-every 0', /^--stack-every: '0' is no whole number from 1 to /],
  ])('refuses %s', (line, message) => {
    expect(refusal([...line.split(' '), '-p', '1'])).toMatch(message);
  });
});

test('without a target it is the whole machine where a terminal is, unless the stream is asked for', () => {
  expect(parseOptions([], true).target).toEqual({ kind: 'all' });
  expect(parseOptions(['--interval', '2'], true).target).toEqual({ kind: 'all' });
  expect(() => parseOptions(['-q'], true)).toThrow(/nothing to trace/);
  expect(() => parseOptions(['--report'], true)).toThrow(/nothing to trace/);
});

test('which looks of the dashboard were asked for: settings do not overrule them', () => {
  expect(parse('-p 42 --theme none --interval 1').chosen).toEqual(new Set(['theme', 'interval']));
  expect(parse('-p 42 --mouse').chosen).toEqual(new Set(['mouse']));
});
