import { bernoulli } from "../../src/random/uniform.ts";
import { tensor } from "../../src/tensor/create.ts";
import {
  add,
  cast,
  greater,
  less,
  mul,
  neg,
  sigmoid,
  softplus,
  sub,
  where,
  xlog1py,
  xlogy,
} from "../../src/tensor/math.ts";
import type { TensorLike } from "../../src/tensor/tensor.ts";
import { logit } from "../bijections.ts";
import { boolean, extendedReal, unitInterval } from "../constraints.ts";
import { distribution, type Family } from "../family.ts";

/**
 * 1 with probability `probs` = sigmoid(`logits`), 0 otherwise. Logits are cheaper and keep their digits.
 *
 * @example
 * Bernoulli({ logits: eta }).logProb(y);   // y η − softplus(η)
 */
export const Bernoulli: Family<[probs?: TensorLike, logits?: TensorLike], never, "probs" | "logits"> = distribution({
  name: "Bernoulli",
  parameters: {
    probs: { constraint: unitInterval, from: { logits: sigmoid } },
    logits: { constraint: extendedReal, from: { probs: logit } },
  },
  support: boolean,
  logProb: (x, p, given) =>
    given.has("logits")
      ? sub(mul(x, p.logits), softplus(p.logits))
      : add(xlogy(x, p.probs), xlog1py(sub(1, x), neg(p.probs))),
  sample: (key, shape, { probs }) => cast(bernoulli(key, probs, shape), "int32"),
  mean: ({ probs }) => probs,
  variance: ({ probs }) => mul(probs, sub(1, probs)),
  entropy: ({ probs }) => neg(add(xlogy(probs, probs), xlog1py(sub(1, probs), neg(probs)))),
  cdf: (x, { probs }) => where(less(x, 1), sub(1, probs), 1),
  icdf: (q, { probs }) => where(greater(q, sub(1, probs)), 1, 0),
  enumerate: () => tensor([0, 1]),
});
