import {
  add,
  div,
  exp,
  expm1,
  floor,
  log,
  log1p,
  mul,
  neg,
  sigmoid,
  softplus,
  sub,
  xlog1py,
} from "../../src/tensor/math.ts";
import type { TensorLike } from "../../src/tensor/tensor.ts";
import { logit } from "../bijections.ts";
import { extendedReal, nonnegativeInteger, unitInterval } from "../constraints.ts";
import { openUniform } from "../draws.ts";
import { distribution, type Family } from "../family.ts";

/**
 * Number of failures (0, 1, …) before the first success of probability `probs` = sigmoid(`logits`).
 *
 * @example
 * Geometric(0.2).mean.item();   // 4
 */
export const Geometric: Family<[probs?: TensorLike, logits?: TensorLike], never, "probs" | "logits"> = distribution({
  name: "Geometric",
  parameters: {
    probs: { constraint: unitInterval, from: { logits: sigmoid } },
    logits: { constraint: extendedReal, from: { probs: logit } },
  },
  support: nonnegativeInteger,
  logProb: (x, p, given) =>
    given.has("logits")
      ? sub(p.logits, mul(add(x, 1), softplus(p.logits)))
      : add(xlog1py(x, neg(p.probs)), log(p.probs)),
  sample: (key, shape, { probs }) => floor(div(log(openUniform(key, shape)), log1p(neg(probs)))),
  mean: ({ logits }) => exp(neg(logits)),
  variance: ({ probs, logits }) => div(exp(neg(logits)), probs),
  entropy: ({ probs, logits }) => sub(div(softplus(logits), probs), logits),
  cdf: (x, { probs }) => neg(expm1(mul(add(x, 1), log1p(neg(probs))))),
});
