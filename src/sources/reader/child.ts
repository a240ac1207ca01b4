import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { AnswerParser } from './frame';
import type { Frame } from './frame';

/** What becomes of a reader process. */
export interface ReaderEvents {
  /** Something of an answer has come: what is longer than its socket holds comes in parts. */
  readonly onHeard: () => void;
  readonly onAnswer: (frame: Frame) => void;
  /**
   * It speaks no more: it has ended, could not be started, or what it said was no answer. Called once,
   * and not after kill().
   */
  readonly onBroken: (why: string) => void;
  /** The kernel has let go of it; not before a killed one has come out of the system call it is in. */
  readonly onGone: () => void;
}

/** A process that takes requests and gives answers. Tests have their own. */
export interface ReaderChild {
  /** 0 where it could not be started. */
  readonly pid: number;
  send(frame: Buffer): void;
  kill(): void;
}

export type StartReader = (events: ReaderEvents) => ReaderChild;

/**
 * Starts the program in a session of its own, which Ctrl-C does not reach. Nothing keeps our process
 * alive for it: not its life, not its pipes.
 */
export function startReader(file: string, args: readonly string[] = []): StartReader {
  return (events) => new SpawnedReader(file, args, events);
}

interface MaybePipe {
  unref?: () => void;
}

class SpawnedReader implements ReaderChild {
  readonly pid: number;
  private readonly child: ChildProcess | null;
  private speaks = true;

  constructor(
    file: string,
    args: readonly string[],
    private readonly events: ReaderEvents,
  ) {
    const parser = new AnswerParser();
    this.child = this.start(file, args);
    this.pid = this.child?.pid ?? 0;
    this.child?.stdout?.on('data', (bytes: Buffer) => {
      if (!this.speaks) return;
      events.onHeard();
      const frames = parser.push(bytes);
      if (frames === null) this.broken('it gave an answer that is none');
      else for (const frame of frames) this.hear(frame);
    });
  }

  private start(file: string, args: readonly string[]): ChildProcess | null {
    let child: ChildProcess;
    try {
      child = spawn(file, args, {
        stdio: ['pipe', 'pipe', 'ignore'],
        detached: true,
        env: {},
        cwd: '/',
      });
    } catch (error) {
      const why = (error as NodeJS.ErrnoException).code ?? String(error);
      // Not before the constructor has returned: who is called back must know whom by then.
      setImmediate(() => {
        this.broken(why);
        this.events.onGone();
      });
      return null;
    }
    child.on('error', ({ message }) => {
      this.broken(message);
      if (child.pid === undefined) this.events.onGone();
    });
    child.on('exit', (code, signal) => {
      this.broken(`it ended (${signal ?? `status ${code ?? 0}`})`);
      this.events.onGone();
    });
    // EPIPE: its end is told by the exit.
    child.stdin?.on('error', () => undefined);
    child.stdout?.on('error', () => undefined);
    child.unref();
    // Absent, against the types, where no descriptor was left: the error is told later.
    for (const pipe of [child.stdin, child.stdout] as (MaybePipe | null | undefined)[])
      pipe?.unref?.();
    return child;
  }

  send(frame: Buffer): void {
    this.child?.stdin?.write(frame);
  }

  kill(): void {
    this.speaks = false;
    // Where fork(2) has failed Node would send it to process 0, which is our whole process group.
    if (this.pid !== 0) this.child?.kill('SIGKILL');
    // A request that it cannot read any more must not be kept for it.
    this.child?.stdin?.destroy();
    this.child?.stdout?.destroy();
  }

  /** What it says behind an answer for which it was killed is not heard. */
  private hear(frame: Frame): void {
    if (this.speaks) this.events.onAnswer(frame);
  }

  private broken(why: string): void {
    if (!this.speaks) return;
    this.speaks = false;
    this.events.onBroken(why);
  }
}
