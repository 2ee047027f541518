import { exponential } from "../../src/random/normal.ts";
import { add, div, exp, expm1, log, log1p, mul, neg, reciprocal, square, sub } from "../../src/tensor/math.ts";
import type { TensorLike } from "../../src/tensor/tensor.ts";
import { greaterThan, positive } from "../constraints.ts";
import { distribution, type Family } from "../family.ts";
import { whenAbove } from "../formulas.ts";

/**
 * The Pareto distribution on numbers greater than `scale`, density ∝ x^(−alpha − 1).
 *
 * @example
 * Pareto(1, 2).mean.item();   // 2
 */
export const Pareto: Family<[scale: TensorLike, alpha: TensorLike], "scale" | "alpha"> = distribution({
  name: "Pareto",
  parameters: { scale: { constraint: positive }, alpha: { constraint: positive } },
  support: ({ scale }) => greaterThan(scale),
  logProb: (x, { scale, alpha }) => sub(add(log(alpha), mul(alpha, log(scale))), mul(add(alpha, 1), log(x))),
  sample: (key, shape, { scale, alpha }) => mul(scale, exp(div(exponential(key, shape), alpha))),
  mean: ({ scale, alpha }) => whenAbove(alpha, 1, div(mul(alpha, scale), sub(alpha, 1)), Number.POSITIVE_INFINITY),
  variance: ({ scale, alpha }) =>
    whenAbove(alpha, 2, div(mul(alpha, square(div(scale, sub(alpha, 1)))), sub(alpha, 2)), Number.POSITIVE_INFINITY),
  entropy: ({ scale, alpha }) => add(log(div(scale, alpha)), add(1, reciprocal(alpha))),
  cdf: (x, { scale, alpha }) => neg(expm1(mul(alpha, log(div(scale, x))))),
  icdf: (q, { scale, alpha }) => mul(scale, exp(neg(div(log1p(neg(q)), alpha)))),
});
