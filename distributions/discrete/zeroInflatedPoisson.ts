import { poisson } from "../../src/random/counts.ts";
import { split } from "../../src/random/key.ts";
import { bernoulli } from "../../src/random/uniform.ts";
import { add, equal, lgamma, log, log1p, logaddexp, mul, neg, sub, where } from "../../src/tensor/math.ts";
import { gammaincc } from "../../src/tensor/special.ts";
import type { TensorLike } from "../../src/tensor/tensor.ts";
import { nonnegativeInteger, positive, unitInterval } from "../constraints.ts";
import { distribution, type Family } from "../family.ts";

/**
 * 0 with probability `gate`, otherwise Poisson(rate) (which may be 0 as well).
 *
 * @example
 * ZeroInflatedPoisson(0.6, 2).mean.item();   // 0.8
 */
export const ZeroInflatedPoisson: Family<[gate: TensorLike, rate: TensorLike], "gate" | "rate"> = distribution({
  name: "ZeroInflatedPoisson",
  parameters: { gate: { constraint: unitInterval }, rate: { constraint: positive } },
  support: nonnegativeInteger,
  logProb: (x, { gate, rate }) => {
    const open = log1p(neg(gate));
    const zero = logaddexp(log(gate), sub(open, rate));
    return where(equal(x, 0), zero, add(open, sub(sub(mul(x, log(rate)), rate), lgamma(add(x, 1)))));
  },
  sample: (key, shape, { gate, rate }) => {
    const [forGate, forCount] = split(key);
    return mul(sub(1, bernoulli(forGate!, gate, shape)), poisson(forCount!, rate, shape));
  },
  mean: ({ gate, rate }) => mul(sub(1, gate), rate),
  variance: ({ gate, rate }) => mul(mul(sub(1, gate), rate), add(1, mul(gate, rate))),
  cdf: (x, { gate, rate }) => add(gate, mul(sub(1, gate), gammaincc(add(x, 1), rate))),
});
