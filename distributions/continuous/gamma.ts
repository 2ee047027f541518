import { gamma } from "../../src/random/gamma.ts";
import { add, div, lgamma, log, mul, square, sub } from "../../src/tensor/math.ts";
import { gammainc, gammaincinv } from "../../src/tensor/special.ts";
import type { TensorLike } from "../../src/tensor/tensor.ts";
import { nonnegative, positive } from "../constraints.ts";
import { distribution, type Family } from "../family.ts";
import { gammaEntropy, logPower } from "../formulas.ts";

/**
 * The gamma distribution with shape `concentration` and mean concentration / rate.
 *
 * @example
 * Gamma(25, 4).mean.item();   // 6.25
 */
export const Gamma: Family<[concentration: TensorLike, rate?: TensorLike], "concentration", "rate"> = distribution({
  name: "Gamma",
  parameters: { concentration: { constraint: positive }, rate: { constraint: positive, default: 1 } },
  support: nonnegative,
  logProb: (x, { concentration, rate }) =>
    add(
      sub(logPower(sub(concentration, 1), x), mul(rate, x)),
      sub(mul(concentration, log(rate)), lgamma(concentration)),
    ),
  sample: (key, shape, { concentration, rate }) => div(gamma(key, concentration, shape), rate),
  mean: ({ concentration, rate }) => div(concentration, rate),
  variance: ({ concentration, rate }) => div(concentration, square(rate)),
  entropy: ({ concentration, rate }) => gammaEntropy(concentration, rate),
  cdf: (x, { concentration, rate }) => gammainc(concentration, mul(rate, x)),
  icdf: (q, { concentration, rate }) => div(gammaincinv(concentration, q), rate),
});
