import type { MachineMemory } from '../../core/facts/machine-memory';
import { bytes, count, percent, rate } from '../../core/text/format';
import { pieceLine, type Piece } from '../layout/line';
import type { MemoryInfo } from '../state/source';
import type { Style, Theme } from '../terminal/theme';

/** From this share of time on, in percent, tasks that wait for memory are worth a look. */
const MUCH_PRESSURE = 1;

/** The memory around the faults: where it is not 0 it explains major ones. */
export function memoryView(theme: Theme, columns: number, memory: MemoryInfo): string {
  const { swap, before, machine } = memory;
  const pieces: Piece[] = [];
  if (!Number.isNaN(swap)) {
    pieces.push({ text: `swap ${bytes(swap)}`, weight: 60, ...warned(swap > 0) });
  }
  if (before !== null) {
    const { minor, major } = before;
    pieces.push({ text: `before us: ${count(minor)} minor, ${count(major)} major`, weight: 40 });
  }
  return pieceLine(theme, columns, [...pieces, ...machinePieces(machine)]);
}

function machinePieces(machine: MachineMemory | null): Piece[] {
  if (machine === null) return [];
  const { some, full, available, cached, swapInRate, swapOutRate, refaultRate } = machine;
  const pressure = told(some, (n) => `${share(n)} full ${told(full, share)}`);
  return [
    { text: `PSI mem ${pressure}`, weight: 90, ...warned(some >= MUCH_PRESSURE) },
    { text: `free ${told(available, bytes)}`, weight: 80 },
    { text: `cache ${told(cached, bytes)}`, weight: 65 },
    {
      text: `swap in/out ${pages(swapInRate)}/${pages(swapOutRate)} pages/s`,
      short: `swap ${pages(swapInRate)}/${pages(swapOutRate)}`,
      weight: 70,
      ...warned(swapInRate > 0 || swapOutRate > 0),
    },
    { text: `refaults ${pages(refaultRate)}/s`, weight: 75, ...warned(refaultRate > 0) },
  ];
}

/** A number that the kernel may not tell. */
function told(value: number, print: (n: number) => string): string {
  return Number.isNaN(value) ? 'n/a' : print(value);
}

function share(percentage: number): string {
  return `${percent(percentage / 100)} %`;
}

function pages(perSecond: number): string {
  return told(perSecond, rate);
}

function warned(isMuch: boolean): { readonly style?: Style } {
  return isMuch ? { style: 'warning' } : {};
}
