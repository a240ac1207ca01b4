import { RecordType } from '../../src/core/wire/batch';
import { FileStore } from '../../src/core/vma/file-store';
import type { ElfImage } from '../../src/core/elf/elf';
import type { StatRow } from '../../src/core/snapshot/snapshot';
import { Rig } from '../support/model-kit';
import { backing, vma } from '../support/vma-kit';
import { SEED, amount, tell } from './support/amount';
import { Mutator } from './support/mutator';
import { Slowest, cpuMs } from './support/slowest';

/** Rows of one input: enough that they meet each other. */
const ROWS = 100;
const BATCHES = 4;
const PIDS = [100, 101, 102, 200, 0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];
const NAMES = [
  '',
  '//anon',
  '/srv/a.so',
  '/srv/b\x1b[2J',
  '[heap]',
  '[stack]',
  '/SYSV00000000 (deleted)',
];
const TYPES = Object.values(RecordType);
const IMAGE: ElfImage = {
  sections: [
    { name: '.text', address: 0x1000, size: 0x1800, nobits: false },
    { name: '.bss', address: 0x3000, size: 0x100000, nobits: true },
  ],
  segments: [
    { offset: 0, address: 0, fileSize: 0x2000, memSize: 0x2000, prot: 5 },
    { offset: 0x2000, address: 0x2000, fileSize: 0x1000, memSize: 0x102000, prot: 3 },
  ],
};

/** Small caps: that they are reached is part of it. */
const LIMITS = {
  regions: 40,
  threads: 20,
  processes: 20,
  spaces: 12,
  liveThreads: 24,
  vmaLeaves: 100,
  pageChunks: 64,
  statBlocks: 256,
};

const sum = (rows: readonly StatRow[]): number => rows.reduce((n, row) => n + row.faults, 0);

class Storm {
  private readonly rig = new Rig(LIMITS);
  private faults = 0;
  /** Of which no row tells. */
  private counted = 0;

  constructor(private readonly mutator: Mutator) {
    const { source } = this.rig;
    source.images.set('/srv/a.so', IMAGE);
    source.stores.set('/srv/b\x1b[2J', FileStore.MEMORY);
    for (const pid of PIDS.slice(0, 5)) {
      source.maps.set(pid, { vmas: [vma(0x400, 0x402, '/srv/a.so', { prot: 5 })], asOf: 0 });
    }
    this.rig.attach(100).attach(200, []);
  }

  /** CPU time of the batch that took longest, ms. */
  run(): number {
    const { rig } = this;
    let longest = 0;
    for (let n = 0; n < BATCHES; n++) {
      this.fill();
      rig.batch.horizon = rig.now;
      const begun = cpuMs();
      if (!rig.model.consume(rig.batch, rig.resolved)) throw new Error('not consumed');
      longest = Math.max(longest, cpuMs() - begun);
      this.faults += rig.batch.faults;
      rig.clear();
      this.look();
    }
    return longest;
  }

  private fill(): void {
    for (let row = 0; row < ROWS; row++) {
      if (this.mutator.oneIn(2)) this.fault();
      else this.record();
    }
  }

  private page(): number {
    const { mutator } = this;
    return mutator.oneIn(3) ? mutator.edge() : 0x3fe + mutator.below(0x120);
  }

  private time(): number {
    const { mutator, rig } = this;
    return mutator.oneIn(8) ? mutator.edge() : rig.now;
  }

  private fault(): void {
    const { mutator, rig } = this;
    const i = rig.batch.faults;
    const page = Math.min(this.page(), 2 ** 52 - 1);
    rig.fault({
      page,
      pid: mutator.pick(PIDS),
      tid: mutator.pick(PIDS) || 1,
      low: mutator.below(4096),
      code: mutator.oneIn(4) ? null : mutator.below(65536),
      end: mutator.pick(['min', 'maj', 'none']),
      latency: mutator.oneIn(2) ? -1 : mutator.edge(),
    });
    rig.batch.time[i] = this.time();
    rig.batch.flags[i] = mutator.oneIn(8) ? mutator.below(256) : rig.batch.flags[i]!;
    rig.batch.signal[i] = mutator.below(256);
  }

  private record(): void {
    const { mutator, rig } = this;
    const { batch } = rig;
    const r = batch.records;
    const shared = mutator.oneIn(4);
    const name = mutator.oneIn(8) ? mutator.text(mutator.pick(NAMES)) : mutator.pick(NAMES);
    rig.mmap(
      vma(this.page(), this.page(), '', {
        backing: backing(name),
        prot: mutator.below(8),
        pgoff: this.page(),
        shared,
      }),
      mutator.pick(PIDS),
    );
    batch.recType[r] = mutator.oneIn(32) ? mutator.below(256) : mutator.pick(TYPES);
    batch.recTime[r] = this.time();
    batch.recAt[r] = mutator.oneIn(16) ? mutator.edge() : batch.faults;
    batch.recTid[r] = mutator.pick(PIDS);
    const forked =
      batch.recType[r] === RecordType.FORK || batch.recType[r] === RecordType.SHARE_SPACE;
    if (forked) batch.recParentPid[r] = mutator.pick(PIDS);
    batch.recEntered[r] = this.page();
    batch.recNewStart[r] = this.page();
    batch.recNewEnd[r] = this.page();
    const counts = batch.recType[r] === RecordType.COUNTED;
    batch.recCount[r] = counts ? mutator.below(1 << 20) : this.page();
    if (counts) this.counted += batch.recCount[r];
    if (mutator.oneIn(4)) batch.recFlags[r] = mutator.edge();
    if (mutator.oneIn(16)) batch.recInoHi[r] = mutator.edge();
  }

  /** Whatever came: nothing is counted twice, or not at all. */
  private look(): void {
    const { mutator, rig } = this;
    rig.model.tick(rig.now);
    const snapshot = rig.model.snapshot(rig.now);
    const { regions, threads, processes, totals } = snapshot;
    const all = this.faults + this.counted;
    if (sum(regions) !== this.faults) throw new Error(`${sum(regions)} of ${this.faults} faults`);
    for (const rows of [threads, processes]) {
      if (sum(rows) !== all) throw new Error(`${sum(rows)} of ${all} faults`);
    }
    if (totals.faults !== all) throw new Error('totals');
    snapshot.pairs();
    if (regions.length > 0) rig.model.regionDetail(mutator.pick(regions).id);
  }
}

test('forged columns do no harm, and every fault is counted', () => {
  const slowest = new Slowest((seed: number) => new Storm(new Mutator(seed)).run());
  const count = amount(30_000, 200_000);
  for (let n = 0, seed = SEED; n < count; n += ROWS * BATCHES, seed++) slowest.try(seed);
  const ms = slowest.ms.toFixed(3);
  tell(`batches: ${count} rows, the longest batch of ${ROWS} took ${ms} ms of CPU`);
}, 1_800_000);
