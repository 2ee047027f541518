/** Plain shape arithmetic: sizes, strides, broadcasting. */
import type { DType, Shape, TypedArray } from "./graph.ts";

/** Number of elements; 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (let d = 0; d < shape.length; d++) size *= shape[d]!;
  return size;
}

/** `[8, 3]`, `[]` for a scalar: how shapes print in every message. */
export const formatShape = (shape: Shape): string => `[${shape.join(", ")}]`;

export function sameShape(a: Shape, b: Shape): boolean {
  if (a.length !== b.length) return false;
  for (let d = 0; d < a.length; d++) if (a[d] !== b[d]) return false;
  return true;
}

/** Row-major strides in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    strides[d] = stride;
    stride *= shape[d]!;
  }
  return strides;
}

/**
 * The shape two arrays take together: dimensions are matched from the right and a 1 stretches.
 * @throws TypeError when a pair of dimensions differs and neither is 1.
 */
export function broadcastShapes(a: Shape, b: Shape, what = "operands"): number[] {
  const rank = Math.max(a.length, b.length);
  const out = new Array<number>(rank);
  for (let d = 0; d < rank; d++) {
    const m = a[a.length - rank + d] ?? 1;
    const n = b[b.length - rank + d] ?? 1;
    if (m !== n && m !== 1 && n !== 1) {
      throw new TypeError(
        `${what}: shapes ${formatShape(a)} and ${formatShape(b)} do not broadcast: dimension ${d - rank} is ${m} against ${n}. ` +
          "Dimensions are matched from the right; insert a dimension of 1 with expandDims, or check the lengths of the data.",
      );
    }
    out[d] = m === 1 ? n : m;
  }
  return out;
}

/** Strides with which an array of shape `from` is read over the broadcast shape `to` (0 along stretched dimensions). */
export function broadcastStrides(from: Shape, to: Shape): number[] {
  const strides = stridesOf(from);
  const lead = to.length - from.length;
  return to.map((_, d) => (d < lead || from[d - lead] === 1 ? 0 : strides[d - lead]!));
}

/** Strides that send an element of the input to its place in the output: 0 along reduced axes. */
export function reducedStrides(shape: Shape, axes: readonly number[]): number[] {
  const kept = stridesOf(shape.filter((_, d) => !axes.includes(d)));
  let next = 0;
  return shape.map((_, d) => (axes.includes(d) ? 0 : kept[next++]!));
}

/** Axes as sorted, distinct, non-negative numbers. @throws RangeError for an axis outside the rank. */
export function normaliseAxes(axis: number | readonly number[] | undefined, rank: number, what: string): number[] {
  if (axis === undefined) return Array.from({ length: rank }, (_, d) => d);
  const axes = (typeof axis === "number" ? [axis] : [...axis]).map((a) => normaliseAxis(a, rank, what));
  return [...new Set(axes)].sort((a, b) => a - b);
}

/** One axis as a non-negative number. @throws RangeError for an axis outside the rank. */
export function normaliseAxis(axis: number, rank: number, what: string): number {
  const a = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || a < 0 || a >= rank) {
    throw new RangeError(
      `${what}: axis ${axis} is outside a tensor of rank ${rank}; use ${rank === 0 ? "no axis" : `${-rank} … ${rank - 1}`}.`,
    );
  }
  return a;
}

/** @throws RangeError when a dimension is not a whole number, 0 or more. */
export function checkShape(name: string, shape: Shape): void {
  if (!Array.isArray(shape) || shape.some((n) => !Number.isInteger(n) || n < 0)) {
    throw new RangeError(`${name}: the shape ${JSON.stringify(shape)} must be a list of whole numbers, 0 or more.`);
  }
}

/** A zero-filled array of the dtype's storage. */
export function allocate(dtype: DType, size: number): TypedArray {
  if (dtype === "float64") return new Float64Array(size);
  if (dtype === "float32") return new Float32Array(size);
  return dtype === "int32" ? new Int32Array(size) : new Uint8Array(size);
}

/**
 * Visits every index of `shape` in row-major order, with the offset into an array read by `strides`.
 * The reference evaluators are built on it: slow and obviously right.
 */
export function eachOffset(
  shape: Shape,
  strides: readonly number[],
  start: number,
  visit: (offset: number, i: number) => void,
): void {
  const size = sizeOf(shape);
  const inner = shape.length - 1;
  const row = shape[inner] ?? 1;
  const step = strides[inner] ?? 0;
  const index = new Array<number>(shape.length).fill(0);
  let offset = start;
  for (let i = 0; i < size; ) {
    for (let j = 0; j < row; j++) visit(offset + j * step, i++);
    for (let d = inner - 1; d >= 0; d--) {
      index[d]!++;
      offset += strides[d]!;
      if (index[d]! < shape[d]!) break;
      offset -= strides[d]! * shape[d]!;
      index[d] = 0;
    }
  }
}

/** The index of the element at a row-major position. @example indexAt(5, [2, 3]); // [1, 2] */
export function indexAt(position: number, shape: Shape): number[] {
  let rest = position;
  return shape
    .map((_, d) => {
      const n = shape[shape.length - 1 - d]!;
      const i = rest % n;
      rest = Math.floor(rest / n);
      return i;
    })
    .reverse();
}
