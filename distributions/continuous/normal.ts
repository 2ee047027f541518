import { normal } from "../../src/random/normal.ts";
import { add, div, log, mul, normalCdf, square, sub } from "../../src/tensor/math.ts";
import { normalQuantile } from "../../src/tensor/special.ts";
import type { TensorLike } from "../../src/tensor/tensor.ts";
import { positive, real } from "../constraints.ts";
import { distribution, type Family } from "../family.ts";
import { LOG_SQRT_2PI } from "../formulas.ts";

/**
 * The normal distribution; `scale` is the standard deviation.
 *
 * @example
 * Normal(0, 1).logProb(0).item();               // -0.9189385332046728
 * Normal({ loc: mu, scale: 2 }).sample(key(0), [1000]);
 */
export const Normal: Family<[loc?: TensorLike, scale?: TensorLike], never, "loc" | "scale"> = distribution({
  name: "Normal",
  parameters: { loc: { constraint: real, default: 0 }, scale: { constraint: positive, default: 1 } },
  support: real,
  logProb: (x, { loc, scale }) => sub(mul(-0.5, square(div(sub(x, loc), scale))), add(log(scale), LOG_SQRT_2PI)),
  sample: (key, shape, { loc, scale }) => add(loc, mul(scale, normal(key, shape))),
  mean: ({ loc }) => loc,
  variance: ({ scale }) => square(scale),
  entropy: ({ scale }) => add(log(scale), 0.5 + LOG_SQRT_2PI),
  cdf: (x, { loc, scale }) => normalCdf(div(sub(x, loc), scale)),
  icdf: (q, { loc, scale }) => add(loc, mul(scale, normalQuantile(q))),
});
