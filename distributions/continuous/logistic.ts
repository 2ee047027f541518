import { add, div, log, mul, sigmoid, square, sub } from "../../src/tensor/math.ts";
import type { TensorLike } from "../../src/tensor/tensor.ts";
import { logit, logSigmoidDerivative } from "../bijections.ts";
import { positive, real } from "../constraints.ts";
import { openUniform } from "../draws.ts";
import { distribution, type Family } from "../family.ts";

/**
 * The logistic distribution, whose distribution function is sigmoid((x − loc) / scale).
 *
 * @example
 * Logistic(0, 1).cdf(0).item();   // 0.5
 */
export const Logistic: Family<[loc?: TensorLike, scale?: TensorLike], never, "loc" | "scale"> = distribution({
  name: "Logistic",
  parameters: { loc: { constraint: real, default: 0 }, scale: { constraint: positive, default: 1 } },
  support: real,
  logProb: (x, { loc, scale }) => sub(logSigmoidDerivative(div(sub(x, loc), scale)), log(scale)),
  sample: (key, shape, { loc, scale }) => add(loc, mul(scale, logit(openUniform(key, shape)))),
  mean: ({ loc }) => loc,
  variance: ({ scale }) => mul((Math.PI * Math.PI) / 3, square(scale)),
  entropy: ({ scale }) => add(log(scale), 2),
  cdf: (x, { loc, scale }) => sigmoid(div(sub(x, loc), scale)),
  icdf: (q, { loc, scale }) => add(loc, mul(scale, logit(q))),
});
