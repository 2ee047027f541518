import { add, equal, lessEqual, neg, where } from "../../src/tensor/math.ts";
import { broadcastTo } from "../../src/tensor/shape.ts";
import type { TensorLike } from "../../src/tensor/tensor.ts";
import { extendedReal, real } from "../constraints.ts";
import { constant } from "../distribution.ts";
import { distribution, type Family } from "../family.ts";

/**
 * The point mass at `v`, its log density there `logDensity` (0, or the log density of whatever `v` was drawn from).
 *
 * @example
 * Delta(3).logProb([3, 4]);   // [0, -Infinity]
 */
export const Delta: Family<[v?: TensorLike, logDensity?: TensorLike], never, "v" | "logDensity"> = distribution({
  name: "Delta",
  parameters: { v: { constraint: real, default: 0 }, logDensity: { constraint: extendedReal, default: 0 } },
  support: real,
  logProb: (x, { v, logDensity }) =>
    x === v ? logDensity : add(where(equal(x, v), 0, Number.NEGATIVE_INFINITY), logDensity),
  sample: (_, shape, { v }) => broadcastTo(v, shape),
  mean: ({ v }) => v,
  variance: () => constant(0),
  entropy: ({ logDensity }) => neg(logDensity),
  cdf: (x, { v }) => where(lessEqual(v, x), 1, 0),
  icdf: (_, { v }) => v,
});
