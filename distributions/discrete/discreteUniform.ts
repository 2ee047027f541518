import { uniform } from "../../src/random/uniform.ts";
import { arange } from "../../src/tensor/create.ts";
import { add, ceil, div, floor, log, maximum, minimum, mul, neg, square, sub } from "../../src/tensor/math.ts";
import type { Tensor, TensorLike } from "../../src/tensor/tensor.ts";
import { integerGreaterThanEqual, integerInterval } from "../constraints.ts";
import { distribution, type Family } from "../family.ts";
import { isEvery } from "../formulas.ts";

const count = ({ low, high }: { readonly low: Tensor; readonly high: Tensor }): Tensor => add(sub(high, low), 1);

/**
 * Integers from `low` to `high`, both included, with equal probabilities.
 *
 * @example
 * DiscreteUniform(1, 6).mean.item();   // 3.5
 */
export const DiscreteUniform: Family<[low?: TensorLike, high?: TensorLike], never, "low" | "high"> = distribution({
  name: "DiscreteUniform",
  parameters: {
    low: { constraint: integerGreaterThanEqual(Number.NEGATIVE_INFINITY, "integer"), default: 0 },
    high: { constraint: ({ low }) => integerGreaterThanEqual(low), default: 1 },
  },
  support: ({ low, high }) => integerInterval(low, high),
  logProb: (_, p) => neg(log(count(p))),
  sample: (key, shape, p) => minimum(add(p.low, floor(mul(count(p), uniform(key, shape)))), p.high),
  mean: ({ low, high }) => mul(0.5, add(low, high)),
  variance: (p) => div(sub(square(count(p)), 1), 12),
  entropy: (p) => log(count(p)),
  cdf: (x, p) => div(add(sub(x, p.low), 1), count(p)),
  icdf: (q, p) => maximum(sub(add(p.low, ceil(mul(q, count(p)))), 1), p.low),
  enumerate: ({ low, high }) => {
    const [from, to] = [low.data[0]!, high.data[0]!];
    if (!isEvery(low, from) || !isEvery(high, to)) {
      throw new TypeError(
        "DiscreteUniform: enumerating needs the same bounds everywhere; write one site for each pair of bounds",
      );
    }
    return arange(from, to + 1);
  },
});
