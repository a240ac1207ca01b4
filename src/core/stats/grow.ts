/** A longer copy of a column. */
export function grownF64(old: Float64Array, length: number): Float64Array {
  const grown = new Float64Array(length);
  grown.set(old);
  return grown;
}

/** The same for a column of indexes: what is new reads -1, none. */
export function grownI32(old: Int32Array, length: number): Int32Array {
  const grown = new Int32Array(length).fill(-1);
  grown.set(old);
  return grown;
}

/** The same for a column of counters. */
export function grownU32(old: Uint32Array, length: number): Uint32Array {
  const grown = new Uint32Array(length);
  grown.set(old);
  return grown;
}
