import { poisson } from "../../src/random/counts.ts";
import { add, lgamma, sub } from "../../src/tensor/math.ts";
import { gammaincc } from "../../src/tensor/special.ts";
import type { Tensor, TensorLike } from "../../src/tensor/tensor.ts";
import { nonnegative, nonnegativeInteger } from "../constraints.ts";
import type { Values } from "../definition.ts";
import { distribution, type Family } from "../family.ts";
import { entropyBySum, largest, logPower } from "../formulas.ts";

const logProb = (x: Tensor, { rate }: Values<"rate">): Tensor => sub(sub(logPower(x, rate), rate), lgamma(add(x, 1)));

/**
 * The Poisson distribution with mean `rate`. For a log-linear model pass `exp(eta)`: the compiler cancels log(exp(eta)).
 *
 * @example
 * Poisson(exp(add(alpha, mul(beta, x))));
 */
export const Poisson: Family<[rate: TensorLike], "rate"> = distribution({
  name: "Poisson",
  parameters: { rate: { constraint: nonnegative } },
  support: nonnegativeInteger,
  logProb,
  sample: (key, shape, { rate }) => poisson(key, rate, shape),
  mean: ({ rate }) => rate,
  variance: ({ rate }) => rate,
  // Past 12 standard deviations and 40 more, what is left is below 1e-16. Needs values.
  entropy: (p) => {
    const most = largest(p.rate);
    return entropyBySum(Math.ceil(most + 12 * Math.sqrt(most) + 40), p.rate.rank, (k) => logProb(k, p));
  },
  cdf: (x, { rate }) => gammaincc(add(x, 1), rate),
});
