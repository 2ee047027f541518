import { uniform } from "../../src/random/uniform.ts";
import { add, div, exp, log, mul, neg, square, sub } from "../../src/tensor/math.ts";
import type { Tensor, TensorLike } from "../../src/tensor/tensor.ts";
import { greaterThan, interval, positive } from "../constraints.ts";
import { distribution, type Family } from "../family.ts";

const width = (p: { readonly low: Tensor; readonly high: Tensor }): Tensor => sub(log(p.high), log(p.low));

/**
 * exp(X) for X uniform from log(low) to log(high): density ∝ 1 / x.
 *
 * @example
 * LogUniform(0.01, 100).icdf(0.5).item();   // 1
 */
export const LogUniform: Family<[low: TensorLike, high: TensorLike], "low" | "high"> = distribution({
  name: "LogUniform",
  parameters: { low: { constraint: positive }, high: { constraint: ({ low }) => greaterThan(low) } },
  support: ({ low, high }) => interval(low, high),
  logProb: (x, p) => sub(neg(log(x)), log(width(p))),
  sample: (key, shape, p) => mul(p.low, exp(mul(width(p), uniform(key, shape)))),
  mean: (p) => div(sub(p.high, p.low), width(p)),
  variance: (p) => {
    const w = width(p);
    return sub(div(sub(square(p.high), square(p.low)), mul(2, w)), square(div(sub(p.high, p.low), w)));
  },
  entropy: (p) => add(mul(0.5, add(log(p.low), log(p.high))), log(width(p))),
  cdf: (x, p) => div(sub(log(x), log(p.low)), width(p)),
  icdf: (q, p) => mul(p.low, exp(mul(q, width(p)))),
});
