import { IntervalOutputs } from '../../../src/app/interval-outputs';
import type { Assembly } from '../../../src/app/assemble';
import type { FdWriter } from '../../../src/output/files/writer';
import { captureFacts } from '../../support/facts';
import * as sample from '../../support/sample';

const OPTIONS = { by: null, format: 'ndjson', intervalMs: 1000, openmetrics: null } as const;

/** A capture of one process, whose faults and time are set by the test. */
class Capture {
  now = 0;
  faults = 0;
  ticks: number[] = [];
  private text = '';

  readonly outputs = new IntervalOutputs(
    OPTIONS,
    {
      ready: true,
      failure: null,
      write: (bytes: Buffer) => {
        this.text += bytes.toString();
      },
    } as unknown as FdWriter,
    {
      capture: { now: () => this.now, whole: null, pids: [7] },
      command: null,
      waiting: { look: () => null },
      run: { facts: () => captureFacts(this.faults, 0, 0) },
      model: {
        tick: (now: number) => {
          this.ticks.push(now);
        },
        processes: () => {
          const byClass = [0, this.faults, 0, 0];
          const processes = [sample.process({ pid: 7, byClass, lastTime: this.now })];
          return { since: 0, totals: sample.stat({ byClass }), processes };
        },
      },
    } as unknown as Assembly,
    () => undefined,
  );

  /** The faults of the process, table by table. */
  get tables(): number[] {
    const lines = this.text.split('\n').filter((line) => line !== '');
    return lines.map((line) => (JSON.parse(line) as { readonly faults: number }).faults);
  }

  after(ns: number, faults: number): this {
    this.now += ns;
    this.faults += faults;
    return this;
  }
}

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

/** One whole interval with five faults. */
function begun(): Capture {
  const capture = new Capture();
  capture.outputs.start();
  capture.after(1e9, 5);
  jest.advanceTimersByTime(1000);
  expect(capture.tables).toEqual([5]);
  return capture;
}

test('the end is an interval of its own', () => {
  const capture = begun().after(0.5e9, 2);
  capture.outputs.finish(capture.now);
  expect(capture.tables).toEqual([5, 7]);
  expect(capture.ticks).toEqual([1e9, 1.5e9]);
});

test('right behind an interval it has what came since, with the rates of that', () => {
  const capture = begun().after(0.01e9, 2);
  capture.outputs.finish(capture.now);
  expect(capture.tables).toEqual([5, 7]);
  expect(capture.ticks).toEqual([1e9]);
});

test('right behind an interval nothing is said again', () => {
  const capture = begun().after(0.01e9, 0);
  capture.outputs.finish(capture.now);
  expect(capture.tables).toEqual([5]);
});

test('before the first interval is over there is one table', () => {
  const capture = new Capture();
  capture.outputs.start();
  capture.after(0.01e9, 3);
  capture.outputs.finish(capture.now);
  expect(capture.tables).toEqual([3]);
});
