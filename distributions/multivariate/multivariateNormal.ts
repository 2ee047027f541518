import { normal } from "../../src/random/normal.ts";
import { eye } from "../../src/tensor/create.ts";
import { centredLogDensity } from "../../src/tensor/gaussian.ts";
import { cholesky, diagonal, matmul, solveTriangular } from "../../src/tensor/linalg.ts";
import { add, log, mul, square, sub } from "../../src/tensor/math.ts";
import { sum } from "../../src/tensor/reduce.ts";
import { expandDims, flip, reshape, squeeze, transpose } from "../../src/tensor/shape.ts";
import type { Tensor, TensorLike } from "../../src/tensor/tensor.ts";
import { transposeLast } from "../axes.ts";
import { lowerCholesky, positiveDefinite, real, realVector } from "../constraints.ts";
import { distribution, type Family } from "../family.ts";
import { LOG_SQRT_2PI } from "../formulas.ts";

type Name = "loc" | "covarianceMatrix" | "precisionMatrix" | "scaleTril";

/** Cholesky factor of the inverse: the reversed factor of the reversed matrix is an upper one. */
export function choleskyOfInverse(precision: Tensor): Tensor {
  const reverse = (a: Tensor): Tensor => flip(flip(a, -1), -2);
  const upper = transposeLast(reverse(cholesky(reverse(precision))));
  return solveTriangular(upper, eye(precision.shape[precision.rank - 1]!));
}

/** L⁻¹ d for every vector d [batch…, n]; one solve for all of them when there is one L. */
function whiten(l: Tensor, d: Tensor): Tensor {
  const n = l.shape[l.rank - 1]!;
  if (l.rank > 2) return squeeze(solveTriangular(l, expandDims(d, -1)), -1);
  if (d.rank === 1) return solveTriangular(l, d);
  return reshape(transpose(solveTriangular(l, transpose(reshape(d, [d.size / n, n])))), d.shape);
}

const logDiagonal = (l: Tensor): Tensor => sum(log(diagonal(l)), -1);

/** L v for every vector v [batch…, n]. */
const colour = (l: Tensor, v: Tensor): Tensor =>
  l.rank > 2 ? sum(mul(l, expandDims(v, -2)), -1) : matmul(v, transposeLast(l));

/**
 * The normal distribution of vectors, by its covariance, its precision (inverse covariance) or the lower Cholesky factor
 * `scaleTril` of its covariance, which is the cheapest. `loc` may be a number.
 *
 * @example
 * MultivariateNormal({ loc: 0, covarianceMatrix: [[1, 0.5], [0.5, 1]] }).sample(key(0), [100]);   // [100, 2]
 */
export const MultivariateNormal: Family<
  [loc?: TensorLike, covarianceMatrix?: TensorLike, precisionMatrix?: TensorLike, scaleTril?: TensorLike],
  never,
  Name
> = distribution({
  name: "MultivariateNormal",
  parameters: {
    loc: { constraint: real, default: 0, eventDim: 1 },
    covarianceMatrix: {
      constraint: positiveDefinite,
      eventDim: 2,
      from: {
        precisionMatrix: (p) => covariance(choleskyOfInverse(p)),
        scaleTril: covariance,
      },
    },
    precisionMatrix: {
      constraint: positiveDefinite,
      eventDim: 2,
      from: { covarianceMatrix: inverse, scaleTril: (l) => inverse(covariance(l)) },
    },
    scaleTril: {
      constraint: lowerCholesky,
      eventDim: 2,
      from: { covarianceMatrix: cholesky, precisionMatrix: choleskyOfInverse },
    },
  },
  support: realVector,
  eventShape: (p, given) => {
    const matrix = given.has("covarianceMatrix")
      ? p.covarianceMatrix
      : given.has("precisionMatrix")
        ? p.precisionMatrix
        : p.scaleTril;
    return matrix.shape.slice(-1);
  },
  logProb: (x, p, given) => {
    const d = sub(x, p.loc);
    const n = d.shape[d.rank - 1]!;
    if (given.has("precisionMatrix")) {
      const l = cholesky(p.precisionMatrix);
      const z = colour(transposeLast(l), d);
      return add(mul(-0.5, sum(square(z), -1)), sub(logDiagonal(l), n * LOG_SQRT_2PI));
    }
    const known = given.has("covarianceMatrix") ? centredLogDensity(p.covarianceMatrix, d) : undefined;
    if (known) return sub(known, n * LOG_SQRT_2PI);
    const z = whiten(p.scaleTril, d);
    return sub(mul(-0.5, sum(square(z), -1)), add(logDiagonal(p.scaleTril), n * LOG_SQRT_2PI));
  },
  sample: (key, shape, p) => add(p.loc, colour(p.scaleTril, normal(key, shape))),
  mean: ({ loc }) => loc,
  variance: ({ scaleTril }) => sum(square(scaleTril), -1),
  entropy: (p) => {
    const n = p.scaleTril.shape[p.scaleTril.rank - 1]!;
    return add(logDiagonal(p.scaleTril), n * (0.5 + LOG_SQRT_2PI));
  },
});

function covariance(l: Tensor): Tensor {
  return matmul(l, transposeLast(l));
}

function inverse(a: Tensor): Tensor {
  const l = choleskyOfInverse(a);
  return matmul(l, transposeLast(l));
}
