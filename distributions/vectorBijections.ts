/**
 * Bijections of vectors and matrices, in the conventions of Stan's reference manual ("Constraint transforms"), so that
 * log densities on the unconstrained scale can be compared.
 */

import type { Shape } from "../src/compiler/graph.ts";
import { eye, zeros } from "../src/tensor/create.ts";
import { cholesky, diagonal, matmul } from "../src/tensor/linalg.ts";
import { add, div, exp, log, log1p, mul, neg, softplus, sqrt, sub, tanh } from "../src/tensor/math.ts";
import { cumsum, sum } from "../src/tensor/reduce.ts";
import { concat, flip, reshape, take } from "../src/tensor/shape.ts";
import type { Tensor } from "../src/tensor/tensor.ts";
import { sliceLast, sumRight, transposeLast } from "./axes.ts";
import type { Bijection } from "./types.ts";

const lastOf = (shape: Shape): number => shape[shape.length - 1]!;
const withLast = (shape: Shape, ...n: number[]): number[] => [...shape.slice(0, -1), ...n];
const differences = (y: Tensor): Tensor => sub(sliceLast(y, 1, lastOf(y.shape)), sliceLast(y, 0, lastOf(y.shape) - 1));

/** y₁ = x₁ and log(yₖ − yₖ₋₁) = xₖ: vectors in increasing order. */
export const ordered: Bijection = {
  name: "OrderedTransform",
  domainDim: 1,
  forward: (x) => cumsum(concat([sliceLast(x, 0, 1), exp(sliceLast(x, 1, lastOf(x.shape)))], -1), -1),
  inverse: (y) => concat([sliceLast(y, 0, 1), log(differences(y))], -1),
  logAbsDetJacobian: (x) => sum(sliceLast(x, 1, lastOf(x.shape)), -1),
};

/** log y₁ = x₁ and log(yₖ − yₖ₋₁) = xₖ: vectors of positive numbers in increasing order. */
export const positiveOrdered: Bijection = {
  name: "PositiveOrderedTransform",
  domainDim: 1,
  forward: (x) => cumsum(exp(x), -1),
  inverse: (y) => concat([log(sliceLast(y, 0, 1)), log(differences(y))], -1),
  logAbsDetJacobian: (x) => sum(x, -1),
};

/** log(K − k) for k = 1 … K − 1: shifts 0 to the centre of the simplex. */
const stickOffsets = (n: number): Tensor => log(Array.from({ length: n }, (_, k) => n - k));

/**
 * Stick breaking from K − 1 numbers onto the simplex of K: zₖ = sigmoid(xₖ − log(K − k)) of what is left of the stick.
 *
 * With a = x − log(K − k) and Cₖ = Σ_{j≤k} softplus(aⱼ), what is left after k breaks is exp(−Cₖ), so yₖ = exp(aₖ − Cₖ)
 * and y_K = exp(−C_{K−1}): no differences of nearly equal numbers.
 */
export const stickBreaking: Bijection = {
  name: "StickBreakingTransform",
  domainDim: 1,
  forward: (x) => {
    const { a, c } = sticks(x);
    const n = lastOf(x.shape);
    return exp(concat([sub(a, c), neg(sliceLast(c, n - 1, n))], -1));
  },
  inverse: (y) => {
    const n = lastOf(y.shape) - 1;
    // What is left after k breaks, summed from the small end.
    const left = flip(cumsum(flip(sliceLast(y, 1, n + 1), -1), -1), -1);
    return add(sub(log(sliceLast(y, 0, n)), log(left)), stickOffsets(n));
  },
  logAbsDetJacobian: (x) => {
    const { a, s, c } = sticks(x);
    return sum(sub(a, add(s, c)), -1);
  },
  forwardShape: (shape) => withLast(shape, lastOf(shape) + 1),
  inverseShape: (shape) => withLast(shape, lastOf(shape) - 1),
};

const sticks = (x: Tensor): { a: Tensor; s: Tensor; c: Tensor } => {
  const a = sub(x, stickOffsets(lastOf(x.shape)));
  const s = softplus(a);
  return { a, s, c: cumsum(s, -1) };
};

/** n for a vector that holds a lower triangle with its diagonal. */
function triangleSize(length: number): number {
  const n = Math.round((Math.sqrt(8 * length + 1) - 1) / 2);
  if ((n * (n + 1)) / 2 !== length) {
    throw new RangeError(`a lower triangle has 1, 3, 6, 10, … entries, got a vector of ${length}`);
  }
  return n;
}

/** Place of entry (i, j) in a lower triangle packed by rows. */
const packed = (i: number, j: number): number => (i * (i + 1)) / 2 + j;

/** [0, 1, 2, …, n²) as rows and columns, mapped to indices. */
const matrixOf = (n: number, index: (i: number, j: number) => number): number[] =>
  Array.from({ length: n * n }, (_, k) => index(Math.floor(k / n), k % n));

const diagonalPlaces = (n: number): number[] => Array.from({ length: n }, (_, i) => packed(i, i));
const trianglePlaces = (n: number): number[] =>
  Array.from({ length: n }, (_, i) => Array.from({ length: i + 1 }, (_, j) => i * n + j)).flat();

/** Packed rows, the diagonal through exp, into a lower triangular matrix. */
function fillLower(x: Tensor): Tensor {
  const length = lastOf(x.shape);
  const n = triangleSize(length);
  const pool = concat([x, exp(x), zeros(withLast(x.shape, 1))], -1);
  const index = matrixOf(n, (i, j) => (j < i ? packed(i, j) : j === i ? length + packed(i, i) : 2 * length));
  return reshape(take(pool, index, -1), withLast(x.shape, n, n));
}

/** The packed rows of `fillLower`, back from the matrix. */
function unfillLower(y: Tensor): Tensor {
  const n = lastOf(y.shape);
  const rows = take(reshape(y, [...y.shape.slice(0, -2), n * n]), trianglePlaces(n), -1);
  const pool = concat([rows, log(diagonal(y))], -1);
  const index = Array.from({ length: n }, (_, i) =>
    Array.from({ length: i + 1 }, (_, j) => (i === j ? (n * (n + 1)) / 2 + i : packed(i, j))),
  ).flat();
  return take(pool, index, -1);
}

const unpackedShape = (shape: Shape): Shape =>
  withLast(shape, triangleSize(lastOf(shape)), triangleSize(lastOf(shape)));
const packedShape = (shape: Shape): Shape => [...shape.slice(0, -2), packed(lastOf(shape), 0)];

/** Packed rows [n (n + 1) / 2] onto lower triangular matrices [n, n]; the diagonal goes through exp. */
export const lowerTriangular: Bijection = {
  name: "LowerCholeskyTransform",
  domainDim: 1,
  forward: fillLower,
  inverse: unfillLower,
  logAbsDetJacobian: (x) => sum(take(x, diagonalPlaces(triangleSize(lastOf(x.shape))), -1), -1),
  forwardShape: unpackedShape,
  inverseShape: packedShape,
};

/** Packed rows [n (n + 1) / 2] onto positive definite matrices [n, n], by way of the Cholesky factor. */
export const positiveDefinite: Bijection = {
  name: "PositiveDefiniteTransform",
  domainDim: 1,
  forward: (x) => {
    const l = fillLower(x);
    return matmul(l, transposeLast(l));
  },
  inverse: (y) => unfillLower(cholesky(y)),
  logAbsDetJacobian: (x) => {
    const n = triangleSize(lastOf(x.shape));
    const weights = Array.from({ length: n }, (_, k) => n - k + 1);
    return add(sum(mul(weights, take(x, diagonalPlaces(n), -1)), -1), n * Math.LN2);
  },
  forwardShape: unpackedShape,
  inverseShape: packedShape,
};

/**
 * Canonical partial correlations tanh(x), packed by rows [n (n − 1) / 2], onto Cholesky factors of correlation matrices
 * [n, n] (Lewandowski, Kurowicka and Joe 2009, in Stan's order).
 */
export const partialCorrelations: Bijection = {
  name: "CorrCholeskyTransform",
  domainDim: 1,
  forward: (x) => {
    const { n, matrix, before } = correlationParts(x);
    return mul(add(tanh(matrix), eye(n)), exp(neg(before)));
  },
  inverse: (y) => {
    const n = lastOf(y.shape);
    const left = flip(cumsum(flip(mul(y, y), -1), -1), -1);
    const places = Array.from({ length: n }, (_, i) => Array.from({ length: i }, (_, j) => i * n + j)).flat();
    const flat = (t: Tensor): Tensor => take(reshape(t, [...t.shape.slice(0, -2), n * n]), places, -1);
    const z = div(flat(y), sqrt(flat(left)));
    return mul(0.5, sub(log1p(z), log1p(neg(z))));
  },
  logAbsDetJacobian: (x) => {
    const { n, logCosh, before } = correlationParts(x);
    const below = reshape(
      matrixOf(n, (i, j) => (j < i ? 1 : 0)),
      [n, n],
    );
    return neg(sumRight(add(mul(2, logCosh), mul(below, before)), 2));
  },
  forwardShape: (shape) => withLast(shape, correlationSize(lastOf(shape)), correlationSize(lastOf(shape))),
  inverseShape: (shape) => [...shape.slice(0, -2), (lastOf(shape) * (lastOf(shape) - 1)) / 2],
};

/** n for a vector that holds a lower triangle without its diagonal. */
const correlationSize = (length: number): number => (length === 0 ? 1 : triangleSize(length) + 1);

/** x in its places below the diagonal, log cosh x there, and its sum over earlier columns. */
const correlationParts = (x: Tensor): { n: number; matrix: Tensor; logCosh: Tensor; before: Tensor } => {
  const length = lastOf(x.shape);
  const n = correlationSize(length);
  const pool = concat([x, zeros(withLast(x.shape, 1))], -1);
  const index = matrixOf(n, (i, j) => (j < i ? (i * (i - 1)) / 2 + j : length));
  const matrix = reshape(take(pool, index, -1), withLast(x.shape, n, n));
  const logCosh = sub(add(matrix, softplus(mul(-2, matrix))), Math.LN2);
  return { n, matrix, logCosh, before: sub(cumsum(logCosh, -1), logCosh) };
};
