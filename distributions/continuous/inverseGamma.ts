import { gamma } from "../../src/random/gamma.ts";
import { add, digamma, div, lgamma, log, mul, square, sub } from "../../src/tensor/math.ts";
import { gammaincc, gammaincinv } from "../../src/tensor/special.ts";
import type { TensorLike } from "../../src/tensor/tensor.ts";
import { positive } from "../constraints.ts";
import { distribution, type Family } from "../family.ts";
import { whenAbove } from "../formulas.ts";

/**
 * 1 / X for X ~ Gamma(concentration, rate).
 *
 * @example
 * InverseGamma(3, 2).mean.item();   // 1
 */
export const InverseGamma: Family<[concentration: TensorLike, rate?: TensorLike], "concentration", "rate"> =
  distribution({
    name: "InverseGamma",
    parameters: { concentration: { constraint: positive }, rate: { constraint: positive, default: 1 } },
    support: positive,
    logProb: (x, { concentration, rate }) =>
      sub(
        sub(mul(concentration, log(rate)), lgamma(concentration)),
        add(mul(add(concentration, 1), log(x)), div(rate, x)),
      ),
    sample: (key, shape, { concentration, rate }) => div(rate, gamma(key, concentration, shape)),
    mean: ({ concentration, rate }) =>
      whenAbove(concentration, 1, div(rate, sub(concentration, 1)), Number.POSITIVE_INFINITY),
    variance: ({ concentration, rate }) => {
      const mean = div(rate, sub(concentration, 1));
      return whenAbove(concentration, 2, div(square(mean), sub(concentration, 2)), Number.POSITIVE_INFINITY);
    },
    entropy: ({ concentration, rate }) =>
      add(
        add(concentration, log(rate)),
        sub(lgamma(concentration), mul(add(concentration, 1), digamma(concentration))),
      ),
    cdf: (x, { concentration, rate }) => gammaincc(concentration, div(rate, x)),
    icdf: (q, { concentration, rate }) => div(rate, gammaincinv(concentration, sub(1, q))),
  });
