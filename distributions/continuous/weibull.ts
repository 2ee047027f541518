import { exponential } from "../../src/random/normal.ts";
import {
  add,
  div,
  exp,
  expm1,
  log,
  log1p,
  mul,
  neg,
  pow,
  reciprocal,
  square,
  sub,
  xlogy,
} from "../../src/tensor/math.ts";
import type { TensorLike } from "../../src/tensor/tensor.ts";
import { nonnegative, positive } from "../constraints.ts";
import { distribution, type Family } from "../family.ts";
import { EULER_GAMMA, gammaFunction, hasZero } from "../formulas.ts";

/**
 * The Weibull distribution with survival function exp(−(x / scale)^concentration).
 *
 * @example
 * Weibull(1.8, 2).cdf(1.8).item();   // 1 − 1/e
 */
export const Weibull: Family<[scale: TensorLike, concentration: TensorLike], "scale" | "concentration"> = distribution({
  name: "Weibull",
  parameters: { scale: { constraint: positive }, concentration: { constraint: positive } },
  support: nonnegative,
  logProb: (x, { scale, concentration: k }) => {
    const logScale = log(scale);
    const logRatio = sub(log(x), logScale);
    const power = hasZero(x) ? xlogy(sub(k, 1), div(x, scale)) : mul(sub(k, 1), logRatio);
    return add(sub(log(k), logScale), sub(power, exp(mul(k, logRatio))));
  },
  sample: (key, shape, { scale, concentration }) => mul(scale, pow(exponential(key, shape), reciprocal(concentration))),
  mean: ({ scale, concentration }) => mul(scale, gammaFunction(add(1, reciprocal(concentration)))),
  variance: ({ scale, concentration }) => {
    const r = reciprocal(concentration);
    return mul(square(scale), sub(gammaFunction(add(1, mul(2, r))), square(gammaFunction(add(1, r)))));
  },
  entropy: ({ scale, concentration: k }) => add(mul(EULER_GAMMA, sub(1, reciprocal(k))), add(log(div(scale, k)), 1)),
  cdf: (x, { scale, concentration }) => neg(expm1(neg(pow(div(x, scale), concentration)))),
  icdf: (q, { scale, concentration }) => mul(scale, pow(neg(log1p(neg(q))), reciprocal(concentration))),
});
