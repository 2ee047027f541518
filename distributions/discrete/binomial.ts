import { binomial } from "../../src/random/counts.ts";
import { arange } from "../../src/tensor/create.ts";
import { add, less, maximum, mul, neg, sigmoid, softplus, sub, where, xlog1py, xlogy } from "../../src/tensor/math.ts";
import { betainc } from "../../src/tensor/special.ts";
import { hasValue, type Tensor, type TensorLike } from "../../src/tensor/tensor.ts";
import { logit } from "../bijections.ts";
import { extendedReal, integerInterval, nonnegativeInteger, unitInterval } from "../constraints.ts";
import type { Values } from "../definition.ts";
import { distribution, type Family } from "../family.ts";
import { entropyBySum, isEvery, largest, logChoose } from "../formulas.ts";

type Name = "totalCount" | "probs" | "logits";

function logProb(x: Tensor, p: Values<Name>, given: ReadonlySet<string>): Tensor {
  const failures = sub(p.totalCount, x);
  const kernel = given.has("logits")
    ? sub(mul(x, p.logits), mul(p.totalCount, softplus(p.logits)))
    : add(xlogy(x, p.probs), xlog1py(failures, neg(p.probs)));
  return add(kernel, logChoose(p.totalCount, x));
}

/**
 * Number of successes in `totalCount` trials of probability `probs` = sigmoid(`logits`).
 *
 * @example
 * Binomial({ totalCount: n, logits: eta });
 */
export const Binomial: Family<[totalCount?: TensorLike, probs?: TensorLike, logits?: TensorLike], never, Name> =
  distribution({
    name: "Binomial",
    parameters: {
      totalCount: { constraint: nonnegativeInteger, default: 1 },
      probs: { constraint: unitInterval, from: { logits: sigmoid } },
      logits: { constraint: extendedReal, from: { probs: logit } },
    },
    support: ({ totalCount }) => integerInterval(0, totalCount),
    logProb,
    sample: (key, shape, { totalCount, probs }) => binomial(key, totalCount, probs, shape),
    mean: ({ totalCount, probs }) => mul(totalCount, probs),
    variance: ({ totalCount, probs }) => mul(mul(totalCount, probs), sub(1, probs)),
    entropy: (p) => {
      const n = knownCount(p.totalCount);
      return entropyBySum(n, Math.max(p.totalCount.rank, p.probs.rank), (k) =>
        where(less(p.totalCount, k), Number.NEGATIVE_INFINITY, logProb(k, p, new Set(["probs"]))),
      );
    },
    cdf: (x, { totalCount, probs }) => {
      const failures = sub(totalCount, x);
      return where(less(failures, 1), 1, betainc(maximum(failures, 1), add(x, 1), sub(1, probs)));
    },
    enumerate: ({ totalCount }) => {
      const n = knownCount(totalCount);
      if (!isEvery(totalCount, n)) {
        throw new TypeError(
          "Binomial: enumerating needs the same totalCount everywhere; write one site for each totalCount",
        );
      }
      return arange(n + 1);
    },
  });

function knownCount(totalCount: Tensor): number {
  if (hasValue(totalCount)) return largest(totalCount);
  throw new TypeError("Binomial: totalCount must be data to sum over its values, not a traced tensor");
}
