import { analyze } from '../support/analyzer';

/** Touches fresh memory that it has refused huge pages for, at a pace that leaves time for a look. */
const ARENA = `
import mmap, time
arena = mmap.mmap(-1, 256 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
arena.madvise(15) # MADV_NOHUGEPAGE: not in the module
for page in range(0, 65536, 64):
    for k in range(64): arena[(page + k) << 12] = 1
    time.sleep(0.003)
`;

interface Finding {
  readonly id: string;
  readonly text: string;
  readonly huge_pages: Readonly<Record<string, unknown>> | null;
}

test('the finding about fresh memory says what keeps huge pages away', async () => {
  const args = ['-q', '--no-symbols', '--report-format', 'json', '--', 'python3', '-c', ARENA];
  const { stdout, stderr } = await analyze(args);
  const json = stdout.split('\n').find((line) => line.startsWith('{'));
  expect({ stderr, json }).toMatchObject({ json: expect.any(String) });
  const { findings } = JSON.parse(json!) as { readonly findings: readonly Finding[] };
  const found = findings.find(({ id }) => id === 'first-touch');
  expect(found?.huge_pages).toMatchObject({
    refused: true,
    advised: false,
    thp_eligible: false,
    huge_bytes: 0,
    page_bytes: 2 ** 21,
  });
  // The kernel may have put it beside other memory of the same kind, which is one mapping then; or not.
  const { mapping_bytes: size, aligned_bytes: aligned } = found!.huge_pages!;
  expect(size).toBeGreaterThanOrEqual(2 ** 28);
  expect(aligned).toBeGreaterThanOrEqual(2 ** 28 - 2 ** 21);
  expect(found!.text).toMatch(/MADV_NOHUGEPAGE was asked for it/);
});
