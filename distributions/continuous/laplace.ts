import { abs, add, div, expm1, less, log, mul, neg, sign, square, sub, where } from "../../src/tensor/math.ts";
import type { Tensor, TensorLike } from "../../src/tensor/tensor.ts";
import { positive, real } from "../constraints.ts";
import { openUniform } from "../draws.ts";
import { distribution, type Family } from "../family.ts";

/** Quantile of the standard distribution, from the nearer end. */
const quantile = (q: Tensor): Tensor => where(less(q, 0.5), log(mul(2, q)), neg(log(mul(2, sub(1, q)))));

/**
 * The Laplace (double exponential) distribution.
 *
 * @example
 * Laplace(0, 1).logProb(0).item();   // -log 2
 */
export const Laplace: Family<[loc?: TensorLike, scale?: TensorLike], never, "loc" | "scale"> = distribution({
  name: "Laplace",
  parameters: { loc: { constraint: real, default: 0 }, scale: { constraint: positive, default: 1 } },
  support: real,
  logProb: (x, { loc, scale }) => sub(neg(abs(div(sub(x, loc), scale))), add(log(scale), Math.LN2)),
  sample: (key, shape, { loc, scale }) => add(loc, mul(scale, quantile(openUniform(key, shape)))),
  mean: ({ loc }) => loc,
  variance: ({ scale }) => mul(2, square(scale)),
  entropy: ({ scale }) => add(log(scale), 1 + Math.LN2),
  cdf: (x, { loc, scale }) => {
    const z = div(sub(x, loc), scale);
    return sub(0.5, mul(mul(0.5, sign(z)), expm1(neg(abs(z)))));
  },
  icdf: (q, { loc, scale }) => add(loc, mul(scale, quantile(q))),
});
