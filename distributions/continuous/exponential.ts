import { exponential } from "../../src/random/normal.ts";
import { div, expm1, log, log1p, mul, neg, reciprocal, square, sub } from "../../src/tensor/math.ts";
import type { TensorLike } from "../../src/tensor/tensor.ts";
import { nonnegative, positive } from "../constraints.ts";
import { distribution, type Family } from "../family.ts";

/**
 * The exponential distribution with mean 1 / rate.
 *
 * @example
 * Exponential(2).logProb(0).item();   // log 2
 */
export const Exponential: Family<[rate?: TensorLike], never, "rate"> = distribution({
  name: "Exponential",
  parameters: { rate: { constraint: positive, default: 1 } },
  support: nonnegative,
  logProb: (x, { rate }) => sub(log(rate), mul(rate, x)),
  sample: (key, shape, { rate }) => div(exponential(key, shape), rate),
  mean: ({ rate }) => reciprocal(rate),
  variance: ({ rate }) => reciprocal(square(rate)),
  entropy: ({ rate }) => sub(1, log(rate)),
  cdf: (x, { rate }) => neg(expm1(neg(mul(rate, x)))),
  icdf: (q, { rate }) => neg(div(log1p(neg(q)), rate)),
});
