/** What takes longer than all before is run again so often: a collection or the machine may be at fault. */
const REPEATS = 4;

/** Runs inputs and keeps the CPU time of the one that takes longest. */
export class Slowest<T> {
  /** ms of CPU time. */
  ms = 0;
  input: T | null = null;
  runs = 0;

  constructor(private readonly run: (input: T) => void) {}

  /** Fails with the input where it throws. */
  try(input: T): void {
    this.runs++;
    let ms = this.time(input);
    for (let i = 0; i < REPEATS && ms > this.ms; i++) ms = Math.min(ms, this.time(input));
    if (ms <= this.ms) return;
    this.ms = ms;
    this.input = input;
  }

  private time(input: T): number {
    const begun = process.cpuUsage();
    try {
      this.run(input);
    } catch (error) {
      const text = JSON.stringify(input, (_, value: unknown) =>
        typeof value === 'bigint' ? `${value}n` : value,
      );
      throw new Error(`input ${text}`, { cause: error });
    }
    const { user, system } = process.cpuUsage(begun);
    return (user + system) / 1000;
  }
}
