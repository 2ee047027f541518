import { cauchy } from "../../src/random/normal.ts";
import {
  add,
  atan,
  cos,
  div,
  less,
  log,
  log1p,
  mul,
  neg,
  reciprocal,
  sin,
  square,
  sub,
  where,
} from "../../src/tensor/math.ts";
import type { Tensor, TensorLike } from "../../src/tensor/tensor.ts";
import { positive, real } from "../constraints.ts";
import { constant } from "../distribution.ts";
import { distribution, type Family } from "../family.ts";
import { LOG_PI } from "../formulas.ts";

/** Quantile of the standard distribution: tan(π (q − ½)), written so that small q keep their digits. */
const quantile = (q: Tensor): Tensor => div(cos(mul(Math.PI, q)), mul(-1, sin(mul(Math.PI, q))));

/** ½ + arctan(z) / π; left of 0 by the angle of −1/z, so that the tail keeps its digits. */
function cdf(z: Tensor): Tensor {
  const isLeft = less(z, 0);
  const angle = atan(where(isLeft, neg(reciprocal(z)), z));
  return where(isLeft, div(angle, Math.PI), add(0.5, div(angle, Math.PI)));
}

/**
 * The Cauchy distribution, Student's t with one degree of freedom; its mean and variance are NaN.
 *
 * @example
 * Cauchy(0, 2.5).icdf(0.75).item();   // 2.5
 */
export const Cauchy: Family<[loc?: TensorLike, scale?: TensorLike], never, "loc" | "scale"> = distribution({
  name: "Cauchy",
  parameters: { loc: { constraint: real, default: 0 }, scale: { constraint: positive, default: 1 } },
  support: real,
  logProb: (x, { loc, scale }) => sub(sub(-LOG_PI, log(scale)), log1p(square(div(sub(x, loc), scale)))),
  sample: (key, shape, { loc, scale }) => add(loc, mul(scale, cauchy(key, shape))),
  mean: () => constant(Number.NaN),
  variance: () => constant(Number.NaN),
  entropy: ({ scale }) => add(log(scale), LOG_PI + 2 * Math.LN2),
  cdf: (x, { loc, scale }) => cdf(div(sub(x, loc), scale)),
  icdf: (q, { loc, scale }) => add(loc, mul(scale, quantile(q))),
});
