/** Categories drawn by their log weights. */
import { broadcastStrides, eachOffset, formatShape, sizeOf } from "../compiler/shapes.ts";
import { asTensor, fromData, type Shape, type Tensor, type TensorLike } from "../tensor/tensor.ts";
import { exp } from "../wasm/numberFunctions.ts";
import { assertKey, type Key } from "./key.ts";
import { resultShape } from "./parameters.ts";
import { fillUniform } from "./uniform.ts";

/**
 * Category numbers 0 … K - 1 with probabilities softmax(logits), by inversion of their cumulative sums.
 *
 * @param logits - log weights, shape […, K] with the categories last; -Infinity forbids a category
 * @param shape - of the result; default the leading shape of `logits`, which broadcasts to it
 * @returns an int32 tensor
 * @throws RangeError when a logit is NaN or Infinity, or all of a row are -Infinity; TypeError for a scalar or for
 *   shapes that do not fit
 * @example categorical(key(0), [0, 0, -Infinity], [10]) // ten zeros and ones
 */
export function categorical(key: Key, logits: TensorLike, shape?: Shape): Tensor {
  const what = "random.categorical";
  assertKey(key, what);
  const weights = asTensor(logits);
  const categories = weights.shape[weights.rank - 1] ?? 0;
  if (categories === 0) {
    throw new TypeError(
      `${what}: logits must have a last axis of at least one category; their shape is ${formatShape(weights.shape)}.`,
    );
  }
  const rows = weights.shape.slice(0, -1);
  const full = resultShape(what, { "logits without their last axis": rows }, shape);
  const cumulative = cumulativeWeights(what, weights, categories);
  const unit = fillUniform(key, sizeOf(full));
  const out = new Int32Array(unit.length);
  eachOffset(full, broadcastStrides(rows, full), 0, (row, i) => {
    out[i] = search(cumulative, row * categories, categories, unit[i]!);
  });
  return fromData(out, full);
}

/** Running sums of exp(logit - largest of the row). */
function cumulativeWeights(what: string, logits: Tensor, categories: number): Float64Array {
  const { data } = logits;
  const sums = new Float64Array(data.length);
  for (let row = 0; row < data.length; row += categories) {
    let largest = Number.NEGATIVE_INFINITY;
    for (let i = row; i < row + categories; i++) {
      const logit = data[i]!;
      if (Number.isNaN(logit) || logit === Number.POSITIVE_INFINITY) {
        throw new RangeError(
          `${what}: logits must be finite or -Infinity, got ${logit} for category ${i - row} of row ${row / categories}.`,
        );
      }
      if (logit > largest) largest = logit;
    }
    if (largest === Number.NEGATIVE_INFINITY) {
      throw new RangeError(
        `${what}: all ${categories} logits of row ${row / categories} are -Infinity; at least one category must be possible.`,
      );
    }
    let sum = 0;
    for (let i = row; i < row + categories; i++) {
      sum += exp(data[i]! - largest);
      sums[i] = sum;
    }
  }
  return sums;
}

/** The first category whose cumulative weight exceeds the fraction `u` of the total. */
function search(cumulative: Float64Array, start: number, categories: number, u: number): number {
  const threshold = u * cumulative[start + categories - 1]!;
  let low = 0;
  let high = categories - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (cumulative[start + middle]! > threshold) high = middle;
    else low = middle + 1;
  }
  return low;
}
