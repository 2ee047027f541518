import { cauchy } from "../../src/random/normal.ts";
import {
  abs,
  add,
  cos,
  div,
  lessEqual,
  log,
  log1p,
  mul,
  reciprocal,
  sin,
  square,
  sub,
  where,
} from "../../src/tensor/math.ts";
import { betainc } from "../../src/tensor/special.ts";
import type { Tensor, TensorLike } from "../../src/tensor/tensor.ts";
import { nonnegative, positive } from "../constraints.ts";
import { constant } from "../distribution.ts";
import { distribution, type Family } from "../family.ts";
import { LOG_PI } from "../formulas.ts";

/** tan(π q / 2). */
const quantile = (q: Tensor): Tensor => div(sin(mul(Math.PI / 2, q)), cos(mul(Math.PI / 2, q)));

/** (2/π) arctan z for z ≥ 0, as an incomplete beta function of whichever of z² and 1/z² is small. */
function cdf(z: Tensor): Tensor {
  const small = betainc(0.5, 0.5, div(square(z), add(1, square(z))));
  const large = sub(1, betainc(0.5, 0.5, reciprocal(add(1, square(z)))));
  return where(lessEqual(z, 1), small, large);
}

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
  cdf: (x, { scale }) => cdf(div(x, scale)),
  icdf: (q, { scale }) => mul(scale, quantile(q)),
});
