import { dirichlet } from "../../src/random/gamma.ts";
import { add, digamma, div, lgamma, mul, sub } from "../../src/tensor/math.ts";
import { sum } from "../../src/tensor/reduce.ts";
import { broadcastShapes } from "../../src/tensor/shapes.ts";
import type { Tensor, TensorLike } from "../../src/tensor/tensor.ts";
import { broadcastToShape } from "../axes.ts";
import { independent, positive, simplex } from "../constraints.ts";
import { distribution, type Family } from "../family.ts";
import { logPower } from "../formulas.ts";

const total = (concentration: Tensor): Tensor => sum(concentration, -1, { keepDims: true });
/** log of the product of gamma functions over the gamma function of the sum. */
const logNormaliser = (a: Tensor): Tensor => sub(sum(lgamma(a), -1), lgamma(sum(a, -1)));

/**
 * The Dirichlet distribution of points on the simplex, density ∝ Π xₖ^(concentrationₖ − 1).
 *
 * @example
 * Dirichlet([1, 1, 2]).mean.toArray();   // [0.25, 0.25, 0.5]
 */
export const Dirichlet: Family<[concentration: TensorLike], "concentration"> = distribution({
  name: "Dirichlet",
  parameters: { concentration: { constraint: independent(positive, 1), eventDim: 1 } },
  support: simplex,
  eventShape: ({ concentration }) => concentration.shape.slice(-1),
  logProb: (x, { concentration }) =>
    sub(
      sum(broadcastToShape(logPower(sub(concentration, 1), x), broadcastShapes(x.shape, concentration.shape)), -1),
      logNormaliser(concentration),
    ),
  sample: (key, shape, { concentration }) => dirichlet(key, concentration, shape.slice(0, -1)),
  mean: ({ concentration }) => div(concentration, total(concentration)),
  variance: ({ concentration }) => {
    const t = total(concentration);
    const mean = div(concentration, t);
    return div(mul(mean, sub(1, mean)), add(t, 1));
  },
  entropy: ({ concentration: a }) => {
    const t = sum(a, -1);
    const k = a.shape[a.rank - 1]!;
    return add(logNormaliser(a), sub(mul(sub(t, k), digamma(t)), sum(mul(sub(a, 1), digamma(a)), -1)));
  },
});
