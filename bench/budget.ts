import { cpus } from 'node:os';
import { reportIn, startAnalyzer, waiting } from '../test/support/analyzer';
import { workload } from '../test/support/build';
import { attached } from '../test/support/running';
import { type Asked, say, type Section } from './bench';
import { median, whole } from './figures';
import { sectionHead } from './section';

/** The options of each way, and what may be left of the target's speed at least, in percent. */
const WAYS: readonly { readonly args: readonly string[]; readonly bar: number | null }[] = [
  { args: [], bar: null },
  { args: ['--every', '1000000'], bar: null },
  { args: ['--budget', '20%'], bar: 78 },
  { args: ['--budget', '1%'], bar: 98 },
];
/** Of each storm: what the analyzer takes to begin (0.2 s of CPU time) is no large part of it. */
const SECONDS = 16;

interface Sample {
  /** Faults a second. */
  readonly rate: number;
  /** null without the analyzer. */
  readonly told: {
    /** Percent of the targets' CPU time, as the analyzer says it; null without a budget. */
    readonly cost: number | null;
    readonly counting: number | null;
    /** Faults more than the kernel has counted. */
    readonly beyond: number;
  } | null;
}

/** What is left of the speed of a storm on all CPUs with a budget, and whether its totals are the kernel's. */
export async function budget({ turns, load }: Asked): Promise<Section> {
  const samples = WAYS.map((): Sample[] => []);
  for (let turn = 0; turn < turns; turn++) {
    for (const [k, { args }] of WAYS.entries()) {
      const sample = await sampled(args);
      samples[k]!.push(sample);
      say(`turn ${turn + 1}: ${args.join(' ') || 'none'}: ${JSON.stringify(sample)}`);
    }
  }
  return { name: 'budget', lines: linesOf(samples, { turns, load }) };
}

async function sampled(args: readonly string[]): Promise<Sample> {
  const threads = String(cpus().length);
  const target = await waiting([
    ...[workload('storm'), '--threads', threads, '--seconds', String(SECONDS)],
  ]);
  const report = ['-q', '--report-format', 'json', '-p', String(target.pid)];
  const tracer = args.length === 0 ? null : startAnalyzer([...args, ...report]);
  if (tracer !== null) await attached(tracer);
  target.write('\n');
  const { stdout } = await target.ended;
  const line = stdout.split('\n').find((text) => text.includes('"rate"'))!;
  const { rate } = JSON.parse(line) as { readonly rate: number };
  if (tracer === null) return { rate, told: null };
  const { capture, completeness } = reportIn(await tracer.ended);
  const { budget: kept } = capture as unknown as {
    readonly budget: { readonly cost_percent: number; readonly counting_percent: number } | null;
  };
  const told = {
    cost: kept?.cost_percent ?? null,
    counting: kept?.counting_percent ?? null,
    beyond: completeness.captured + completeness.lost - completeness.kernel,
  };
  return { rate, told };
}

function linesOf(samples: readonly Sample[][], { turns, load }: Pick<Asked, 'turns' | 'load'>) {
  const rates = samples.map((of) => of.map(({ rate }) => rate));
  // Of the same turn: what else the machine does changes from one to the next.
  const left = rates.map((of) => median(of.map((rate, turn) => (100 * rate) / rates[0]![turn]!)));
  const percent = (values: readonly (number | null)[]): string =>
    values.includes(null) ? '' : `${median(values as number[]).toFixed(1)} %`;
  const rows = WAYS.map(({ args, bar }, k) => {
    const told = samples[k]!.flatMap((sample) => sample.told ?? []);
    const cells = [
      args.join(' ') || 'untraced',
      whole(median(rates[k]!)),
      `${left[k]!.toFixed(1)} %`,
      bar === null ? '' : `${bar} %`,
      ...(told.length === 0
        ? ['', '', '']
        : [
            percent(told.map(({ cost }) => cost)),
            percent(told.map(({ counting }) => counting)),
            told.map(({ beyond }) => beyond).join(', '),
          ]),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    ...sectionHead('A budget', 'budget', load),
    `A storm of ${SECONDS} s on all CPUs, attached to; medians of ${turns} turns, shares of the untraced storm of the same turn.`,
    'The cost is that of the whole capture, as the analyzer says it, of the CPU time of the storm; counting is a part of it.',
    'The last column: faults more than the kernel has counted, of each turn.',
    '',
    '| options | faults/s | of untraced | bar | cost | counting | totals |',
    '|---|---|---|---|---|---|---|',
    ...rows,
  ];
}
