/** What the report of a run and that of its recording's replay have in common. */

/** Of a run alone: what it was told to watch, and what /proc/PID/stat counts beyond. */
const OF_LIVE = /^(target|beyond)$/;

/** A report without what a replay cannot know. */
export function knownToBoth(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(knownToBoth);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([key]) => !OF_LIVE.test(key));
  return Object.fromEntries(kept.map(([key, inner]) => [key, knownToBoth(inner)]));
}
