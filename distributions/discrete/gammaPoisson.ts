import { poisson } from "../../src/random/counts.ts";
import { gamma } from "../../src/random/gamma.ts";
import { split } from "../../src/random/key.ts";
import { add, div, log, mul, square, sub } from "../../src/tensor/math.ts";
import { betainc } from "../../src/tensor/special.ts";
import type { TensorLike } from "../../src/tensor/tensor.ts";
import { nonnegativeInteger, positive } from "../constraints.ts";
import { distribution, type Family } from "../family.ts";
import { logNegativeChoose } from "./negativeBinomial.ts";

/**
 * Poisson with a rate that is Gamma(concentration, rate): a negative binomial distribution.
 *
 * @example
 * GammaPoisson(2, 2).mean.item();   // 1
 */
export const GammaPoisson: Family<[concentration: TensorLike, rate?: TensorLike], "concentration", "rate"> =
  distribution({
    name: "GammaPoisson",
    parameters: { concentration: { constraint: positive }, rate: { constraint: positive, default: 1 } },
    support: nonnegativeInteger,
    logProb: (x, { concentration, rate }) =>
      add(
        logNegativeChoose(concentration, x),
        sub(mul(concentration, log(rate)), mul(add(concentration, x), log(add(rate, 1)))),
      ),
    sample: (key, shape, { concentration, rate }) => {
      const [forRate, forCount] = split(key);
      return poisson(forCount!, div(gamma(forRate!, concentration, shape), rate), shape);
    },
    mean: ({ concentration, rate }) => div(concentration, rate),
    variance: ({ concentration, rate }) => mul(div(concentration, square(rate)), add(1, rate)),
    cdf: (x, { concentration, rate }) => betainc(concentration, add(x, 1), div(rate, add(rate, 1))),
  });
