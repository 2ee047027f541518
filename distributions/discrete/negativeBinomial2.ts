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
 * The negative binomial distribution by its mean; variance mean + mean² / concentration.
 *
 * @example
 * NegativeBinomial2(10, 5).variance.item();   // 30
 */
export const NegativeBinomial2: Family<[mean: TensorLike, concentration: TensorLike], "mean" | "concentration"> =
  distribution({
    name: "NegativeBinomial2",
    parameters: { mean: { constraint: positive }, concentration: { constraint: positive } },
    support: nonnegativeInteger,
    logProb: (x, { mean, concentration }) => {
      const logTotal = log(add(mean, concentration));
      return add(
        logNegativeChoose(concentration, x),
        sub(add(mul(x, log(mean)), mul(concentration, log(concentration))), mul(add(x, concentration), logTotal)),
      );
    },
    sample: (key, shape, { mean, concentration }) => {
      const [forRate, forCount] = split(key);
      return poisson(forCount!, mul(gamma(forRate!, concentration, shape), div(mean, concentration)), shape);
    },
    mean: ({ mean }) => mean,
    variance: ({ mean, concentration }) => add(mean, div(square(mean), concentration)),
    cdf: (x, { mean, concentration }) =>
      betainc(concentration, add(x, 1), div(concentration, add(mean, concentration))),
  });
