import type { Asked } from './bench';
import { mebibytes, median, sum, whole } from './figures';
import { versions } from './section';
import type { Target } from './targets';
import type { Tool } from './tools';
import type { Sample } from './traced';

interface Row {
  readonly title: string;
  readonly speed: number;
  readonly slowdown: number;
  /** What tracing cost; null without. */
  readonly tracer: Sample['tracer'];
}

export interface Table {
  readonly target: Target;
  readonly rows: readonly Row[];
}

/** Medians of speed and CPU, the largest memory, losses and faults added up. */
export function tableOf(
  target: Target,
  tools: readonly Tool[],
  samples: ReadonlyMap<Tool, readonly Sample[]>,
): Table {
  const speeds = new Map(
    tools.map((tool) => [tool, median(samples.get(tool)!.map(({ speed }) => speed))]),
  );
  const untraced = speeds.get(tools.find(({ kind }) => kind === 'none')!)!;
  const rows = tools.map((tool) => ({
    title: tool.title,
    speed: speeds.get(tool)!,
    slowdown: untraced / speeds.get(tool)!,
    tracer: together(samples.get(tool)!),
  }));
  return { target, rows };
}

function together(samples: readonly Sample[]): Sample['tracer'] {
  const costs = samples.flatMap(({ tracer }) => (tracer === null ? [] : [tracer]));
  if (costs.length === 0) return null;
  return {
    cpuPerFault: median(costs.map(({ cpuPerFault }) => cpuPerFault)),
    rss: Math.max(...costs.map(({ rss }) => rss)),
    lost: sum(costs.map(({ lost }) => lost)),
    faults: sum(costs.map(({ faults }) => faults)),
  };
}

function rowLine({ title, speed, slowdown, tracer }: Row, unit: Target['unit']): string {
  const cells = [
    `\`${title}\``,
    unit === 'faults/s' ? whole(speed) : speed.toFixed(3),
    slowdown.toFixed(2),
    ...(tracer === null
      ? ['', '', '']
      : [
          (tracer.cpuPerFault * 1e6).toFixed(2),
          mebibytes(tracer.rss),
          `${whole(tracer.lost)} of ${whole(tracer.faults)}`,
        ]),
  ];
  return `| ${cells.join(' | ')} |`;
}

/** What was measured, where, with which command. */
export function captureLines(
  tables: readonly Table[],
  { turns, faults, tools, load }: Asked,
): string[] {
  const only = tools === null ? '' : ` --tools ${tools.join(',')}`;
  return [
    tools === null ? '## All tools, all targets' : '## The closest on the storms, in more turns',
    '',
    `Made by \`npm run bench -- --turns ${turns} --faults ${faults}${only}\`: in one run,`,
    `in turns; medians of ${turns}, peak memory the largest, losses added up.`,
    '',
    ...versions(),
    `- load average of the machine before the run: ${load.toFixed(2)} (above 0.5 other work takes part)`,
    '',
    ...tables.flatMap((table) => [`### ${table.target.title}`, '', ...tableLines(table), '']),
  ];
}

export function tableLines({ target, rows }: Table): string[] {
  return [
    `| tool | ${target.unit} | slowdown | CPU, us per fault | memory | lost |`,
    '| --- | ---: | ---: | ---: | ---: | ---: |',
    ...rows.map((row) => rowLine(row, target.unit)),
  ];
}
