/** The bijections of vectors and matrices as transforms. */
import { biject } from "./biject.ts";
import {
  corrCholesky,
  lowerCholesky,
  orderedVector,
  positiveDefinite,
  positiveOrderedVector,
  simplex,
} from "./constraints.ts";
import type { Transform } from "./transforms.ts";

/** Numbers onto vectors in increasing order: y₁ = x₁ and log(yₖ − yₖ₋₁) = xₖ. */
export const OrderedTransform = (): Transform => biject(orderedVector);
/** Numbers onto vectors of positive numbers in increasing order: log y₁ = x₁ and log(yₖ − yₖ₋₁) = xₖ. */
export const PositiveOrderedTransform = (): Transform => biject(positiveOrderedVector);
/** K − 1 numbers onto the simplex of K, by breaking a stick. */
export const StickBreakingTransform = (): Transform => biject(simplex);
/** Packed rows [n (n + 1) / 2] onto lower triangular matrices [n, n]; the diagonal goes through exp. */
export const LowerCholeskyTransform = (): Transform => biject(lowerCholesky);
/** Packed rows [n (n + 1) / 2] onto positive definite matrices [n, n], by way of the Cholesky factor. */
export const PositiveDefiniteTransform = (): Transform => biject(positiveDefinite);
/** Partial correlations, packed by rows [n (n − 1) / 2], onto Cholesky factors of correlation matrices [n, n]. */
export const CorrCholeskyTransform = (): Transform => biject(corrCholesky);
