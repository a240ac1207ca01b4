/** An object of a JSON text that may be anybody's: nothing is known of its members. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** null for what is none, lists too. */
export function objectOf(value: unknown): JsonObject | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : null;
}
