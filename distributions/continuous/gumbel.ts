import { add, div, exp, log, mul, neg, square, sub } from "../../src/tensor/math.ts";
import type { Tensor, TensorLike } from "../../src/tensor/tensor.ts";
import { positive, real } from "../constraints.ts";
import { openUniform } from "../draws.ts";
import { distribution, type Family } from "../family.ts";
import { EULER_GAMMA } from "../formulas.ts";

const quantile = (q: Tensor): Tensor => neg(log(neg(log(q))));

/**
 * The Gumbel distribution, the limit of maxima.
 *
 * @example
 * Gumbel(0, 1).mean.item();   // 0.5772…, Euler's constant
 */
export const Gumbel: Family<[loc?: TensorLike, scale?: TensorLike], never, "loc" | "scale"> = distribution({
  name: "Gumbel",
  parameters: { loc: { constraint: real, default: 0 }, scale: { constraint: positive, default: 1 } },
  support: real,
  logProb: (x, { loc, scale }) => {
    const z = div(sub(x, loc), scale);
    return sub(neg(add(z, exp(neg(z)))), log(scale));
  },
  sample: (key, shape, { loc, scale }) => add(loc, mul(scale, quantile(openUniform(key, shape)))),
  mean: ({ loc, scale }) => add(loc, mul(EULER_GAMMA, scale)),
  variance: ({ scale }) => mul((Math.PI * Math.PI) / 6, square(scale)),
  entropy: ({ scale }) => add(log(scale), 1 + EULER_GAMMA),
  cdf: (x, { loc, scale }) => exp(neg(exp(neg(div(sub(x, loc), scale))))),
  icdf: (q, { loc, scale }) => add(loc, mul(scale, quantile(q))),
});
