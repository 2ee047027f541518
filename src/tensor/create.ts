/** Making tensors. */
import type { DType, Shape } from "../compiler/graph.ts";
import { allocate, checkShape, sizeOf } from "../compiler/shapes.ts";
import { asTensor, fromData, type Tensor, type TensorLike } from "./tensor.ts";

/**
 * A tensor of a number, nested arrays or a typed array.
 * @example tensor([[1, 2], [3, 4]]).shape; // [2, 2]
 */
export function tensor(x: TensorLike, options: { readonly dtype?: DType } = {}): Tensor {
  // A typed array stays the caller's, who may write to it again.
  return asTensor(ArrayBuffer.isView(x) ? x.slice() : x, options.dtype);
}

/** Every element `value`; dtype float64 unless given. @example full([2], 7).toArray(); // [7, 7] */
export function full(shape: Shape, value: number, options: { readonly dtype?: DType } = {}): Tensor {
  const dtype = options.dtype ?? "float64";
  checkShape("full", shape);
  return fromData(allocate(dtype, sizeOf(shape)).fill(dtype === "bool" ? Number(value !== 0) : value), shape, dtype);
}
/** Every element 0. @example zeros([2]).toArray(); // [0, 0] */
export const zeros = (shape: Shape, options?: { readonly dtype?: DType }): Tensor => full(shape, 0, options);
/** Every element 1. @example ones([2]).toArray(); // [1, 1] */
export const ones = (shape: Shape, options?: { readonly dtype?: DType }): Tensor => full(shape, 1, options);

/**
 * Numbers from `start` (0) up to but without `stop` in steps of `step` (1), as float64.
 * @example arange(3).toArray(); // [0, 1, 2]
 * @throws RangeError when the step is 0 or not finite.
 */
export function arange(startOrStop: number, stop?: number, step = 1): Tensor {
  if (step === 0 || !Number.isFinite(step)) throw new RangeError(`arange: step ${step} must be finite and not 0.`);
  const [from, to] = stop === undefined ? [0, startOrStop] : [startOrStop, stop];
  if (!Number.isFinite(from) || !Number.isFinite(to))
    throw new RangeError(`arange: from ${from} to ${to}: both must be finite.`);
  const n = Math.max(Math.ceil((to - from) / step), 0);
  return fromData(
    Float64Array.from({ length: n }, (_, i) => from + i * step),
    [n],
  );
}

/**
 * `n` equally spaced numbers from `start` to `stop`, both included.
 * @example linspace(0, 1, 3).toArray(); // [0, 0.5, 1]
 * @throws RangeError for n < 1.
 */
export function linspace(start: number, stop: number, n = 50): Tensor {
  if (!Number.isInteger(n) || n < 1) throw new RangeError(`linspace: ${n} points; ask for 1 or more.`);
  const at = (i: number): number => (i === n - 1 && n > 1 ? stop : start + (i * (stop - start)) / Math.max(n - 1, 1));
  return fromData(
    Float64Array.from({ length: n }, (_, i) => at(i)),
    [n],
  );
}

/** The identity matrix of shape [n, n]. @example eye(2).toArray(); // [[1, 0], [0, 1]] */
export function eye(n: number): Tensor {
  checkShape("eye", [n]);
  const data = new Float64Array(n * n);
  for (let i = 0; i < n; i++) data[i * (n + 1)] = 1;
  return fromData(data, [n, n]);
}
