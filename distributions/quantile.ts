/** Quantiles of discrete distributions by search. */
import { tensor } from "../src/tensor/create.ts";
import { broadcastTo, reshape } from "../src/tensor/shape.ts";
import { broadcastShapes } from "../src/tensor/shapes.ts";
import { asTensor, type Tensor } from "../src/tensor/tensor.ts";
import type { Distribution } from "./types.ts";

/**
 * Quantiles of a distribution on integers with a lower bound: the smallest k with P(X ≤ k) ≥ q, by doubling and bisection
 * on the distribution function, all entries at once. Needs values.
 */
export function discreteQuantile(q: Tensor, d: Distribution): Tensor {
  const shape = broadcastShapes(q.shape, d.batchShape);
  const valuesOf = (x: Tensor | number): number[] => Array.from(broadcastTo(asTensor(x), shape).data);
  const target = valuesOf(q);
  const cdf = (k: readonly number[]): ArrayLike<number> => d.cdf(reshape(tensor(k as number[]), shape)).data;
  // A target that rounding has put a hair above the mass at k still means k.
  const reached = (p: number, i: number): boolean => p >= target[i]! - 1e-14;

  const { lower, upper } = d.support;
  const low = valuesOf(asTensor(lower ?? 0)).map((v) => v - 1);
  const limit = upper === undefined ? low.map(() => Number.POSITIVE_INFINITY) : valuesOf(asTensor(upper));
  const high = low.map((v, i) => Math.min(v + 1, limit[i]!));
  const unreachable = target.map((p) => !(p >= 0 && p <= 1) || (p === 1 && upper === undefined));

  for (let step = 1; step < 2 ** 53; step *= 2) {
    const p = cdf(high);
    let done = true;
    for (let i = 0; i < high.length; i++) {
      if (unreachable[i] || high[i]! >= limit[i]! || reached(p[i]!, i)) continue;
      low[i] = high[i]!;
      high[i] = Math.min(high[i]! + step, limit[i]!);
      done = false;
    }
    if (done) break;
  }
  while (high.some((h, i) => h - low[i]! > 1)) {
    const middle = high.map((h, i) => Math.floor((h + low[i]!) / 2));
    const p = cdf(middle);
    for (let i = 0; i < high.length; i++) {
      if (high[i]! - low[i]! <= 1) continue;
      if (reached(p[i]!, i)) high[i] = middle[i]!;
      else low[i] = middle[i]!;
    }
  }
  const result = high.map((h, i) => (!unreachable[i] ? h : target[i] === 1 ? Number.POSITIVE_INFINITY : Number.NaN));
  return reshape(tensor(result), shape);
}
