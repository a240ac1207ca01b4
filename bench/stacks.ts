import { withFrames } from '../test/support/build';
import { removeScratch, scratchDirectory } from '../test/support/scratch';
import type { Asked, Section } from './bench';
import { inTurns } from './capture';
import { tableLines, tableOf } from './capture-page';
import { sectionHead } from './section';
import { storm } from './targets';
import { ours, perfRecord, type Tool } from './tools';

const reports = (id: string, options: readonly string[]): Tool =>
  ours(id, ['pagefault-analyzer -q --report', ...options].join(' '), [], ['--report', ...options]);
const TRACEPOINT = ['--engine', 'tracepoint'];

/** Each with what it is compared with: nothing at all, no stacks, perf's chains. */
const TOOLS: readonly Tool[] = [
  { kind: 'none', id: 'none', title: 'untraced' },
  reports('report', []),
  reports('fp', ['--stacks', 'fp']),
  reports('dwarf', ['--stacks', 'dwarf']),
  reports('fp-1', ['--stacks', 'fp', '--stack-every', '1']),
  reports('tracepoint-report', TRACEPOINT),
  reports('tracepoint-fp', [...TRACEPOINT, '--stacks', 'fp']),
  reports('tracepoint-dwarf', [...TRACEPOINT, '--stacks', 'dwarf']),
  reports('tracepoint-fp-1', [...TRACEPOINT, '--stacks', 'fp', '--stack-every', '1']),
  perfRecord('perf-record', []),
  perfRecord('perf-record-g', ['-g']),
];

/** What call stacks cost the target: with the default budget, with every fault, and under perf record. */
export async function stacks({ turns, faults, load }: Asked): Promise<Section> {
  const directory = scratchDirectory();
  try {
    const target = storm('storm, one thread', 1, faults, withFrames('storm'));
    const table = tableOf(target, TOOLS, await inTurns(TOOLS, target, turns, directory));
    return {
      name: 'stacks',
      lines: [
        ...sectionHead('Call stacks', `stacks --turns ${turns} --faults ${faults}`, load),
        `In turns, medians of ${turns}: one thread that touches fresh pages, built with frame pointers.`,
        '',
        ...tableLines(table),
      ],
    };
  } finally {
    removeScratch(directory);
  }
}
