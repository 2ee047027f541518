/** Which rows a subsampled plate keeps. */
import type { Key } from "../random/key.ts";
import { stream } from "../random/stream.ts";
import { fromData, type Tensor } from "../tensor/tensor.ts";

/**
 * `n` different numbers out of 0 … size − 1, every subset and order equally likely, int32.
 *
 * The first `n` steps of Fisher and Yates's shuffle, on a sparse array: O(n) whatever the size.
 */
export function drawRows(key: Key, size: number, n: number): Tensor {
  const random = stream(key);
  const moved = new Map<number, number>();
  const rows = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    const j = i + Math.min(Math.floor(random.uniform() * (size - i)), size - i - 1);
    rows[i] = moved.get(j) ?? j;
    moved.set(j, moved.get(i) ?? i);
  }
  return fromData(rows, [n]);
}
