import { uniform } from "../../src/random/uniform.ts";
import { add, div, log, mul, neg, square, sub } from "../../src/tensor/math.ts";
import type { TensorLike } from "../../src/tensor/tensor.ts";
import { greaterThan, interval, real } from "../constraints.ts";
import { distribution, type Family } from "../family.ts";

/**
 * The uniform distribution from `low` to `high`, which may depend on other variables.
 *
 * @example
 * Uniform(0, sub(1, alpha));   // its support is interval(0, 1 − alpha)
 */
export const Uniform: Family<[low?: TensorLike, high?: TensorLike], never, "low" | "high"> = distribution({
  name: "Uniform",
  parameters: {
    low: { constraint: real, default: 0 },
    high: { constraint: ({ low }) => greaterThan(low), default: 1 },
  },
  support: ({ low, high }) => interval(low, high),
  logProb: (_, { low, high }) => neg(log(sub(high, low))),
  sample: (key, shape, { low, high }) => add(low, mul(sub(high, low), uniform(key, shape))),
  mean: ({ low, high }) => mul(0.5, add(low, high)),
  variance: ({ low, high }) => div(square(sub(high, low)), 12),
  entropy: ({ low, high }) => log(sub(high, low)),
  cdf: (x, { low, high }) => div(sub(x, low), sub(high, low)),
  icdf: (q, { low, high }) => add(low, mul(q, sub(high, low))),
});
