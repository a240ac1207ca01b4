import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { ANALYZER, workload } from '../support/build';
import { childrenOf, resident } from '../support/processes';
import { asked } from '../support/share';

/** Faults that are read: of the trials as many as somebody records in a day. */
const FAULTS = asked() === '' ? 1_000_000 : 100_000_000;
const EACH = 20_000;
/** The analyzer and the process that reads, bytes. */
const MOST = 200 << 20;
const SAMPLE = 9;
const TIME_AT = 32;
const PIPE_HEAD = 16;
/** The largest step that is added to the lower half of a time at once. */
const STEP_NS = 1e9;

/** A recording of a storm as it goes down a pipe: its records, and the samples alone. */
function recorded(): { readonly whole: Buffer; readonly samples: Buffer } {
  const storm = [workload('storm'), '--faults', String(EACH)].join(' ');
  const { stdout: whole } = spawnSync(
    'sh',
    ['-c', `echo | ${ANALYZER} --record - -q -- ${storm} 2>/dev/null`],
    { maxBuffer: 1 << 28 },
  );
  const samples: Buffer[] = [];
  for (let at = PIPE_HEAD; at < whole.length; at += whole.readUInt16LE(at + 6)) {
    if (whole.readUInt32LE(at) !== SAMPLE) continue;
    samples.push(whole.subarray(at, at + whole.readUInt16LE(at + 6)));
  }
  return { whole, samples: Buffer.concat(samples) };
}

/** Moves all samples on in time. */
function moveOn(samples: Buffer): void {
  for (let at = 0; at < samples.length; at += samples.readUInt16LE(at + 6)) {
    const low = samples.readUInt32LE(at + TIME_AT) + STEP_NS;
    if (low > 0xffffffff) {
      samples.writeUInt32LE(samples.readUInt32LE(at + TIME_AT + 4) + 1, at + TIME_AT + 4);
    }
    samples.writeUInt32LE(low % 2 ** 32, at + TIME_AT);
  }
}

test(`${FAULTS} faults are read with a report in memory that stays as it is`, async () => {
  const { whole, samples } = recorded();
  const analyzer = spawn(ANALYZER, ['-q', '--report-format', 'json', '-i', '-'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(analyzer, 'close') as Promise<[number]>;
  let report = '';
  analyzer.stdout.on('data', (text: Buffer) => {
    report += text.toString();
  });
  let most = 0;
  const write = async (bytes: Buffer): Promise<void> => {
    if (!analyzer.stdin.write(bytes)) await once(analyzer.stdin, 'drain');
  };
  await write(whole);
  for (let faults = 0; faults < FAULTS; faults += EACH) {
    moveOn(samples);
    // Written before it is changed: what waits in a pipe has been copied.
    await write(Buffer.from(samples));
    most = Math.max(most, ...[analyzer.pid!, ...childrenOf(analyzer.pid!)].map(peakOf));
  }
  analyzer.stdin.end();
  expect((await ended)[0]).toBe(0);
  expect(report).toContain('"schema_version"');
  const { summary } = JSON.parse(report) as { summary: { faults: number } };
  expect(summary.faults).toBeGreaterThanOrEqual(FAULTS);
  process.stdout.write(`${summary.faults} faults, ${Math.round(most / 2 ** 20)} MB at most\n`);
  expect(most).toBeLessThan(MOST);
}, 600_000);

/** 0 for what has ended. */
function peakOf(pid: number): number {
  try {
    return resident(pid, true);
  } catch {
    return 0;
  }
}
