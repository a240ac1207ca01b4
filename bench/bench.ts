/** What a bench is asked, from the command line. */
export interface Asked {
  /** Runs of every tool on every target. */
  readonly turns: number;
  /** Of a storm. */
  readonly faults: number;
  /** Ids of tools; null for all of them. */
  readonly tools: readonly string[] | null;
  /** Of each storm that goes on. */
  readonly seconds: number;
  /** Load average of the machine before. */
  readonly load: number;
}

/** What a bench has to say: the section of its name in docs/benchmarks.md. */
export interface Section {
  readonly name: string;
  readonly lines: readonly string[];
}

export type Bench = (asked: Asked) => Section | Promise<Section>;

/** What was asked for cannot be done: one line, status 2. */
export class Refusal extends Error {}

/** A line of progress. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
