import { normal } from "../../src/random/normal.ts";
import { abs, add, div, erf, log, mul, square, sub } from "../../src/tensor/math.ts";
import { erfinv } from "../../src/tensor/special.ts";
import type { TensorLike } from "../../src/tensor/tensor.ts";
import { nonnegative, positive } from "../constraints.ts";
import { distribution, type Family } from "../family.ts";
import { LOG_SQRT_2PI } from "../formulas.ts";

/**
 * |X| for X ~ Normal(0, scale).
 *
 * @example
 * HalfNormal(2).mean.item();   // 2 √(2/π)
 */
export const HalfNormal: Family<[scale?: TensorLike], never, "scale"> = distribution({
  name: "HalfNormal",
  parameters: { scale: { constraint: positive, default: 1 } },
  support: nonnegative,
  logProb: (x, { scale }) => sub(mul(-0.5, square(div(x, scale))), add(log(scale), LOG_SQRT_2PI - Math.LN2)),
  sample: (key, shape, { scale }) => mul(scale, abs(normal(key, shape))),
  mean: ({ scale }) => mul(scale, Math.sqrt(2 / Math.PI)),
  variance: ({ scale }) => mul(square(scale), 1 - 2 / Math.PI),
  entropy: ({ scale }) => add(log(scale), 0.5 + LOG_SQRT_2PI - Math.LN2),
  cdf: (x, { scale }) => erf(div(x, mul(scale, Math.SQRT2))),
  icdf: (q, { scale }) => mul(mul(scale, Math.SQRT2), erfinv(q)),
});
