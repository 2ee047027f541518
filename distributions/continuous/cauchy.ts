import { cauchy } from "../../src/random/normal.ts";
import { add, cos, div, log, log1p, mul, sin, square, sub } from "../../src/tensor/math.ts";
import type { Tensor, TensorLike } from "../../src/tensor/tensor.ts";
import { positive, real } from "../constraints.ts";
import { constant } from "../distribution.ts";
import { distribution, type Family } from "../family.ts";
import { LOG_PI } from "../formulas.ts";
import { studentTCdf } from "./studentT.ts";

/** Quantile of the standard distribution: tan(π (q − ½)), written so that small q keep their digits. */
const quantile = (q: Tensor): Tensor => div(cos(mul(Math.PI, q)), mul(-1, sin(mul(Math.PI, q))));

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
  cdf: (x, { loc, scale }) => studentTCdf(div(sub(x, loc), scale), constant(1)),
  icdf: (q, { loc, scale }) => add(loc, mul(scale, quantile(q))),
});
