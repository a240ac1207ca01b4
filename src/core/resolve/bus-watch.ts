import { FaultSignal } from '../wire/batch';
import type { Batch } from '../wire/batch';
import { busReason } from '../classify/bus-reason';
import { FaultClass } from '../classify/classes';
import { isHuge } from '../classify/rules';
import type { RegionBinder } from '../regions/region-resolver';
import type { BusSource } from '../ports';
import type { Resolved } from '../wire/resolved';
import type { Tasks } from '../tasks/tasks';

const PAGE = 4096;
/** Regions whose faults are explained; of more, nothing is told. */
const MAX_REGIONS = 64;

/** Finds out, once per region, why faults in it ended in SIGBUS. */
export class BusWatch {
  /** In words, each once, in the order in which they were found. */
  readonly reasons: string[] = [];
  private readonly asked = new Set<number>();

  constructor(
    private readonly source: BusSource,
    private readonly tasks: Tasks,
    private readonly binder: RegionBinder,
    private readonly rowOf: (region: number) => { readonly id: number; readonly hugePages: number },
  ) {}

  takeAnswers(): void {
    for (const { fault, facts } of this.source.takeBus()) {
      const reason = busReason(fault, facts);
      if (!this.reasons.includes(reason)) this.reasons.push(reason);
    }
  }

  /** Looks at the faults of a batch that was resolved. */
  look(batch: Batch, resolved: Resolved): void {
    const { faultClass } = resolved;
    for (let i = 0; i < batch.faults; i++) {
      if (faultClass[i] === FaultClass.ERROR) this.ask(batch, resolved, i);
    }
  }

  private ask(batch: Batch, resolved: Resolved, i: number): void {
    const signal = batch.signal[i]!;
    if ((signal & FaultSignal.BUS) === 0 || this.asked.size >= MAX_REGIONS) return;
    const { id, hugePages } = this.rowOf(resolved.region[i]!);
    if (this.asked.has(id)) return;
    this.asked.add(id);
    const process = this.tasks.process(batch.pid[i]!);
    const page = batch.page(i);
    const handle = process?.map.find(page) ?? -1;
    if (process === undefined || handle < 0) return;
    const vma = process.map.vma(handle);
    const { label, memory, hasFile } = this.binder.nature(process, vma);
    const huge = isHuge(memory);
    if (!huge && !hasFile) return;
    const inPage = batch.addrLo[i]! & (PAGE - 1);
    this.source.askBus(process.pid, process.ppid, vma, {
      label,
      huge,
      offset: hasFile ? (page - vma.start + vma.pgoff) * PAGE + inPage : -1,
      code: signal & FaultSignal.CODE,
      touched: hugePages,
    });
  }
}
