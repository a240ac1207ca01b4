/** `completeness` of a JSON report of `-a`. */
type Completeness = Readonly<Record<string, unknown>>;

/**
 * How many faults of a test's workloads, which took `own`, may be missing in their rows: none. Only where others on the machine
 * took more than the workloads, faster than its CPUs could look at, are some lost. That all of them are said is to hold then,
 * too.
 */
export function overrun(completeness: Completeness, own: number): number {
  const [captured, lost, kernel] = ['captured', 'lost', 'kernel'].map((name) =>
    Number(completeness[name]),
  ) as [number, number, number];
  expect(Math.abs(captured + lost - kernel)).toBeLessThanOrEqual(kernel / 1000);
  if (kernel - own < own) expect(lost).toBe(0);
  return lost;
}
