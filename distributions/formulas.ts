/** Pieces that several families' formulas share. */

import { arange, zeros } from "../src/tensor/create.ts";
import { add, digamma, exp, greater, isFinite, lgamma, log, mul, neg, sub, where, xlogy } from "../src/tensor/math.ts";
import { sum } from "../src/tensor/reduce.ts";
import { reshape } from "../src/tensor/shape.ts";
import { knownValues, type Tensor, type TensorLike } from "../src/tensor/tensor.ts";

/** log √(2π). */
export const LOG_SQRT_2PI = 0.9189385332046728;
export const LOG_PI = 1.1447298858494002;
/** Euler's constant γ. */
export const EULER_GAMMA = 0.5772156649015329;

/** Whether every entry of a tensor with known values is this number. */
export const isEvery = (x: Tensor, value: number): boolean =>
  knownValues(x)?.every((v: number) => v === value) === true;

/** Whether some entry of a tensor with known values is 0. */
export const hasZero = (x: Tensor): boolean => knownValues(x)?.some((v: number) => v === 0) === true;

/**
 * exponent · log(base), with 0 · log 0 = 0 where known zeros make it matter; a traced base is taken to be positive, which
 * spares every entry a comparison.
 */
export function logPower(exponent: Tensor, base: Tensor): Tensor {
  if (isEvery(exponent, 0)) return zeros([]);
  return hasZero(base) ? xlogy(exponent, base) : mul(exponent, log(base));
}

/** log B(a, b) = log Γ(a) + log Γ(b) − log Γ(a + b). */
export const logBeta = (a: TensorLike, b: TensorLike): Tensor => sub(add(lgamma(a), lgamma(b)), lgamma(add(a, b)));

/** log of the binomial coefficient, n over k. */
export const logChoose = (n: TensorLike, k: TensorLike): Tensor =>
  sub(lgamma(add(n, 1)), add(lgamma(add(k, 1)), lgamma(add(sub(n, k), 1))));

/** Γ(x). */
export const gammaFunction = (x: TensorLike): Tensor => exp(lgamma(x));

/** Entropy of Gamma(a, rate). */
export const gammaEntropy = (a: Tensor, rate: Tensor): Tensor =>
  add(sub(a, log(rate)), add(lgamma(a), mul(sub(1, a), digamma(a))));

/** `value` where `x > bound`, `otherwise` elsewhere: moments that exist only for some parameters. */
export const whenAbove = (x: Tensor, bound: number, value: Tensor, otherwise: TensorLike): Tensor =>
  where(greater(x, bound), value, otherwise);

/**
 * Entropy of a distribution on 0 … n by summation of −p log p. `rank` is the rank of its batch.
 */
export function entropyBySum(n: number, rank: number, logProb: (k: Tensor) => Tensor): Tensor {
  const k = reshape(arange(n + 1), [n + 1, ...new Array<number>(rank).fill(1)]);
  const lp = logProb(k);
  // p log p → 0 where log p is −∞ (or the formula isn't a number because k is past the end).
  return neg(sum(where(isFinite(lp), mul(exp(lp), lp), 0), 0));
}

/** The largest of known values. */
export const largest = (x: Tensor): number =>
  Array.from(x.data).reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
