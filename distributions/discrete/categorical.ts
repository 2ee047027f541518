import { categorical } from "../../src/random/categorical.ts";
import { arange } from "../../src/tensor/create.ts";
import { add, exp, lessEqual, log, mul, neg, sub, where, xlogy } from "../../src/tensor/math.ts";
import { logsumexp, sum } from "../../src/tensor/reduce.ts";
import { reshape, take } from "../../src/tensor/shape.ts";
import { hasValue, type Tensor, type TensorLike } from "../../src/tensor/tensor.ts";
import { expandRight } from "../axes.ts";
import { extendedReal, independent, integerInterval, simplex } from "../constraints.ts";
import { constant } from "../distribution.ts";
import { distribution, type Family } from "../family.ts";

const categories = (p: Tensor): number => p.shape[p.rank - 1] ?? 0;

/** Entry x of each row of a table [batch…, K]: rows are laid end to end, so that nothing is broadcast. */
function lookUp(table: Tensor, x: Tensor): Tensor {
  const n = categories(table);
  const batch = table.shape.slice(0, -1);
  const index = hasValue(x) ? where(integerInterval(0, n - 1).check(x), x, 0) : x;
  if (batch.length === 0) return take(table, index);
  const rows = batch.reduce((a, b) => a * b, 1);
  return take(reshape(table, [rows * n]), add(index, reshape(mul(arange(rows), n), batch)));
}

/**
 * 0, 1, … K − 1 with probabilities `probs` [batch…, K], or proportional to exp(`logits`). Mean and variance of labels mean
 * nothing and are NaN.
 *
 * @example
 * Categorical([0.2, 0.3, 0.5]).logProb(2).item();   // log 0.5
 */
export const Categorical: Family<[probs?: TensorLike, logits?: TensorLike], never, "probs" | "logits"> = distribution({
  name: "Categorical",
  parameters: {
    probs: {
      constraint: simplex,
      eventDim: 1,
      from: { logits: (logits) => exp(sub(logits, logsumexp(logits, -1, { keepDims: true }))) },
    },
    logits: { constraint: independent(extendedReal, 1), eventDim: 1, from: { probs: log } },
  },
  support: (p, given) => integerInterval(0, categories(given.has("logits") ? p.logits : p.probs) - 1),
  logProb: (x, p, given) =>
    given.has("logits") ? sub(lookUp(p.logits, x), logsumexp(p.logits, -1)) : lookUp(log(p.probs), x),
  sample: (key, shape, { logits }) => categorical(key, logits, shape),
  mean: () => constant(Number.NaN),
  variance: () => constant(Number.NaN),
  entropy: ({ probs }) => neg(sum(xlogy(probs, probs), -1)),
  cdf: (x, { probs }) => sum(where(lessEqual(arange(categories(probs)), expandRight(x, 1)), probs, 0), -1),
  enumerate: ({ probs }) => arange(categories(probs)),
});
