import { How } from './batch';
import type { Batch } from './batch';
import type { RegionBinder } from './binder';
import { FaultRules, Memory, ruleIndex } from './classify';
import { FaultClass } from './classes';
import type { Counters } from './counters';
import type { Process } from './process';
import { hasFileOf, memoryOf, NO_REGION, setOf, slotOf } from './region-code';
import type { MapRepair } from './repair';
import type { Resolved } from './resolved';
import type { Tasks } from './tasks';

const PAGE = 4096;

/** Whether fault i is to be counted: a compiled filter. */
export type KeepTest = (batch: Batch, resolved: Resolved, i: number) => boolean;

/**
 * The hot path: from the columns of a batch to resolved columns and counters. Per fault no object, no
 * string, no closure; whatever needs one (a region met first, an unknown address) is behind a call.
 */
export class FaultLoop {
  private readonly rules = new FaultRules();
  /** Results of place(), in fields because a returned object would be one allocation per fault. */
  private region = 0;
  private memory: number = Memory.UNKNOWN;
  private fileOffset = -1;
  private heatPage = 0;
  keep: KeepTest | null = null;

  constructor(
    private readonly tasks: Tasks,
    private readonly binder: RegionBinder,
    private readonly repair: MapRepair,
    private readonly counters: Counters,
  ) {}

  /** Faults from (inclusive) to (exclusive), between two records. */
  run(batch: Batch, resolved: Resolved, from: number, to: number): void {
    const { tasks, counters, keep } = this;
    const ruleClass = this.rules.faultClass;
    const ruleCause = this.rules.cause;
    for (let i = from; i < to; i++) {
      const how = batch.how[i]!;
      const time = batch.time[i]!;
      const low = batch.addrLo[i]!;
      const page = batch.addrHi[i]! * 0x100000 + (low >>> 12);
      const thread = tasks.thread(batch.pid[i]!, batch.tid[i]!);
      const process = thread.process;

      this.place(process, page, low & (PAGE - 1), time, (how & How.COMPLETION) === How.NONE);
      const rule = ruleIndex(this.memory, how, batch.errorCode[i]!);
      const faultClass = ruleClass[rule]!;
      const cause = ruleCause[rule]!;
      resolved.faultClass[i] = faultClass;
      resolved.cause[i] = cause;
      resolved.region[i] = this.region;
      resolved.thread[i] = thread.row;
      resolved.comm[i] = thread.comm;
      resolved.fileOffset[i] = this.fileOffset;
      if (keep !== null && !keep(batch, resolved, i)) {
        resolved.keep[i] = 0;
        counters.filteredOut++;
        continue;
      }
      resolved.keep[i] = 1;
      // A fault that came to nothing put no page anywhere: the next one there is not a re-fault.
      const fresh = faultClass !== FaultClass.ERROR && process.pages.touch(page) ? 1 : 0;
      const latency = batch.latency[i]!;
      const { region, heatPage } = this;
      counters.add(
        region,
        thread.row,
        process.row,
        faultClass,
        cause,
        latency,
        time,
        fresh,
        heatPage,
      );
    }
  }

  /** Finds the region of an address; leaves the answer in the fields. */
  private place(process: Process, page: number, low: number, time: number, failed: boolean): void {
    const { map } = process;
    let index = map.find(page);
    if (index < 0) {
      index = this.repair.find(process, page, time, failed);
      if (index < 0) {
        this.region = this.binder.unknownRow(process, page);
        this.memory = Memory.UNKNOWN;
        this.fileOffset = -1;
        this.heatPage = page;
        return;
      }
    }
    let code = map.region(index);
    if (code === NO_REGION) code = this.binder.bind(process, index);
    if (code < NO_REGION) {
      this.placeInSet(process, index, code, page, low);
      return;
    }
    this.region = slotOf(code);
    this.memory = memoryOf(code);
    if (hasFileOf(code)) {
      const vma = map.vma(index);
      this.heatPage = page - vma.start + vma.pgoff;
      this.fileOffset = this.heatPage * PAGE + low;
    } else {
      this.heatPage = page;
      this.fileOffset = -1;
    }
  }

  /** The same within a mapping that has sections. */
  private placeInSet(
    process: Process,
    index: number,
    code: number,
    page: number,
    low: number,
  ): void {
    let set = process.sets[setOf(code)]!;
    const vma = process.map.vma(index);
    const filePage = page - vma.start + vma.pgoff;
    const offset = filePage * PAGE + low;
    if (set.byFile && (offset < set.low || offset >= set.high)) {
      // The entry took over the code of a piece that showed another part of the file.
      const again = this.binder.bind(process, index);
      if (again > NO_REGION) {
        this.region = slotOf(again);
        this.memory = memoryOf(again);
        this.heatPage = filePage;
        this.fileOffset = offset;
        return;
      }
      set = process.sets[setOf(again)]!;
    }
    const span = set.at(set.byFile ? offset : (page - set.origin) * PAGE + low);
    const row = set.rows[span]!;
    this.region = row >= 0 ? row : this.binder.sectionRow(process, index, set, span);
    this.memory = set.memory;
    if (set.byFile) {
      this.heatPage = filePage;
      this.fileOffset = offset;
    } else {
      this.heatPage = span < set.names.length ? page + set.filePages : page;
      this.fileOffset = -1;
    }
  }
}
