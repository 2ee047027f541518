/** Reductions of tensors: over all axes, one, or several. */
import { normaliseAxes } from "../compiler/shapes.ts";
import { cast } from "../ops/casts.ts";
import * as indexing from "../ops/indexing.ts";
import { logSumExp } from "../ops/logSumExp.ts";
import * as reduce from "../ops/reduce.ts";
import {
  asNode,
  meanNode,
  type ReduceOptions,
  type Reduction,
  reduction,
  type Tensor,
  type TensorLike,
  wrap,
} from "./tensor.ts";

/** Sum over the axes (all when absent). @example sum([[1, 2], [3, 4]], 0).toArray(); // [4, 6] */
export const sum: Reduction = reduction(reduce.sum, "sum");
/** Mean over the axes. @example mean([1, 2, 6]).item(); // 3 */
export const mean: Reduction = reduction(meanNode, "mean");
/** Product over the axes. @example prod([2, 3, 4]).item(); // 24 */
export const prod: Reduction = reduction(reduce.prod, "prod");
/** Largest element; NaN when one is. @example max([[1, 5], [3, 2]], 1).toArray(); // [5, 3] */
export const max: Reduction = reduction(reduce.max, "max");
/** Smallest element; NaN when one is. @example min([4, 2, 8]).item(); // 2 */
export const min: Reduction = reduction(reduce.min, "min");
/** Whether any element is true (not 0). */
export const any: Reduction = reduction((x, axes) => reduce.max(cast(x, "bool"), axes), "any");
/** Whether all elements are true (not 0). */
export const all: Reduction = reduction((x, axes) => reduce.min(cast(x, "bool"), axes), "all");

/** log Σ e^x, with the largest element taken out; an infinite one is left in, so that the answer is ±∞ and not NaN. */
export const logsumexp: Reduction = reduction(logSumExp, "logsumexp");

/** Running sums along one axis. @example cumsum([1, 2, 3], 0).toArray(); // [1, 3, 6] */
export const cumsum = (x: TensorLike, axis: number): Tensor => wrap(indexing.cumsum(asNode(x), axis));

/** Mean squared distance from the mean; divided by n − ddof (0). */
export function variance(
  x: TensorLike,
  axis?: number | readonly number[],
  options: ReduceOptions & { readonly ddof?: number } = {},
): Tensor {
  const node = asNode(x);
  const axes = normaliseAxes(axis, node.shape.length, "variance");
  const n = axes.reduce((count, d) => count * node.shape[d]!, 1);
  const centred = wrap(node).sub(mean(x, axes, { keepDims: true }));
  return sum(centred.square(), axes, options).div(n - (options.ddof ?? 0));
}
