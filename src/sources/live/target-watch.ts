import { parseProcessMemory } from '../proc/memory-parse';
import { parseTaskState } from '../proc/proc-parse';
import type { TargetReader } from '../reader/target-reader';

/** A target as it was seen last. */
export interface SeenTarget {
  readonly comm: string;
  /** One letter as in /proc/PID/status. */
  readonly state: string;
  readonly threads: number;
  /** Resident and in swap, bytes; NaN where it has no memory. */
  readonly rss: number;
  readonly swap: number;
}

/** Looks between two at a command line that is known: a program may write over it. */
const LINE_LOOKS = 8;

/**
 * What the targets are like. Both files are asked for through the reader, one request at a time of each kind, and
 * nobody waits: what is told is what came last. A process that has ended keeps what it was.
 */
export class TargetWatch {
  private readonly seen = new Map<number, SeenTarget>();
  private readonly lines = new Map<number, string>();
  private readonly askedLines = new Set<number>();
  private asking = false;
  private looks = 0;

  constructor(private readonly reader: Pick<TargetReader, 'tasks' | 'cmdline'>) {}

  /** Asks for a new look at them: as many as one request of the reader takes (MAX_TASKS). */
  look(pids: readonly number[]): void {
    const again = this.looks++ % LINE_LOOKS === 0;
    for (const pid of pids) if (again || !this.lines.has(pid)) this.askLine(pid);
    if (this.asking || pids.length === 0) return;
    this.asking = true;
    this.reader.tasks(pids, (texts) => {
      this.asking = false;
      texts?.forEach(({ status }, k) => {
        this.take(pids[k]!, status);
      });
    });
  }

  private take(pid: number, status: string): void {
    const task = parseTaskState(status);
    // Of a process whose first thread has ended the others live on.
    if (task === null || (task.state === 'Z' && task.threads < 2)) return;
    // It has become another program.
    const before = this.seen.get(pid);
    if (before !== undefined && before.comm !== task.comm) this.lines.delete(pid);
    const memory = parseProcessMemory(status) ?? { rss: NaN, swap: NaN };
    this.seen.set(pid, { ...task, ...memory });
  }

  private askLine(pid: number): void {
    if (this.askedLines.has(pid)) return;
    this.askedLines.add(pid);
    this.reader.cmdline(pid, (args) => {
      this.askedLines.delete(pid);
      if (args !== null && args.length > 0) this.lines.set(pid, args.join(' '));
    });
  }

  /** undefined as long as nothing has come. */
  of(pid: number): SeenTarget | undefined {
    return this.seen.get(pid);
  }

  /** '' as long as nothing has come. */
  commandLine(pid: number): string {
    return this.lines.get(pid) ?? '';
  }
}
