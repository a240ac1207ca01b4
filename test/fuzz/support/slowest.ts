/** What takes longer than all before is run again so often: a collection or the machine may be at fault. */
const REPEATS = 4;

/** ms of CPU time that this process has used. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Runs inputs and keeps the CPU time of the one that takes longest. */
export class Slowest<T> {
  /** ms of CPU time. */
  ms = 0;
  input: T | null = null;
  runs = 0;

  /** `run` may say itself what counts, in ms. */
  constructor(private readonly run: (input: T) => unknown) {}

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
    const begun = cpuMs();
    try {
      const told = this.run(input);
      return typeof told === 'number' ? told : cpuMs() - begun;
    } catch (error) {
      const text = JSON.stringify(input, (_, value: unknown) =>
        typeof value === 'bigint' ? `${value}n` : value,
      );
      throw new Error(`input ${text}`, { cause: error });
    }
  }
}
