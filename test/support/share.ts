/** What of the trials is asked for: 'all' (npm run trials), names, or '' for a share of them. */
export function asked(): string {
  return process.env.TRIALS ?? '';
}

/** Where chance begins: another place in every run, printed where it matters, and given again by TRIALS_SEED. */
export function seed(): number {
  return Number(process.env.TRIALS_SEED ?? Date.now() % 1e6);
}

/**
 * `count` of the cases, others in every run: chosen by a seed that is printed and can be given again
 * (TRIALS_SEED).
 */
export function share<T>(topic: string, cases: readonly T[], count: number): T[] {
  const from = seed();
  process.stdout.write(`${topic} by TRIALS_SEED=${from}\n`);
  const random = generator(from);
  const pool = [...cases];
  const size = Math.min(count, pool.length);
  return Array.from({ length: size }, () => pool.splice(Math.floor(random() * pool.length), 1)[0]!);
}

/** Numbers from 0 to below 1, the same for a seed (mulberry32). */
export function generator(from: number): () => number {
  let state = from;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
