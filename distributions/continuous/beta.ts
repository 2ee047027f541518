import { beta } from "../../src/random/gamma.ts";
import { add, digamma, div, log1p, mul, neg, square, sub, xlog1py } from "../../src/tensor/math.ts";
import { betainc, betaincinv } from "../../src/tensor/special.ts";
import type { Tensor, TensorLike } from "../../src/tensor/tensor.ts";
import { hasValue } from "../../src/tensor/tensor.ts";
import { positive, unitInterval } from "../constraints.ts";
import { constant } from "../distribution.ts";
import { distribution, type Family } from "../family.ts";
import { hasZero, isEvery, logBeta, logPower } from "../formulas.ts";

/** exponent · log(1 − x), like `logPower`. */
function logPowerOfRest(exponent: Tensor, x: Tensor): Tensor {
  if (isEvery(exponent, 0)) return constant(0);
  return hasValue(x) && hasZero(sub(1, x)) ? xlog1py(exponent, neg(x)) : mul(exponent, log1p(neg(x)));
}

/**
 * The beta distribution, density ∝ x^(concentration1 − 1) (1 − x)^(concentration0 − 1).
 *
 * @example
 * Beta(2, 3).mean.item();   // 0.4
 */
export const Beta: Family<
  [concentration1: TensorLike, concentration0: TensorLike],
  "concentration1" | "concentration0"
> = distribution({
  name: "Beta",
  parameters: { concentration1: { constraint: positive }, concentration0: { constraint: positive } },
  support: unitInterval,
  logProb: (x, { concentration1: a, concentration0: b }) =>
    sub(add(logPower(sub(a, 1), x), logPowerOfRest(sub(b, 1), x)), logBeta(a, b)),
  sample: (key, shape, { concentration1, concentration0 }) => beta(key, concentration1, concentration0, shape),
  mean: ({ concentration1: a, concentration0: b }) => div(a, add(a, b)),
  variance: ({ concentration1: a, concentration0: b }) => {
    const total = add(a, b);
    return div(mul(a, b), mul(square(total), add(total, 1)));
  },
  entropy: ({ concentration1: a, concentration0: b }) => {
    const total = add(a, b);
    const digammas = add(mul(sub(a, 1), digamma(a)), mul(sub(b, 1), digamma(b)));
    return add(sub(logBeta(a, b), digammas), mul(sub(total, 2), digamma(total)));
  },
  cdf: (x, { concentration1, concentration0 }) => betainc(concentration1, concentration0, x),
  icdf: (q, { concentration1, concentration0 }) => betaincinv(concentration1, concentration0, q),
});
