/** Random orders. */
import { asTensor, fromData, type Tensor, type TensorLike } from "../tensor/tensor.ts";
import { assertKey, bits, type Key, split } from "./key.ts";

/**
 * A random order of 0 … n - 1, or of the rows of a tensor; equal to `jax.random.permutation`.
 *
 * @param what - a number n, or anything tensor-like with at least one axis, whose first axis is shuffled
 * @returns int32 of shape [n], or a tensor of the shape and dtype given
 * @throws RangeError when n is not a non-negative integer; TypeError for a scalar tensor
 * @example permutation(key(0), 5) // [3, 1, 4, 0, 2] or another order
 */
export function permutation(key: Key, what: number | TensorLike): Tensor {
  assertKey(key, "random.permutation");
  if (typeof what === "number") {
    if (!Number.isInteger(what) || what < 0 || what >= 2 ** 31) {
      throw new RangeError(
        `random.permutation: the number of elements is ${what}, but must be an integer in [0, 2^31).`,
      );
    }
    return fromData(randomOrder(key, what), [what]);
  }
  const x = asTensor(what);
  if (x.rank === 0) {
    throw new TypeError(
      "random.permutation: a tensor without axes has no rows to shuffle; give a plain number n for an order of 0 … n - 1.",
    );
  }
  const rows = x.shape[0]!;
  const order = randomOrder(key, rows);
  const width = rows === 0 ? 0 : x.size / rows;
  const from = x.data;
  const out = from.slice();
  for (let i = 0; i < rows; i++) {
    const start = order[i]! * width;
    out.set(from.subarray(start, start + width), i * width);
  }
  return fromData(out, x.shape, x.dtype);
}

/**
 * Sorts by random 32-bit words, as often as it takes for collisions of all words to be negligible: n³ orders against
 * 2^32 per round, JAX's rule.
 */
function randomOrder(key: Key, n: number): Int32Array<ArrayBuffer> {
  let order = Int32Array.from({ length: n }, (_, i) => i);
  let rest = key;
  for (let reach = 1; reach < n * n * n; reach *= 2 ** 32 - 1) {
    const [next, own] = split(rest) as [Key, Key];
    order = stableSort(order, bits(own, n));
    rest = next;
  }
  return order;
}

/** `values` in the order of `keys`, ties in their given order: least-significant-digit radix sort by bytes. */
function stableSort(values: Int32Array<ArrayBuffer>, keys: Uint32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  let [fromValues, fromKeys] = [values, keys];
  for (let shift = 0; shift < 32; shift += 8) {
    const position = new Int32Array(257);
    for (const k of fromKeys) position[((k >>> shift) & 255) + 1]!++;
    for (let digit = 0; digit < 256; digit++) position[digit + 1]! += position[digit]!;
    const toValues = new Int32Array(fromValues.length);
    const toKeys = new Uint32Array(fromKeys.length);
    for (let i = 0; i < fromKeys.length; i++) {
      const k = fromKeys[i]!;
      const to = position[(k >>> shift) & 255]!++;
      toKeys[to] = k;
      toValues[to] = fromValues[i]!;
    }
    [fromValues, fromKeys] = [toValues, toKeys];
  }
  return fromValues;
}
