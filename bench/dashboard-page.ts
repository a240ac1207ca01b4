import { cpus } from 'node:os';
import type { FrameCost } from './dashboard-frames';
import type { Effort, Live, Share } from './dashboard-live';
import { mebibytes, whole } from './figures';

/** Bytes of a process that holds model and dashboard: after a tenth of the faults, at the end, at the highest. */
export interface DashboardMemory {
  /** Of the table that was drawn. */
  readonly rows: number;
  readonly tenth: number;
  readonly now: number;
  readonly most: number;
}

const ms = (value: number): string => `${value.toFixed(value < 10 ? 1 : 0)} ms`;
const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

export function frameLines(frames: readonly FrameCost[]): string[] {
  return [
    '### Frames',
    '',
    '200x50, two regions to a group, of the regions 10 % change between two frames; header, graphs, table, the detail',
    'of the selected group beside it and events. Medians, 99th percentiles in brackets.',
    '',
    '| regions | refresh and frame | of that the model (tick, snapshot) | the dashboard | to the terminal | a page key |',
    '| ---: | ---: | ---: | ---: | ---: | ---: |',
    ...frames.map(
      (f) =>
        `| ${whole(f.regions)} | ${f.ms.toFixed(2)} ms (${f.ms99.toFixed(2)}) | ${f.model.toFixed(2)} ms | ${f.dashboard.toFixed(2)} ms | ${f.bytes} bytes (${f.bytes99}) | ${f.scroll.toFixed(2)} ms |`,
    ),
  ];
}

function loadRow(title: string, { share, captured, lost, kernel }: Share): string {
  return `| ${title} | ${percent(share)} | ${whole(captured)} | ${whole(lost)} | ${whole(kernel)} |`;
}

export function liveLines(
  { first, numbers, key, memory, idle, tenThousand, hundredThousand, storm }: Live,
  alone: DashboardMemory,
  { faults, keys, turns }: Effort,
): string[] {
  return [
    '### The program in a terminal',
    '',
    `200x50, refresh every second; CPU from 30 seconds after the start on. The storms run on all ${cpus().length} CPUs, those of terminal and analyzer.`,
    '',
    '| what | measured |',
    '| --- | ---: |',
    `| first full frame after the command, median (worst of ${turns}) | ${ms(first.p50)} (${ms(first.max)}) |`,
    `| first rates, median (worst) | ${ms(numbers.p50)} (${ms(numbers.max)}) |`,
    `| key to paint under the storm, median of ${keys} | ${ms(key.p50)} |`,
    `| key to paint under the storm, 99th percentile (worst) | ${ms(key.p99)} (${ms(key.max)}) |`,
    `| memory after ${whole(faults)} faults in 10,000 regions, live: at rest (peak) | ${mebibytes(memory.now)} (${mebibytes(memory.most)}) |`,
    `| the same before most of them | ${mebibytes(memory.early)} |`,
    `| the same through model and dashboard alone: at a tenth, at the end (peak) | ${mebibytes(alone.tenth)}, ${mebibytes(alone.now)} (${mebibytes(alone.most)}) |`,
    '',
    '| target | CPU of the analyzer | captured | lost | the kernel counted |',
    '| --- | ---: | ---: | ---: | ---: |',
    loadRow('idle', idle),
    loadRow('10,000 faults/s', tenThousand),
    loadRow('100,000 faults/s', hundredThousand),
    loadRow('storm on all CPUs', storm),
    loadRow(`the same with ${keys} keys`, key),
    loadRow('10,000 regions', memory),
  ];
}
