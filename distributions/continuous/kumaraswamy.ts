import {
  add,
  digamma,
  div,
  exp,
  expm1,
  log,
  log1p,
  mul,
  neg,
  pow,
  reciprocal,
  square,
  sub,
} from "../../src/tensor/math.ts";
import type { Tensor, TensorLike } from "../../src/tensor/tensor.ts";
import { positive, unitInterval } from "../constraints.ts";
import { openUniform } from "../draws.ts";
import { distribution, type Family } from "../family.ts";
import { EULER_GAMMA, logBeta, logPower } from "../formulas.ts";

/** (1 − (1 − q)^(1/b))^(1/a). */
const quantile = (q: Tensor, a: Tensor, b: Tensor): Tensor => pow(neg(expm1(div(log1p(neg(q)), b))), reciprocal(a));

/** E xⁿ = b B(1 + n/a, b). */
const moment = (n: number, a: Tensor, b: Tensor): Tensor => mul(b, exp(logBeta(add(1, div(n, a)), b)));

/**
 * Kumaraswamy's distribution on the unit interval: like the beta distribution, with P(X ≤ x) = 1 − (1 − x^a)^b.
 *
 * @example
 * Kumaraswamy(2, 3).cdf(0.5).item();   // 1 − 0.75³
 */
export const Kumaraswamy: Family<
  [concentration1: TensorLike, concentration0: TensorLike],
  "concentration1" | "concentration0"
> = distribution({
  name: "Kumaraswamy",
  parameters: { concentration1: { constraint: positive }, concentration0: { constraint: positive } },
  support: unitInterval,
  logProb: (x, { concentration1: a, concentration0: b }) =>
    add(log(mul(a, b)), add(logPower(sub(a, 1), x), logPower(sub(b, 1), sub(1, pow(x, a))))),
  sample: (key, shape, { concentration1, concentration0 }) =>
    quantile(openUniform(key, shape), concentration1, concentration0),
  mean: ({ concentration1: a, concentration0: b }) => moment(1, a, b),
  variance: ({ concentration1: a, concentration0: b }) => sub(moment(2, a, b), square(moment(1, a, b))),
  entropy: ({ concentration1: a, concentration0: b }) =>
    add(sub(1, reciprocal(b)), sub(mul(sub(1, reciprocal(a)), add(digamma(add(b, 1)), EULER_GAMMA)), log(mul(a, b)))),
  cdf: (x, { concentration1: a, concentration0: b }) => neg(expm1(mul(b, log1p(neg(pow(x, a)))))),
  icdf: (q, { concentration1: a, concentration0: b }) => quantile(q, a, b),
});
