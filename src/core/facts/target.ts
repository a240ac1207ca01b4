/** What is looked at: one type from the command line to the addon. */
export type Target = Attached | Whole | Started;

/** In the place of a target: what was captured before. */
export interface Recording {
  readonly kind: 'recording';
  /** '-' is standard input. */
  readonly file: string;
}

export interface Attached {
  readonly kind: 'attach';
  /** Also of threads, which stand for their processes. */
  readonly pids: readonly number[];
}

/** Everything that runs and is of a kind: also what is born later. */
export type Whole = { readonly kind: 'all' } | Named | OfCgroup;

export interface Named {
  readonly kind: 'name';
  /** The comm, of which the kernel keeps 15 bytes. */
  readonly name: string;
}

export interface OfCgroup {
  readonly kind: 'cgroup';
  /** What `name` is: a directory, a systemd unit, the beginning of a container's id. */
  readonly by: 'cgroup' | 'unit' | 'container';
  readonly name: string;
}

/** A whole as it was found: what reports say of it. */
export interface WholeFacts {
  readonly kind: Whole['kind'];
  /** The comm, null where it is not by one. */
  readonly name: string | null;
  /** The directory below the mount, null where it is not a cgroup. */
  readonly cgroup: string | null;
}

/** Who it is, as a heading. The text is to be printed by printable(). */
export function wholeText({ kind, name, cgroup }: WholeFacts): string {
  switch (kind) {
    case 'all':
      return 'all processes but the analyzer';
    case 'name':
      return `processes called ${name ?? ''}`;
    case 'cgroup':
      return `cgroup ${cgroup ?? ''}`;
  }
}

/** What we start, and end when we are interrupted. Text of core/text/byte-text.ts. */
export type Started =
  | { readonly kind: 'command'; readonly file: string; readonly argv: readonly string[] }
  | { readonly kind: 'demo'; readonly args: readonly string[] };

/** It is ours: without us it would not run. */
export function isStarted(target: Target | Recording): target is Started {
  return target.kind === 'command' || target.kind === 'demo';
}
