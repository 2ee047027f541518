import { binomial } from "../../src/random/counts.ts";
import { beta } from "../../src/random/gamma.ts";
import { split } from "../../src/random/key.ts";
import { add, div, mul, square, sub } from "../../src/tensor/math.ts";
import type { TensorLike } from "../../src/tensor/tensor.ts";
import { integerInterval, nonnegativeInteger, positive } from "../constraints.ts";
import { distribution, type Family } from "../family.ts";
import { logBeta, logChoose } from "../formulas.ts";

/**
 * Binomial with a probability that is Beta(concentration1, concentration0).
 *
 * @example
 * BetaBinomial(2, 5, 10).mean.item();   // 2.857…
 */
export const BetaBinomial: Family<
  [concentration1: TensorLike, concentration0: TensorLike, totalCount?: TensorLike],
  "concentration1" | "concentration0",
  "totalCount"
> = distribution({
  name: "BetaBinomial",
  parameters: {
    concentration1: { constraint: positive },
    concentration0: { constraint: positive },
    totalCount: { constraint: nonnegativeInteger, default: 1 },
  },
  support: ({ totalCount }) => integerInterval(0, totalCount),
  logProb: (x, { concentration1: a, concentration0: b, totalCount: n }) =>
    add(logChoose(n, x), sub(logBeta(add(x, a), add(sub(n, x), b)), logBeta(a, b))),
  sample: (key, shape, { concentration1, concentration0, totalCount }) => {
    const [forProbs, forCount] = split(key);
    return binomial(forCount!, totalCount, beta(forProbs!, concentration1, concentration0, shape), shape);
  },
  mean: ({ concentration1: a, concentration0: b, totalCount: n }) => mul(n, div(a, add(a, b))),
  variance: ({ concentration1: a, concentration0: b, totalCount: n }) => {
    const total = add(a, b);
    return div(mul(mul(n, mul(a, b)), add(total, n)), mul(square(total), add(total, 1)));
  },
});
