import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { NO_DEBUG } from '../../../../src/core/facts/debug';
import { EarlyLook } from '../../../../src/sources/live/early-look';
import { Proc } from '../../../../src/sources/proc/proc';
import { UNTIL_ANSWERED } from '../../../../src/sources/proc/patience';
import type { PatienceLimits } from '../../../../src/sources/proc/patience';
import { ProcFs } from '../../../../src/sources/proc/proc-source';
import type { ElfAnswer } from '../../../../src/sources/reader/requests';
import type { PageTold } from '../../../../src/sources/reader/target-reader';
import type { ElfImage } from '../../../../src/core/elf/elf';
import { PENDING, UNKNOWN } from '../../../../src/core/ports';
import type { Vma } from '../../../../src/core/vma/vma';
import { realReader } from '../../../support/reader-kit';
import { alone, backing, R, vma, X } from '../../../support/vma-kit';

/** A process attached to. */
const EARLY = 77;
const LINE = '00400000-00401000 r-xp 00000000 08:01 5 /x\n';
const VMA = vma(16, 32, { prot: R | X, backing: { ...backing('/x', '5'), devMinor: 1 } });
const IMAGE: ElfImage = { sections: [], segments: [] };
const FOUND: ElfAnswer = {
  found: 'program',
  image: IMAGE,
  stamp: 's',
  buildId: '',
  changedMs: 0,
};

/** A reader that answers when the test says so, or never. */
class FakeReader {
  readonly maps_: ((text: Buffer | null) => void)[] = [];
  readonly pages: ((told: PageTold) => void)[] = [];
  readonly elfs: ((told: ElfAnswer | null) => void)[] = [];
  running: (() => void)[] = [];
  maps(_pid: number, told: (text: Buffer | null) => void): void {
    this.maps_.push(told);
  }
  page(_pid: number, _page: number, told: (told: PageTold) => void): void {
    this.pages.push(told);
  }
  elf(_pid: number, _vma: Vma, told: (told: ElfAnswer | null) => void): void {
    this.elfs.push(told);
  }
  readonly mounts_: ((text: string | null) => void)[] = [];
  mounts(_pid: number, told: (text: string | null) => void): void {
    this.mounts_.push(told);
  }
  cmdline(): void {
    throw new Error('not asked');
  }
  whenRunning(action: () => void): void {
    this.running.push(action);
  }
}

class Rig {
  ns = 0;
  readonly reader = new FakeReader();
  /** What was asked before the source was there. */
  readonly before = new FakeReader();
  readonly source: ProcFs;
  /** The readers work on what they were asked. */
  works = false;
  readonly ended = new Set<number>();
  constructor(patience?: PatienceLimits) {
    const proc = new Proc();
    jest.spyOn(proc, 'hasEnded').mockImplementation((pid) => this.ended.has(pid));
    this.source = new ProcFs({
      proc,
      reader: this.reader,
      early: new EarlyLook(new Proc('/nonexistent'), this.before, [EARLY]),
      now: () => this.ns,
      nowMs: () => this.ns / 1e6,
      kernelMounts: [{ devMajor: 0, devMinor: 17, hugePageKib: 2048 }],
      debug: NO_DEBUG,
      patience,
      reason: () => this.works,
    });
    for (const action of this.reader.running) action();
  }
  /** The wait that a PENDING leads to, until it is over. */
  wait(): { over: boolean } {
    const wait = { over: false };
    this.source.whenReady(() => {
      wait.over = true;
    });
    return wait;
  }
  /** Time goes on. */
  pass(ms: number): void {
    this.ns += ms * 1e6;
    jest.advanceTimersByTime(ms);
  }
}

let rig: Rig;
beforeEach(() => {
  jest.useFakeTimers();
  rig = new Rig();
});
afterEach(() => {
  rig.source.close();
  jest.useRealTimers();
});

describe('readMaps', () => {
  test('says as of when, in session time, taken before reading', () => {
    rig.ns = 5000;
    expect(rig.source.readMaps(1)).toBe(PENDING);
    const wait = rig.wait();
    rig.pass(2);
    expect(wait.over).toBe(false);
    rig.reader.maps_[0]!(Buffer.from(LINE));
    expect(wait.over).toBe(true);
    expect(rig.source.readMaps(1)).toMatchObject({
      asOf: 5000,
      vmas: [{ start: 0x400, end: 0x401 }],
    });
  });

  const read = (pid: number): void => {
    expect(rig.source.readMaps(pid)).toBe(PENDING);
    rig.reader.maps_.at(-1)!(Buffer.from(LINE));
    expect(rig.source.readMaps(pid)).toMatchObject({ vmas: [{ start: 0x400 }] });
  };

  test('not again within 100 ms, per process', () => {
    read(1);
    read(2);
    rig.ns += 99_999_999;
    expect(rig.source.readMaps(1)).toBeNull();
    rig.ns += 1;
    read(1);
  });

  test('nor within twenty times its cost', () => {
    expect(rig.source.readMaps(1)).toBe(PENDING);
    rig.ns += 10_000_000;
    rig.reader.maps_[0]!(Buffer.from(LINE));
    expect(rig.source.readMaps(1)).not.toBeNull();
    rig.ns += 199_999_999;
    expect(rig.source.readMaps(1)).toBeNull();
    rig.ns += 1;
    read(1);
  });

  test('null without memory, UNKNOWN where it cannot be read', () => {
    rig.source.readMaps(3);
    rig.reader.maps_[0]!(Buffer.alloc(0));
    expect(rig.source.readMaps(3)).toBeNull();
    rig.source.readMaps(4);
    rig.reader.maps_[1]!(null);
    expect(rig.source.readMaps(4)).toBe(UNKNOWN);
  });

  test('what was asked for at the attachment is there when it is wanted', () => {
    rig.source.prepareMaps(1);
    rig.pass(10_000);
    rig.reader.maps_[0]!(Buffer.from(LINE));
    expect(rig.source.readMaps(1)).toMatchObject({ asOf: 0 });
    expect(rig.reader.maps_).toHaveLength(1);
  });

  test('what ended meanwhile is as it was before its events were opened, and only then', () => {
    rig.before.maps_[0]!(Buffer.from(LINE));
    rig.ns = 5e6;
    rig.source.prepareMaps(EARLY);
    rig.reader.maps_[0]!(Buffer.alloc(0));
    expect(rig.source.readMaps(EARLY)).toMatchObject({ asOf: 0, vmas: [{ start: 0x400 }] });
    rig.pass(1000);
    expect(rig.source.readMaps(EARLY)).toBe(PENDING);
    rig.reader.maps_[1]!(Buffer.alloc(0));
    expect(rig.source.readMaps(EARLY)).toBeNull();
  });

  test('who has ended is not asked for', () => {
    rig.ended.add(EARLY).add(1);
    rig.before.maps_[0]!(Buffer.from(LINE));
    expect(rig.source.readMaps(EARLY)).toMatchObject({ asOf: 0, vmas: [{ start: 0x400 }] });
    expect(rig.source.readMaps(1)).toBe(UNKNOWN);
    expect(rig.reader.maps_).toHaveLength(0);
    // What was asked for before its end may have been answered.
    rig.source.prepareMaps(2);
    rig.ended.add(2);
    rig.reader.maps_[0]!(Buffer.from(LINE));
    expect(rig.source.readMaps(2)).toMatchObject({ vmas: [{ start: 0x400 }] });
  });

  test('so is what has become another program meanwhile', () => {
    const vdso = (start: string, end: string): Buffer =>
      Buffer.from(`${LINE}${start}000-${end}000 r-xp 00000000 00:00 0 [vdso]\n`);
    rig.before.maps_[0]!(vdso('7ffc00001', '7ffc00002'));
    rig.source.prepareMaps(EARLY);
    rig.ns = 5e6;
    rig.reader.maps_[0]!(vdso('7ffc00005', '7ffc00006'));
    expect(rig.source.readMaps(EARLY)).toMatchObject({
      asOf: 0,
      vmas: [{ start: 0x400 }, { start: 0x7ffc00001 }],
    });
  });

  test('so is what does not answer in time', () => {
    rig.before.maps_[0]!(Buffer.from(LINE));
    rig.source.prepareMaps(EARLY);
    expect(rig.source.readMaps(EARLY)).toBe(PENDING);
    rig.pass(1000);
    expect(rig.source.readMaps(EARLY)).toMatchObject({ asOf: 0 });
  });

  test('what was looked at since is not taken from before', () => {
    rig.before.maps_[0]!(Buffer.from(LINE));
    read(EARLY);
    rig.pass(1000);
    expect(rig.source.readMaps(EARLY)).toBe(PENDING);
    rig.reader.maps_[1]!(null);
    expect(rig.source.readMaps(EARLY)).toBe(UNKNOWN);
  });
});

describe('queryPage', () => {
  const told = (answer: PageTold): unknown => {
    expect(rig.source.queryPage(1, 20)).toBe(PENDING);
    rig.reader.pages.at(-1)!(answer);
    return rig.source.queryPage(1, 20);
  };

  test('hands on what the kernel says', () => {
    expect(told(VMA)).toEqual(VMA);
    expect(told('unmapped')).toBeNull();
    expect(told(null)).toBe(UNKNOWN);
  });

  test('an older kernel is asked once', () => {
    expect(told('unsupported')).toBe(UNKNOWN);
    expect(rig.source.queryPage(1, 21)).toBe(UNKNOWN);
    expect(rig.reader.pages).toHaveLength(1);
  });
});

describe('what is never answered', () => {
  test('ends a wait by itself, and then is not known', () => {
    expect(rig.source.queryPage(1, 20)).toBe(PENDING);
    const wait = rig.wait();
    rig.pass(1000);
    expect(wait.over).toBe(true);
    expect(rig.source.queryPage(1, 20)).toBe(UNKNOWN);
  });

  test('holds up all faults together for a bounded time, however many questions there are', () => {
    const begin = rig.ns;
    let waited = 0;
    for (let page = 0; page < 1000; page++) {
      while (rig.source.queryPage(1, page) === PENDING) {
        const before = rig.ns;
        const wait = rig.wait();
        while (!wait.over) rig.pass(1);
        waited += rig.ns - before;
      }
      rig.pass(1);
    }
    expect(waited).toBeLessThan(1.2e9 + 0.25 * (rig.ns - begin));
    expect(waited).toBeGreaterThan(0.5e9);
  });

  test('is waited for in turn where every run is to give the same', () => {
    const patient = new Rig(UNTIL_ANSWERED);
    for (let page = 0; page < 10; page++) {
      expect(patient.source.queryPage(1, page)).toBe(PENDING);
      const wait = patient.wait();
      // Much later than anybody else would wait, each time.
      patient.pass(4000);
      expect(wait.over).toBe(false);
      patient.reader.pages[page]!(VMA);
      expect(wait.over).toBe(true);
      expect(patient.source.queryPage(1, page)).toEqual(VMA);
    }
    patient.source.close();
  });

  test('is waited for as long as the readers work on it', () => {
    rig.works = true;
    for (let pid = 1; pid < 10; pid++) {
      expect(rig.source.readMaps(pid)).toBe(PENDING);
      for (let ms = 0; ms < 2000; ms += 100) {
        rig.pass(100);
        expect(rig.source.readMaps(pid)).toBe(PENDING);
      }
    }
    rig.works = false;
    const wait = rig.wait();
    rig.pass(1000);
    expect(wait.over).toBe(true);
    expect(rig.source.readMaps(9)).toBe(UNKNOWN);
  });

  test('a wait that was never answered does not end those of others', () => {
    rig.source.queryPage(1, 20);
    const first = rig.wait();
    rig.pass(400);
    expect(first.over).toBe(true);
    expect(rig.source.queryPage(1, 20)).toBe(UNKNOWN);
    expect(rig.source.queryPage(2, 20)).toBe(PENDING);
    const second = rig.wait();
    rig.reader.pages[0]!(VMA);
    expect(second.over).toBe(false);
    rig.reader.pages[1]!(VMA);
    expect(second.over).toBe(true);
    expect(rig.source.queryPage(2, 20)).toEqual(VMA);
  });
});

describe('elfImage', () => {
  test('is waited for, then known', () => {
    expect(rig.source.elfImage(alone(1), VMA)).toBe(PENDING);
    rig.reader.elfs[0]!(FOUND);
    expect(rig.source.elfImage(alone(1), VMA)).toBe(IMAGE);
    expect(rig.source.elfImage(alone(2), VMA)).toBe(IMAGE);
    expect(rig.reader.elfs).toHaveLength(1);
    expect(rig.source.takeLateImages()).toBe(false);
  });

  test('that comes late is told once', () => {
    rig.source.elfImage(alone(1), VMA);
    rig.pass(1000);
    expect(rig.source.elfImage(alone(1), VMA)).toBe(UNKNOWN);
    expect(rig.source.takeLateImages()).toBe(false);
    rig.reader.elfs[0]!(FOUND);
    expect(rig.source.takeLateImages()).toBe(true);
    expect(rig.source.takeLateImages()).toBe(false);
    expect(rig.source.elfImage(alone(1), VMA)).toBe(IMAGE);
  });

  test('that cannot be had is not asked for again at once, through the same process', () => {
    rig.source.elfImage(alone(1), VMA);
    rig.reader.elfs[0]!(null);
    expect(rig.source.elfImage(alone(1), VMA)).toBe(UNKNOWN);
    for (let i = 0; i < 100; i++) {
      expect(rig.source.elfImage(alone(1), { ...VMA, start: i, end: i + 1 })).toBe(UNKNOWN);
    }
    expect(rig.reader.elfs).toHaveLength(1);
    expect(rig.source.elfImage(alone(2), VMA)).toBe(PENDING);
    rig.pass(1001);
    expect(rig.source.elfImage(alone(1), VMA)).toBe(PENDING);
  });
});

test('all of it with the real program', async () => {
  jest.useRealTimers();
  const child = spawn('cat', { stdio: ['pipe', 'pipe', 'ignore'] });
  child.stdin.write('x');
  await once(child.stdout, 'data');
  const pid = child.pid!;
  const real = realReader();
  const live = new ProcFs({
    proc: new Proc(),
    reader: real.reader,
    early: new EarlyLook(new Proc(), real.reader, []),
    now: () => performance.now() * 1e6,
    nowMs: () => performance.now(),
    kernelMounts: [],
    debug: NO_DEBUG,
  });
  const fetched = async <T>(ask: () => T | typeof PENDING): Promise<T> => {
    for (;;) {
      const answer = ask();
      if (answer !== PENDING) return answer;
      await new Promise<void>((resolve) => {
        live.whenReady(resolve);
      });
    }
  };
  const maps = await fetched(() => live.readMaps(pid));
  if (maps === null || maps === UNKNOWN) throw new Error('no maps');
  const code = maps.vmas.find((v) => (v.prot & 4) !== 0)!;
  expect(await fetched(() => live.queryPage(pid, code.start))).toEqual(code);
  expect(await fetched(() => live.queryPage(pid, 1))).toBeNull();
  const image = await fetched(() => live.elfImage(alone(pid), code));
  expect((image as ElfImage).sections.map((s) => s.name)).toContain('.text');
  expect(live.comm(pid, pid)).toBe('cat');
  expect(live.hasEnded(pid)).toBe(false);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(live.hasEnded(pid)).toBe(true);
  expect(live.comm(pid, pid)).toBeNull();
  expect(await fetched(() => live.queryPage(pid, code.start))).toBe(UNKNOWN);
  expect(real.notes).toEqual([]);
  live.close();
  real.close();
});
