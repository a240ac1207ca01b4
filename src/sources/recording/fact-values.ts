/** What values of facts are: anybody may have written the file. */

/** PATH_MAX; names of users and of processes are far shorter. */
const MAX_TEXT = 4096;

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

export function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_TEXT;
}
