import { workload } from '../support/build';
import { minorFaults } from '../support/processes';
import { PtyAnalyzer } from '../support/pty';
import { Running, sleep, until } from '../support/running';

const STALL_MS = 5000;
const BETWEEN_KEYS_MS = 40;
const KEYS_READ = 40;

let storm: Running;
let dashboard: PtyAnalyzer;

beforeEach(() => {
  storm = new Running([workload('storm'), '--threads', '0', '--seconds', '120']);
  const args = ['--interval', '0.25', '-p', String(storm.pid)];
  dashboard = new PtyAnalyzer(args, 200, 50);
});

afterEach(async () => {
  storm.kill('SIGKILL');
  dashboard.kill();
  await Promise.all([storm.ended, dashboard.exited]);
});

/** Goes back and forth between two views: each key changes most of the screen. */
async function switchViews(times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    dashboard.type(i % 2 === 0 ? '4' : '1');
    await sleep(BETWEEN_KEYS_MS);
  }
}

test('a terminal that does not read for seconds, under a storm on all CPUs', async () => {
  await dashboard.shows(/q quit/);
  const begun = minorFaults(storm.pid);
  // What a key paints while somebody reads: what came before its view was there.
  const before = dashboard.received;
  for (let i = 0; i < KEYS_READ / 2; i++) {
    dashboard.type('4');
    await dashboard.shows(/\[4 /);
    dashboard.type('1');
    await dashboard.shows(/\[1 /);
  }
  const perKey = (dashboard.received - before) / KEYS_READ;
  expect(perKey).toBeGreaterThan(500);

  dashboard.stopReading();
  await switchViews(25);
  const early = dashboard.resident();
  await switchViews(STALL_MS / BETWEEN_KEYS_MS);
  // Frames are left out, not kept for later.
  expect(dashboard.resident() - early).toBeLessThan(10e6);

  const held = dashboard.received;
  dashboard.readOn();
  dashboard.type('2');
  await dashboard.shows(/\[2 Threads\][^]*q quit/);
  // What the kernel's buffer held (64 KB at most), the frame that waited, and the present one.
  const late = dashboard.received - held;
  expect(late).toBeLessThan((1 << 16) + 10 * perKey);
  expect(late).toBeLessThan((perKey * STALL_MS) / BETWEEN_KEYS_MS / 2);

  await until('a million faults', () => minorFaults(storm.pid) - begun > 1_100_000, 100_000);
  dashboard.type('q');
  expect(await dashboard.exited).toBe(0);
  const closing = await dashboard.text();
  const [, captured, kernel] = /captured ([\d,]+) \+ lost 0 of the kernel's ([\d,]+)/.exec(
    closing,
  )!;
  expect(captured).toBe(kernel);
  expect(Number(captured!.replaceAll(',', ''))).toBeGreaterThan(1_000_000);
}, 600_000);
