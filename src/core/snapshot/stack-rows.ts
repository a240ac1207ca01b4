import type { SiteTable } from '../code/site-table';
import { codeOfFrame } from '../code/stack-address';
import { innermostMaker, stackFrames } from '../code/stack-names';
import { StackTable } from '../code/stack-table';
import { isUnnamed } from '../regions/region-label';
import type { CommTable } from '../tasks/comm-names';
import type { ModelTables } from './model-tables';
import type { StackRow } from './snapshot';
import { OTHERS } from '../stats/limits';

/** Call stacks of one call site that are named. */
const TOP_STACKS = 64;

/** What was counted of a stack, by its number, which keeps its meaning. */
interface Counted {
  readonly stack: number;
  readonly faults: number;
  readonly stallNs: number;
  readonly sampled: number;
}

/** The call stacks with faults, most faults first; stacks whose frames have the same names are one. */
export function stackRows({ stacks, comms }: ModelTables): StackRow[] {
  return stacks === null ? [] : named(stacks, comms, [...counted(stacks)]);
}

/** The same of each call site, by the id of its row: those with the most faults. */
export function stacksOfSites({ stacks, sites, comms }: ModelTables): (id: number) => StackRow[] {
  if (stacks === null || sites === null) return () => [];
  const found = bySite(stacks, sites);
  return (id) => named(stacks, comms, found.get(id) ?? []);
}

/** The call stack that mapped most of the region in a slot, root first; empty where none was seen. */
export function makerFrames({ stacks, regions }: ModelTables, slot: number): readonly string[] {
  const maker = regions.makerOf(slot);
  return stacks === null || maker === StackTable.NONE ? [] : stackFrames(stacks, maker);
}

/** Characters of who mapped something, where that is a part of what it is called. */
const MAKER_WIDTH = 32;

/** Who mapped what has no name, in short. */
export class MakerTexts {
  /** By the number of the stack. */
  private readonly texts = new Map<number, string>();
  private named = 0;

  constructor(private readonly model: ModelTables) {}

  /** Another number whenever stacks may have got other names. */
  get version(): number {
    return this.model.stacks?.named ?? 0;
  }

  /** Of the region in a slot: the innermostMaker frames of the stack that mapped most of it; '' where it has a name, or nobody knows. */
  text(slot: number): string {
    const { stacks, regions } = this.model;
    const maker = stacks === null ? StackTable.NONE : regions.makerOf(slot);
    if (maker === StackTable.NONE || !isUnnamed(regions.rows.info(slot)!.label)) return '';
    if (this.named !== stacks!.named) {
      this.named = stacks!.named;
      this.texts.clear();
    }
    let text = this.texts.get(maker);
    if (text === undefined) {
      text = innermostMaker(stackFrames(stacks!, maker), MAKER_WIDTH);
      this.texts.set(maker, text);
    }
    return text;
  }
}

function bySite(stacks: StackTable, sites: SiteTable): ReadonlyMap<number, Counted[]> {
  const siteOf = new Map<number, number>();
  const found = new Map<number, Counted[]>();
  for (const row of counted(stacks)) {
    const [frame] = stacks.framesOf(row.stack);
    if (frame === undefined) continue;
    const code = codeOfFrame(frame);
    const site = siteOf.get(code) ?? sites.idOf(stacks.codes.address(code)!);
    siteOf.set(code, site);
    const list = found.get(site);
    if (list === undefined) found.set(site, [row]);
    else list.push(row);
  }
  for (const list of found.values()) {
    list.sort((a, b) => b.faults - a.faults);
    list.length = Math.min(list.length, TOP_STACKS);
  }
  return found;
}

function* counted(stacks: StackTable): Generator<Counted> {
  for (let stack = 1; stack < stacks.limit; stack++) {
    const sampled = stacks.sampled(stack);
    if (sampled === 0) continue;
    yield { stack, faults: stacks.faults(stack), stallNs: stacks.stallNs(stack), sampled };
  }
}

function named(stacks: StackTable, comms: CommTable, list: readonly Counted[]): StackRow[] {
  const rows = new Map<string, StackRow>();
  for (const { stack, faults, stallNs, sampled } of list) {
    const frames = stackFrames(stacks, stack);
    const comm = stack === StackTable.OTHERS ? OTHERS : (comms.names[stacks.comm(stack)] ?? '');
    const key = [comm, ...frames].join('\n');
    const before = rows.get(key) ?? { comm, frames, faults: 0, stallNs: 0, sampled: 0 };
    rows.set(key, {
      comm,
      frames,
      faults: before.faults + faults,
      stallNs: before.stallNs + stallNs,
      sampled: before.sampled + sampled,
    });
  }
  return [...rows.values()].sort((a, b) => b.faults - a.faults);
}
