/** Rearranging tensors. */
import type { Shape } from "../compiler/graph.ts";
import { cast } from "../ops/arithmetic.ts";
import * as indexing from "../ops/indexing.ts";
import * as map from "../ops/map.ts";
import * as ops from "../ops/shape.ts";
import { asNode, type Tensor, type TensorLike, wrap } from "./tensor.ts";

/** The same numbers under another shape; one dimension may be -1. @throws TypeError when the sizes differ. */
export const reshape = (x: TensorLike, shape: Shape): Tensor => wrap(ops.reshape(asNode(x), shape));
/** Permutes dimensions; reverses them when no permutation is given. */
export const transpose = (x: TensorLike, perm?: readonly number[]): Tensor => wrap(ops.transpose(asNode(x), perm));
/** Stretches dimensions of 1 and adds leading ones; nothing is copied while tracing. */
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
/** Inserts a dimension of 1. */
export const expandDims = (x: TensorLike, axis: number): Tensor => wrap(ops.expandDims(asNode(x), axis));
/** Drops dimensions of 1: the named ones, or all. */
export const squeeze = (x: TensorLike, axis?: number | readonly number[]): Tensor =>
  wrap(ops.squeeze(asNode(x), typeof axis === "number" ? [axis] : axis));
/** Joins tensors along an existing axis (0). */
export const concat = (xs: readonly TensorLike[], axis = 0): Tensor => wrap(ops.concat(xs.map(asNode), axis));
/** Joins tensors of one shape along a fresh axis (0). */
export const stack = (xs: readonly TensorLike[], axis = 0): Tensor => wrap(ops.stack(xs.map(asNode), axis));
/** Reverses one axis. */
export const flip = (x: TensorLike, axis: number): Tensor => wrap(ops.flip(asNode(x), axis));
/** Zeros around a tensor: `widths[d] = [before, after]`. */
export const pad = (x: TensorLike, widths: readonly (readonly [number, number])[]): Tensor =>
  wrap(ops.pad(asNode(x), widths));
/** Element(s) at position i of the first axis, which is dropped; negative i counts from the end. */
export const at = (x: TensorLike, i: number): Tensor => wrap(ops.at(asNode(x), i));

/**
 * Slices of `x` along `axis` (0) at the given zero-based indices; the shape of the indices replaces the axis.
 * @example take([10, 20, 30], [2, 0]).toArray(); // [30, 10]
 * @throws RangeError for an index outside, TypeError for indices that are not integers.
 */
export const take = (x: TensorLike, indices: TensorLike, axis = 0): Tensor =>
  wrap(indexing.take(asNode(x), asIndices(indices), axis));

/** Zeros with `size` rows, to which each row of `updates` is added at its index. */
export const scatterAdd = (indices: TensorLike, updates: TensorLike, size: number): Tensor =>
  wrap(indexing.scatterAdd(asIndices(indices), asNode(updates), size));

/** Integral numbers are accepted as indices whatever their dtype. */
function asIndices(x: TensorLike): ReturnType<typeof asNode> {
  const node = asNode(x);
  const fraction = node.value?.findIndex((i) => !Number.isInteger(i)) ?? -1;
  if (fraction >= 0)
    throw new TypeError(`take: index ${node.value![fraction]} at position ${fraction} is not an integer.`);
  return cast(node, "int32");
}
