import { setFlagsFromString } from 'node:v8';

/** By then V8's optimised code has earned what it costs to make. */
const ENOUGH_FAULTS = 32_768;
/** Whoever looks for longer than this runs the same code again and again, however few faults come. */
const ENOUGH_MS = 3_000;

/**
 * Keeps V8 from optimising code until it is worth it: to be called when all modules of Node are loaded, whose compiled
 * code V8 refuses under another flag. Of a short run the optimising compiler took 6 to 12 % of the CPU time, and was
 * done when the run was.
 */
export class LateOptimizer {
  private faults = 0;
  private timer: NodeJS.Timeout | null;

  constructor() {
    setFlagsFromString('--no-opt');
    this.timer = setTimeout(() => {
      this.begin();
    }, ENOUGH_MS);
    this.timer.unref();
  }

  /** To be told of each batch. */
  took(faults: number): void {
    if (this.timer === null) return;
    this.faults += faults;
    if (this.faults >= ENOUGH_FAULTS) this.begin();
  }

  private begin(): void {
    if (this.timer === null) return;
    clearTimeout(this.timer);
    this.timer = null;
    setFlagsFromString('--opt');
  }
}
