import { cpus } from 'node:os';
import { removeScratch, scratchDirectory } from '../test/support/scratch';
import { type Asked, Refusal, say, type Section } from './bench';
import { captureLines, type Table, tableOf } from './capture-page';
import { compilation, storm, type Target } from './targets';
import { type Tool, TOOLS } from './tools';
import { withTracefs } from './tracefs';
import { type Sample, traced } from './traced';

/**
 * The cost of tracing: target's slowdown, tracer's CPU time and memory, and what it lost; all tools
 * on all targets in one run, in turns, so that a machine that changes its speed changes it for all.
 */
export async function capture(asked: Asked): Promise<Section> {
  const tables = await withTracefs(() => measured(asked));
  return {
    name: asked.tools === null ? 'capture' : 'capture --tools',
    lines: captureLines(tables, asked),
  };
}

function toolsOf({ tools: ids }: Asked): readonly Tool[] {
  if (ids === null) return TOOLS;
  const known = TOOLS.map(({ id }) => id);
  const strange = ids.find((id) => !known.includes(id));
  if (strange !== undefined) throw new Refusal(`--tools ${strange}: of ${known.join(', ')}`);
  if (!ids.includes('none'))
    throw new Refusal('--tools: none too, what the others are compared with');
  return TOOLS.filter(({ id }) => ids.includes(id));
}

async function measured(asked: Asked): Promise<Table[]> {
  const tools = toolsOf(asked);
  const directory = scratchDirectory();
  try {
    const threads = cpus().length;
    const targets = [
      storm('storm, one thread', 1, asked.faults),
      storm(`storm, ${threads} threads (one per CPU)`, threads, asked.faults),
      ...(asked.tools === null ? [compilation(directory, 300)] : []),
    ];
    const tables: Table[] = [];
    for (const target of targets) {
      const samples = await inTurns(tools, target, asked.turns, directory);
      tables.push(tableOf(target, tools, samples));
    }
    return tables;
  } finally {
    removeScratch(directory);
  }
}

/** Each tool on one target, so many times. */
export async function inTurns(
  tools: readonly Tool[],
  target: Target,
  turns: number,
  directory: string,
): Promise<ReadonlyMap<Tool, readonly Sample[]>> {
  const samples = new Map(tools.map((tool) => [tool, [] as Sample[]]));
  for (let turn = 0; turn < turns; turn++) {
    // Another one begins each turn: who comes behind perf record finds its data still being written.
    const first = turn % tools.length;
    for (const tool of [...tools.slice(first), ...tools.slice(0, first)]) {
      const sample = await traced(tool, target, directory);
      samples.get(tool)!.push(sample);
      say(`${target.title}, turn ${turn + 1}: ${tool.title}: ${JSON.stringify(sample)}`);
    }
  }
  return samples;
}
