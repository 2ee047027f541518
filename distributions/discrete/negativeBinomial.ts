import { poisson } from "../../src/random/counts.ts";
import { gamma } from "../../src/random/gamma.ts";
import { split } from "../../src/random/key.ts";
import { add, exp, lgamma, mul, neg, sigmoid, softplus, sub, xlog1py, xlogy } from "../../src/tensor/math.ts";
import { betainc } from "../../src/tensor/special.ts";
import type { Tensor, TensorLike } from "../../src/tensor/tensor.ts";
import { logit } from "../bijections.ts";
import { extendedReal, nonnegativeInteger, positive, unitInterval } from "../constraints.ts";
import { distribution, type Family } from "../family.ts";

/** log of Γ(n + x) / (Γ(n) x!). */
export const logNegativeChoose = (n: Tensor, x: Tensor): Tensor =>
  sub(lgamma(add(n, x)), add(lgamma(n), lgamma(add(x, 1))));

/**
 * Number of successes of probability `probs` = sigmoid(`logits`) before `totalCount` failures, which needn't be whole.
 *
 * @example
 * NegativeBinomial(10, 0.2).mean.item();   // 2.5
 */
export const NegativeBinomial: Family<
  [totalCount: TensorLike, probs?: TensorLike, logits?: TensorLike],
  "totalCount",
  "probs" | "logits"
> = distribution({
  name: "NegativeBinomial",
  parameters: {
    totalCount: { constraint: positive },
    probs: { constraint: unitInterval, from: { logits: sigmoid } },
    logits: { constraint: extendedReal, from: { probs: logit } },
  },
  support: nonnegativeInteger,
  logProb: (x, p, given) => {
    const kernel = given.has("logits")
      ? sub(mul(x, p.logits), mul(add(p.totalCount, x), softplus(p.logits)))
      : add(xlogy(x, p.probs), xlog1py(p.totalCount, neg(p.probs)));
    return add(kernel, logNegativeChoose(p.totalCount, x));
  },
  sample: (key, shape, { totalCount, logits }) => {
    const [forRate, forCount] = split(key);
    return poisson(forCount!, mul(gamma(forRate!, totalCount, shape), exp(logits)), shape);
  },
  mean: ({ totalCount, logits }) => mul(totalCount, exp(logits)),
  variance: ({ totalCount, logits }) => mul(mul(totalCount, exp(logits)), add(1, exp(logits))),
  cdf: (x, { totalCount, probs }) => betainc(totalCount, add(x, 1), sub(1, probs)),
});
