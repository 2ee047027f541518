import { gamma } from "../../src/random/gamma.ts";
import { add, lgamma, mul, sub } from "../../src/tensor/math.ts";
import { gammainc, gammaincinv } from "../../src/tensor/special.ts";
import type { TensorLike } from "../../src/tensor/tensor.ts";
import { nonnegative, positive } from "../constraints.ts";
import { constant } from "../distribution.ts";
import { distribution, type Family } from "../family.ts";
import { gammaEntropy, logPower } from "../formulas.ts";

/**
 * The chi-squared distribution with `df` degrees of freedom: Gamma(df / 2, 1 / 2).
 *
 * @example
 * Chi2(3).mean.item();   // 3
 */
export const Chi2: Family<[df: TensorLike], "df"> = distribution({
  name: "Chi2",
  parameters: { df: { constraint: positive } },
  support: nonnegative,
  logProb: (x, { df }) => {
    const half = mul(0.5, df);
    return sub(sub(logPower(sub(half, 1), x), mul(0.5, x)), add(mul(half, Math.LN2), lgamma(half)));
  },
  sample: (key, shape, { df }) => mul(2, gamma(key, mul(0.5, df), shape)),
  mean: ({ df }) => df,
  variance: ({ df }) => mul(2, df),
  entropy: ({ df }) => gammaEntropy(mul(0.5, df), constant(0.5)),
  cdf: (x, { df }) => gammainc(mul(0.5, df), mul(0.5, x)),
  icdf: (q, { df }) => mul(2, gammaincinv(mul(0.5, df), q)),
});
