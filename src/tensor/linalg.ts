/** Linear algebra on tensors; leading dimensions are batches. */

import { scalar } from "../compiler/node.ts";
import { broadcastShapes, formatShape } from "../compiler/shapes.ts";
import { mul } from "../ops/arithmetic.ts";
import { log } from "../ops/elementary.ts";
import * as indexing from "../ops/indexing.ts";
import * as linalg from "../ops/linalg.ts";
import { broadcastTo } from "../ops/map.ts";
import { sum } from "../ops/reduce.ts";
import { expandDims, squeeze } from "../ops/shape.ts";
import { checkDefinite } from "./gaussian.ts";
import {
  asNode,
  type Binary,
  binary,
  knownValues,
  type Tensor,
  type TensorLike,
  type Unary,
  unary,
  wrap,
} from "./tensor.ts";

/**
 * Matrix product as in NumPy: vectors are rows on the left and columns on the right, leading dimensions broadcast.
 * @example matmul([[1, 2], [3, 4]], [1, 1]).toArray(); // [3, 7]
 * @throws TypeError when the inner dimensions differ, and for scalars.
 */
export const matmul: Binary = binary(linalg.matmul);

/**
 * Σ aᵢ bᵢ of two vectors.
 * @example dot([1, 2], [3, 4]).item(); // 11
 * @throws TypeError for other ranks or different lengths.
 */
export function dot(a: TensorLike, b: TensorLike): Tensor {
  const [x, y] = [asNode(a), asNode(b)];
  if (x.shape.length !== 1 || y.shape.length !== 1 || x.shape[0] !== y.shape[0]) {
    throw new TypeError(
      `dot: needs two vectors of one length, got ${formatShape(x.shape)} and ${formatShape(y.shape)}; use matmul for matrices.`,
    );
  }
  return wrap(sum(mul(x, y), [0]));
}

/** aᵢ bⱼ of two vectors. @example outer([1, 2], [3, 4]).toArray(); // [[3, 4], [6, 8]] */
export const outer: Binary = binary((a, b) => mul(expandDims(a, -1), b));

/**
 * Lower Cholesky factor of symmetric positive definite matrices `[…, n, n]`; the lower triangle is read.
 * @example cholesky([[4, 2], [2, 2]]).toArray(); // [[2, 0], [1, 1]]
 * @throws RangeError for a known matrix that is not positive definite.
 */
export function cholesky(a: TensorLike): Tensor {
  const factor = wrap(linalg.cholesky(asNode(a)));
  const values = knownValues(factor);
  if (values) checkDefinite(values, factor.shape);
  return factor;
}

/**
 * X with L X = B for a lower triangular L (upper with `lower: false`), or Lᵀ X = B with `transpose`; B may be a vector.
 * @example solveTriangular([[2, 0], [1, 1]], [2, 3]).toArray(); // [1, 2]
 * @throws TypeError when the rows of B are not those of L.
 */
export function solveTriangular(
  l: TensorLike,
  b: TensorLike,
  options: { readonly lower?: boolean; readonly transpose?: boolean } = {},
): Tensor {
  const { lower = true, transpose = false } = options;
  const factor = asNode(l);
  const right = asNode(b);
  const isVector = right.shape.length === 1;
  const matrix = isVector ? expandDims(right, -1) : right;
  // An upper system is the transpose of a lower one.
  const low = lower ? factor : linalg.transposeMatrix(factor);
  const lead = broadcastShapes(low.shape.slice(0, -2), matrix.shape.slice(0, -2), "solveTriangular");
  const fit = (x: typeof low): typeof low => broadcastTo(x, [...lead, ...x.shape.slice(-2)]);
  const solved = linalg.solveTriangular(fit(low), fit(matrix), lower ? transpose : !transpose);
  return wrap(isVector ? squeeze(solved, [-1]) : solved);
}

/**
 * log det of symmetric positive definite matrices, through the Cholesky factor.
 * @example logdet([[1, 0], [0, 1]]).item(); // 0
 * @throws RangeError for a known matrix that is not positive definite.
 */
export const logdet = (a: TensorLike): Tensor => {
  const diagonal = indexing.diagonal(cholesky(a).node);
  return wrap(mul(scalar(2), sum(log(diagonal), [diagonal.shape.length - 1])));
};

/** Diagonal entries of square matrices. @example diagonal([[1, 2], [3, 4]]).toArray(); // [1, 4] */
export const diagonal: Unary = unary(indexing.diagonal);
/** Square matrices with the given diagonal. @example diag([1, 2]).toArray(); // [[1, 0], [0, 2]] */
export const diag: Unary = unary(indexing.diagonalMatrix);
/** The lower triangle, with the diagonal; zeros above. @example tril([[1, 2], [3, 4]]).toArray(); // [[1, 0], [3, 4]] */
export const tril: Unary = unary(linalg.tril);
