/** Rearranging tensors. */
import type { Shape } from "../compiler/graph.ts";
import { cast } from "../ops/casts.ts";
import * as indexing from "../ops/indexing.ts";
import * as joins from "../ops/joins.ts";
import * as map from "../ops/map.ts";
import * as ops from "../ops/shape.ts";
import { asNode, type Tensor, type TensorLike, wrap } from "./tensor.ts";

/**
 * The same numbers under another shape; one dimension may be -1.
 * @example reshape([1, 2, 3, 4], [2, -1]).toArray(); // [[1, 2], [3, 4]]
 * @throws TypeError when the sizes differ.
 */
export const reshape = (x: TensorLike, shape: Shape): Tensor => wrap(ops.reshape(asNode(x), shape));
/**
 * Permutes dimensions; reverses them when no permutation is given.
 * @example transpose([[1, 2, 3]]).toArray(); // [[1], [2], [3]]
 * @throws TypeError when `perm` is no permutation of the dimensions.
 */
export const transpose = (x: TensorLike, perm?: readonly number[]): Tensor => wrap(ops.transpose(asNode(x), perm));
/**
 * Stretches dimensions of 1 and adds leading ones; nothing is copied while tracing.
 * @example broadcastTo([1, 2], [2, 2]).toArray(); // [[1, 2], [1, 2]]
 * @throws TypeError when the shapes do not fit.
 */
export const broadcastTo = (x: TensorLike, shape: Shape): Tensor => wrap(map.broadcastTo(asNode(x), shape));
/**
 * Elements from `starts[d]` up to `stops[d]` (undefined: the end) in steps of `steps[d]` (1); negative positions count from the end.
 * @example slice([1, 2, 3, 4], [1], [-1]).toArray(); // [2, 3]
 */
export const slice = (
  x: TensorLike,
  starts: readonly number[],
  stops: readonly (number | undefined)[] = [],
  steps: readonly number[] = [],
): Tensor => wrap(ops.slice(asNode(x), starts, stops, steps));
/** Inserts a dimension of 1. @example expandDims([1, 2], 1).shape; // [2, 1] */
export const expandDims = (x: TensorLike, axis: number): Tensor => wrap(ops.expandDims(asNode(x), axis));
/**
 * Drops dimensions of 1: the named ones, or all.
 * @example squeeze([[1, 2]]).shape; // [2]
 * @throws TypeError when a named dimension is not 1.
 */
export const squeeze = (x: TensorLike, axis?: number | readonly number[]): Tensor =>
  wrap(ops.squeeze(asNode(x), typeof axis === "number" ? [axis] : axis));
/**
 * Joins tensors along an existing axis (0).
 * @example concat([[1, 2], [3]]).toArray(); // [1, 2, 3]
 * @throws TypeError when another dimension differs.
 */
export const concat = (xs: readonly TensorLike[], axis = 0): Tensor => wrap(joins.concat(xs.map(asNode), axis));
/**
 * Joins tensors of one shape along a fresh axis (0).
 * @example stack([[1, 2], [3, 4]], 1).toArray(); // [[1, 3], [2, 4]]
 * @throws TypeError when the shapes differ.
 */
export const stack = (xs: readonly TensorLike[], axis = 0): Tensor => wrap(joins.stack(xs.map(asNode), axis));
/** Reverses one axis. @example flip([1, 2, 3], 0).toArray(); // [3, 2, 1] */
export const flip = (x: TensorLike, axis: number): Tensor => wrap(ops.flip(asNode(x), axis));
/**
 * Zeros around a tensor: `widths[d] = [before, after]`.
 * @example pad([1, 2], [[1, 0]]).toArray(); // [0, 1, 2]
 * @throws RangeError for negative widths, or when there is not one pair for every dimension.
 */
export const pad = (x: TensorLike, widths: readonly (readonly [number, number])[]): Tensor =>
  wrap(ops.pad(asNode(x), widths));
/**
 * Element(s) at position i of the first axis, which is dropped; negative i counts from the end.
 * @example at([10, 20, 30], -1).item(); // 30
 * @throws RangeError for a position outside.
 */
export const at = (x: TensorLike, i: number): Tensor => wrap(ops.at(asNode(x), i));

/**
 * Slices of `x` along `axis` (0) at the given zero-based indices; the shape of the indices replaces the axis.
 * @example take([10, 20, 30], [2, 0]).toArray(); // [30, 10]
 * @throws RangeError for an index outside, TypeError for indices that are not integers.
 */
export const take = (x: TensorLike, indices: TensorLike, axis = 0): Tensor =>
  wrap(indexing.take(asNode(x), asIndices("take", indices), axis));

/**
 * Zeros with `size` rows, to which each row of `updates` is added at its index.
 * @example scatterAdd([0, 2, 0], [1, 2, 3], 3).toArray(); // [4, 0, 2]
 * @throws RangeError for an index outside, TypeError for indices that are not integers.
 */
export const scatterAdd = (indices: TensorLike, updates: TensorLike, size: number): Tensor =>
  wrap(indexing.scatterAdd(asIndices("scatterAdd", indices), asNode(updates), size));

/** Integral numbers are accepted as indices whatever their dtype. */
function asIndices(caller: string, x: TensorLike): ReturnType<typeof asNode> {
  const node = asNode(x);
  const fraction = node.value?.findIndex((i) => !Number.isInteger(i)) ?? -1;
  if (fraction >= 0)
    throw new TypeError(`${caller}: index ${node.value![fraction]} at position ${fraction} is not an integer.`);
  return cast(node, "int32");
}
