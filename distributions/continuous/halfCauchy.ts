import { cauchy } from "../../src/random/normal.ts";
import { abs, add, atan, cos, div, log, log1p, mul, sin, square, sub } from "../../src/tensor/math.ts";
import type { Tensor, TensorLike } from "../../src/tensor/tensor.ts";
import { nonnegative, positive } from "../constraints.ts";
import { constant } from "../distribution.ts";
import { distribution, type Family } from "../family.ts";
import { LOG_PI } from "../formulas.ts";

/** tan(π q / 2). */
const quantile = (q: Tensor): Tensor => div(sin(mul(Math.PI / 2, q)), cos(mul(Math.PI / 2, q)));

/**
 * |X| for X ~ Cauchy(0, scale); its mean and variance are ∞.
 *
 * @example
 * HalfCauchy(5).icdf(0.5).item();   // 5
 */
export const HalfCauchy: Family<[scale?: TensorLike], never, "scale"> = distribution({
  name: "HalfCauchy",
  parameters: { scale: { constraint: positive, default: 1 } },
  support: nonnegative,
  logProb: (x, { scale }) => sub(sub(Math.LN2 - LOG_PI, log(scale)), log1p(square(div(x, scale)))),
  sample: (key, shape, { scale }) => mul(scale, abs(cauchy(key, shape))),
  mean: () => constant(Number.POSITIVE_INFINITY),
  variance: () => constant(Number.POSITIVE_INFINITY),
  entropy: ({ scale }) => add(log(scale), LOG_PI + Math.LN2),
  cdf: (x, { scale }) => mul(2 / Math.PI, atan(div(x, scale))),
  icdf: (q, { scale }) => mul(scale, quantile(q)),
});
