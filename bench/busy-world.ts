import { performance } from 'node:perf_hooks';
import { DEFAULT_LIMITS } from '../src/core/stats/limits';
import { FAULT_CAPACITY, FaultFlag } from '../src/core/wire/batch';
import { FakeSource } from '../test/support/fake-source';
import { Rig } from '../test/support/model-kit';
import { backing, R, vma, X } from '../test/support/vma-kit';

/** Pages of each mapping, and of nothing behind it. */
const PAGES = 256;
const APART = 2 * PAGES;
/** The first page of all. */
const BASE = 0x10000;
const PIDS = [100, 200];
/** Faults that a region takes in a second in which it takes some, at most. */
const MOST = 50;
/** x86 error code of a read in user mode. */
const READ = 0x4;
const PAGE = 4096;
const HALF = 2 ** 32;
/** Between two faults, ns. */
const APART_NS = 1000;

/**
 * A model of two processes of one name that have mapped the same files: so many regions, two to a group. step() lets
 * some of them take faults.
 */
export class BusyWorld extends FakeSource {
  private readonly rig = new Rig(DEFAULT_LIMITS);
  /** How busy each region is, 0 to 1. */
  private readonly weights: readonly number[];
  private second = 0;
  /** What the last picture cost the model: its tick and the rows that it filled, ms. */
  modelMs = 0;

  constructor(count: number) {
    super();
    this.weights = Array.from({ length: count }, () => Math.random());
    for (const pid of PIDS) {
      const files = Array.from({ length: Math.ceil(count / PIDS.length) }, (_, k) => {
        const start = BASE + k * APART;
        const of = backing(`/usr/lib/lib${k}.so.6`, String(1000 + k));
        return vma(start, start + PAGES, { backing: of, prot: R | X });
      });
      this.rig.attach(pid, files);
    }
    const { model } = this.rig;
    this.names = model;
    this.snapshot = (reuse) => {
      const began = performance.now();
      model.tick(this.now);
      const snapshot = model.snapshot(this.now, { reuse });
      this.modelMs = performance.now() - began;
      return snapshot;
    };
    this.latency = (table, ids) => model.latencyOf(table, ids);
    // Each has been met before the first frame.
    this.step(1);
  }

  /** ns */
  get now(): number {
    return this.second * 1e9;
  }

  override header(): ReturnType<FakeSource['header']> {
    return { ...this.info, elapsedNs: this.now };
  }

  override detail(id: number): ReturnType<FakeSource['detail']> {
    return this.rig.model.regionDetail(id);
  }

  /** A second goes by, in which `share` of the regions take faults. */
  step(share: number): void {
    const { rig, weights } = this;
    rig.now = this.now;
    this.second++;
    weights.forEach((weight, k) => {
      const more = Math.random() < share ? 1 + Math.floor(Math.random() * MOST * weight) : 0;
      for (let n = 0; n < more; n++) this.fault(k, n);
    });
    this.take();
  }

  /** Into the columns, as a capture does: with an object for each fault one would measure their collection. */
  private fault(region: number, n: number): void {
    const { rig } = this;
    const { batch } = rig;
    const page = BASE + Math.floor(region / PIDS.length) * APART + ((this.second + n) % PAGES);
    const pid = PIDS[region % PIDS.length]!;
    rig.now += APART_NS;
    const i = batch.faults++;
    batch.time[i] = rig.now;
    batch.latency[i] = 500 + ((region + n) % 997);
    batch.addrLo[i] = (page * PAGE) % HALF;
    batch.addrHi[i] = Math.floor((page * PAGE) / HALF);
    batch.ipLo[i] = batch.ipHi[i] = 0;
    batch.pid[i] = batch.tid[i] = pid;
    batch.weight[i] = batch.counted[i] = 1;
    batch.errorCode[i] = READ;
    batch.flags[i] = FaultFlag.MIN | FaultFlag.ERROR_CODE;
    if (batch.faults === FAULT_CAPACITY) this.take();
  }

  private take(): void {
    const { rig } = this;
    if (!rig.consumes()) throw new Error('the model waits for an answer');
    this.events.add(rig.batch, rig.resolved, rig.model);
    rig.clear();
  }
}
