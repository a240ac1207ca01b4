/**
 * npm run bench [-- capture|budget|start|dashboard|machine|maps|recording|rings|sites|soak|stacks|symbols] [--turns N] [--faults N] [--tools ID,ID] [--seconds N]
 *     [--output FILE]
 *
 * Each bench (capture is the default) replaces its section of docs/benchmarks.md; capture with --tools
 * has one of its own. Needs a build, root, perf and gcc; best on a machine that does nothing else.
 */
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { inspect, parseArgs } from 'node:util';
import { ROOT } from '../test/support/build';
import { type Bench, Refusal } from './bench';
import { budget } from './budget';
import { capture } from './capture';
import { dashboard } from './dashboard';
import { machine } from './machine';
import { maps } from './maps';
import { replaceSection } from './section';
import { recordings } from './recording';
import { rings } from './rings';
import { sites } from './sites';
import { soak } from './soak';
import { stacks } from './stacks';
import { start } from './start';
import { symbols } from './symbols';

const BENCHES: ReadonlyMap<string, Bench> = new Map<string, Bench>([
  ['capture', capture],
  ['budget', budget],
  ['start', start],
  ['dashboard', dashboard],
  ['maps', maps],
  ['machine', machine],
  ['recording', recordings],
  ['rings', rings],
  ['soak', soak],
  ['symbols', symbols],
  ['sites', sites],
  ['stacks', stacks],
]);

function count(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new Refusal(`--${name} ${text}: a number above 0`);
  }
  return value;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      turns: { type: 'string', default: '5' },
      faults: { type: 'string', default: '2000000' },
      // Fewer tools, more turns: for differences smaller than the machine's noise. Storms only.
      tools: { type: 'string', default: '' },
      // Of each storm of soak.
      seconds: { type: 'string', default: '600' },
      output: { type: 'string', default: join(ROOT, 'docs', 'benchmarks.md') },
    },
  });
  const [name = 'capture'] = positionals;
  const bench = BENCHES.get(name);
  if (bench === undefined) throw new Refusal(`${name}: ${[...BENCHES.keys()].join(', ')}`);
  const section = await bench({
    turns: count('turns', values.turns),
    faults: count('faults', values.faults),
    tools: values.tools === '' ? null : values.tools.split(','),
    seconds: count('seconds', values.seconds),
    load: loadavg()[0]!,
  });
  replaceSection(values.output, section);
  process.stdout.write(`${section.lines.join('\n')}\n`);
}

main().catch((error: unknown) => {
  const refused = error instanceof Refusal;
  process.stderr.write(refused ? `bench: ${error.message}\n` : `${inspect(error)}\n`);
  process.exitCode = refused ? 2 : 1;
});
