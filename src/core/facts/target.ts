/** What is looked at: one type from the command line to the addon. */
export type Target = Attached | Started;

export interface Attached {
  readonly kind: 'attach';
  /** Also of threads, which stand for their processes. */
  readonly pids: readonly number[];
}

/** What we start, and end when we are interrupted. Text of core/text/byte-text.ts. */
export type Started =
  | { readonly kind: 'command'; readonly file: string; readonly argv: readonly string[] }
  | { readonly kind: 'demo'; readonly args: readonly string[] };

/** It is ours: without us it would not run. */
export function isStarted(target: Target): target is Started {
  return target.kind !== 'attach';
}
