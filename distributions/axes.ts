/** Shape helpers shared by constraints, transforms and distributions: things done to the rightmost axes. */
import type { Shape } from "../src/compiler/graph.ts";
import { all, sum } from "../src/tensor/reduce.ts";
import { broadcastTo, reshape, slice, transpose } from "../src/tensor/shape.ts";
import type { Tensor } from "../src/tensor/tensor.ts";

const rightmost = (x: Tensor, n: number): number[] => Array.from({ length: n }, (_, i) => x.rank - 1 - i);

/** Sum over the rightmost `n` axes. */
export const sumRight = (x: Tensor, n: number): Tensor => (n === 0 ? x : sum(x, rightmost(x, n)));

/** Whether all are true over the rightmost `n` axes. */
export const allRight = (x: Tensor, n: number): Tensor => (n === 0 ? x : all(x, rightmost(x, n)));

/** The same values with `n` axes of length 1 appended on the right. */
export const expandRight = (x: Tensor, n: number): Tensor =>
  n === 0 ? x : reshape(x, [...x.shape, ...new Array<number>(n).fill(1)]);

/** Entries `start` to `stop` (exclusive) of the last axis. */
export function sliceLast(x: Tensor, start: number, stop: number): Tensor {
  const starts = x.shape.map(() => 0);
  const stops = [...x.shape];
  starts[x.rank - 1] = start;
  stops[x.rank - 1] = stop;
  return slice(x, starts, stops);
}

/** The matrices `[…, n, m]` transposed to `[…, m, n]`. */
export function transposeLast(x: Tensor): Tensor {
  const perm = x.shape.map((_, i) => i);
  perm[x.rank - 1] = x.rank - 2;
  perm[x.rank - 2] = x.rank - 1;
  return transpose(x, perm);
}

/** `broadcastTo` that leaves a tensor of the right shape alone. */
export const broadcastToShape = (x: Tensor, shape: Shape): Tensor =>
  sameShape(x.shape, shape) ? x : broadcastTo(x, shape);

/** Whether two shapes are equal, axis by axis. */
export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((n, i) => n === b[i]);

/** A shape without its rightmost `n` axes. */
export const leftOf = (shape: Shape, n: number): Shape => shape.slice(0, Math.max(0, shape.length - n));
