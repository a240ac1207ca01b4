// Errors that the kernel can give, put in the place of one system call of the analyzer at a time (strace --inject), and
// what must hold whichever call it was.

import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withoutLibrary } from './build';
import { InjectedInstallation } from './injected';
import { TABLE } from './injection-table';
import type { Row, Way } from './injection-table';
import { alive, stateOf } from './processes';
import { Running, until } from './running';
import type { Ended } from './running';

export interface Injection {
  /** What it is called in lists. */
  readonly name: string;
  readonly row: Row;
  readonly way: Way;
  readonly errno: string;
  /** `when` of strace: the Nth call of a thread; with `+` every one from there on. */
  readonly when: string;
}

/** The workload's pages, and the 1,000 that it touches where it is not steady (test/workloads/bare.c). */
const AREA = 0x10000000;
const PAGE = 4096;
const FAULTS = 1000;
const STEADY_FAULTS = 200;
/** Beyond it something hangs: a run takes one second, and `-d` ends those that miss faults. */
const DEADLINE_MS = 120_000;

const ONLY = `addr:0x${AREA.toString(16)}-0x${(AREA + 30_000 * PAGE - 1).toString(16)}`;

export class Injector {
  private readonly installation: InjectedInstallation;
  private readonly bare: string;
  private readonly output: string;

  constructor(scratch: string) {
    this.installation = new InjectedInstallation(join(scratch, 'installed'));
    this.output = join(scratch, 'faults.csv');
    // Told from the workload of another test by its place.
    this.bare = join(this.installation.directory, 'bare');
    copyFileSync(withoutLibrary('bare', ['-Wl,-Tbss=0x10000000']), this.bare);
  }

  /**
   * Every injection of the table: at most `depth` calls of each row, spread over a run, alone and as the first of all
   * that fail. EINTR comes alone: the kernel gives it once for a signal.
   */
  async injections(depth: number): Promise<Injection[]> {
    const all: Injection[] = [];
    const logs = new Map<string, string>();
    for (const row of TABLE) {
      for (const way of row.ways) {
        const key = `${row.program} ${way} ${(row.paths ?? []).join()}`;
        if (row.ordinals === undefined && !logs.has(key)) logs.set(key, await this.learn(row, way));
        const ordinals = row.ordinals ?? spread(ordinalsOf(row, logs.get(key)!), depth);
        for (const errno of row.errnos) {
          const once = row.once === true || row.only !== undefined || errno === 'EINTR';
          const whens = ordinals.flatMap((n) => (once ? [String(n)] : [String(n), `${n}+`]));
          for (const when of whens) {
            const name = `${way} ${row.program}${row.children ? '*' : ''} ${row.call}${row.paths === undefined ? '' : ` ${row.paths[0]!}`} ${errno} ${when}`;
            all.push({ name, row, way, errno, when });
          }
        }
      }
    }
    return all;
  }

  /** What went wrong in the run with this error; '' when all held. */
  async trial({ row, way, errno, when }: Injection): Promise<string> {
    const inject = `inject=${row.call}:error=${errno}:when=${when}`;
    const options = ['-e', `trace=${row.call}`, '-e', inject];
    if (row.children === true) options.push('-f');
    const { ended, hung, left } = await this.capture(row, way, options);
    return [
      ...(hung ? ['a hang'] : judge(ended, readFileSync(this.output, 'latin1'), way)),
      ...left,
    ].join('; ');
  }

  /** A run in which the row's program, and no other, is under strace with these options. */
  private async capture(
    row: Row,
    way: Way,
    options: readonly string[],
  ): Promise<{ readonly ended: Ended; readonly hung: boolean; readonly left: string[] }> {
    const target = way === 'attach' ? new Running([this.bare, 'steady']) : null;
    const paths = (row.paths ?? []).map((path) =>
      path.replaceAll('PID', String(target?.pid)).replace('OUTPUT', this.output),
    );
    this.installation.trace(row.program, [...options, ...paths.flatMap((path) => ['-P', path])]);
    writeFileSync(this.output, '');
    const running = new Running(this.command(way, target), { input: '' });
    let hung = false;
    const deadline = setTimeout(() => {
      hung = true;
      running.kill('SIGKILL');
    }, DEADLINE_MS);
    await running.exited;
    clearTimeout(deadline);
    const left: string[] = [];
    if (target !== null) {
      if (!alive(target.pid)) left.push('the target has been ended');
      else if (stateOf(target.pid) === 'T') left.push('the target is stopped');
      target.kill('SIGKILL');
      await target.ended;
    }
    // Before the output's end is waited for: a COMMAND that was left behind holds it open.
    left.push(...(await this.leftBehind()));
    return { ended: await running.ended, hung, left };
  }

  private command(way: Way, target: Running | null): string[] {
    const common = ['-o', this.output, '--format', 'csv', '--filter', ONLY, '-d', '40', '-n'];
    const args =
      target === null
        ? [...common, String(FAULTS), '--', this.bare]
        : [...common, String(STEADY_FAULTS), '-p', String(target.pid)];
    const command = this.installation.command(args);
    if (way !== 'detached') return command;
    const script = 'umount -a -t tracefs,debugfs; exec "$@"';
    return ['unshare', '--mount', 'sh', '-c', script, 'sh', ...command];
  }

  /** The calls of a row's program in a run without errors, as strace shows them. */
  private async learn(row: Row, way: Way): Promise<string> {
    const calls = new Set(TABLE.filter((r) => r.program === row.program).map((r) => r.call));
    const names = [...calls].map((call) => `?${call}`).join(',');
    const { ended, hung } = await this.capture(row, way, ['-e', `trace=${names}`]);
    const log = this.installation.seen(row.program);
    if (hung || ended.status !== 0 || log === '') {
      throw new Error(`without errors: status ${ended.status} ${ended.stderr} ${log.slice(-300)}`);
    }
    return log;
  }

  /** Whatever runs of ours some time after the analyzer: nothing is to be. */
  private async leftBehind(): Promise<string[]> {
    const { installation } = this;
    try {
      await until('the end of all', () => installation.running().size === 0, 10_000);
      return [];
    } catch {
      const left = [...installation.running()];
      for (const [pid] of left) process.kill(pid, 'SIGKILL');
      await until('the end of all', () => installation.running().size === 0);
      return left.map(([pid, exe]) => `${exe} (${pid}) left behind`);
    }
  }
}

/** Which calls of a row are ours, counted as strace counts them. */
function ordinalsOf(row: Row, log: string): number[] {
  const ordinals: number[] = [];
  // With a path all are ours; else Node's start has made some before.
  let ours = row.program !== 'node' || row.paths !== undefined;
  let n = 0;
  for (const line of log.split('\n')) {
    const match = /^(\w+)\((.*)/.exec(line);
    if (line.includes('pagefault.node')) ours = true;
    if (match?.[1] === row.call) {
      n++;
      if (ours && (row.only === undefined || row.only.test(match[2]!))) ordinals.push(n);
    }
    // The launcher becomes Node.
    if (row.program === 'launch' && /^execve\(.*\/node"/.test(line)) break;
  }
  return ordinals;
}

/** At most `count` of them, evenly, the first and the last among them. */
function spread(ordinals: readonly number[], count: number): number[] {
  if (ordinals.length <= count) return [...ordinals];
  const step = (ordinals.length - 1) / (count - 1);
  return Array.from({ length: count }, (_, i) => ordinals[Math.round(i * step)]!);
}

function judge({ status, signal, stdout, stderr }: Ended, csv: string, way: Way): string[] {
  const wrong: string[] = [];
  const said = stderr.slice(0, 500);
  if (status === null || status > 2)
    wrong.push(`ended by ${signal ?? `status ${status}`}: ${said}`);
  else if (status !== 0 && !/^error: /m.test(stderr))
    wrong.push(`status ${status}, no error line: ${said}`);
  if (/\n {4}at |internal|Segmentation|Fatal|terminate called/.test(stderr)) {
    wrong.push(`a stack trace: ${said}`);
  }
  if (status !== 0) return wrong;
  const missing = missingPages(csv, way);
  if (!stdout.includes('Summary: ')) wrong.push(`status 0 without a summary: ${said}`);
  if (missing !== '' && !/^note: /m.test(stderr) && !stdout.includes('lost='))
    wrong.push(`${missing}: ${said}`);
  return wrong;
}

/** Pages of the workload whose fault is not in the stream, or is there twice; '' when there are none. */
function missingPages(csv: string, way: Way): string {
  const pages = csv
    .split('\n')
    .slice(1)
    .filter((line) => line !== '')
    .map((line) => (Number(line.split(',')[6]) - AREA) / PAGE);
  const first = way === 'attach' ? (pages[0] ?? 0) : 0;
  const expected = way === 'attach' ? STEADY_FAULTS : FAULTS;
  const at = Array.from({ length: expected }).findIndex((_, i) => pages[i] !== first + i);
  return at < 0 && pages.length === expected
    ? ''
    : `${pages.length} faults instead of ${expected}, page ${at} is missing, and not a word`;
}
