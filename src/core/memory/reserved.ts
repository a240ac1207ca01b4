/**
 * Zeros for a table at its full size, of which most is never touched: the system gives memory to the pages that are
 * used.
 *
 * Shared memory, though nobody shares it: V8 counts the bytes of any other buffer as if they were in use, and 150 MB
 * of them make it collect garbage twice before the first fault has come.
 */
export function reserve(bytes: number): SharedArrayBuffer {
  return new SharedArrayBuffer(bytes);
}
