import { normal } from "../../src/random/normal.ts";
import { add, div, exp, expm1, log, mul, normalCdf, square, sub } from "../../src/tensor/math.ts";
import { normalQuantile } from "../../src/tensor/special.ts";
import type { TensorLike } from "../../src/tensor/tensor.ts";
import { positive, real } from "../constraints.ts";
import { distribution, type Family } from "../family.ts";
import { LOG_SQRT_2PI } from "../formulas.ts";

/**
 * exp(X) for X ~ Normal(loc, scale).
 *
 * @example
 * LogNormal(0, 1).icdf(0.5).item();   // 1
 */
export const LogNormal: Family<[loc?: TensorLike, scale?: TensorLike], never, "loc" | "scale"> = distribution({
  name: "LogNormal",
  parameters: { loc: { constraint: real, default: 0 }, scale: { constraint: positive, default: 1 } },
  support: positive,
  logProb: (x, { loc, scale }) => {
    const logX = log(x);
    const z = div(sub(logX, loc), scale);
    return sub(sub(mul(-0.5, square(z)), logX), add(log(scale), LOG_SQRT_2PI));
  },
  sample: (key, shape, { loc, scale }) => exp(add(loc, mul(scale, normal(key, shape)))),
  mean: ({ loc, scale }) => exp(add(loc, mul(0.5, square(scale)))),
  variance: ({ loc, scale }) => mul(expm1(square(scale)), exp(add(mul(2, loc), square(scale)))),
  entropy: ({ loc, scale }) => add(add(loc, log(scale)), 0.5 + LOG_SQRT_2PI),
  cdf: (x, { loc, scale }) => normalCdf(div(sub(log(x), loc), scale)),
  icdf: (q, { loc, scale }) => exp(add(loc, mul(scale, normalQuantile(q)))),
});
