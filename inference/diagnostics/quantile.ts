/** Quantiles of draws. */
import { checkProbability, type Draws, sortedDraws, toChains } from "./draws.ts";

/**
 * Quantile of ascending values by linear interpolation, R's type 7 (Hyndman & Fan 1996).
 *
 * Computed as R does, `(1 − h)·lower + h·upper`: indicators `x ≤ quantile` depend on its last bit.
 */
export function quantileSorted(sorted: Float64Array, probability: number): number {
  const index = (sorted.length - 1) * probability;
  const below = Math.floor(index);
  const lower = sorted[below];
  const upper = sorted[Math.ceil(index)];
  const weight = index - below;
  return weight === 0 || lower === upper ? lower : (1 - weight) * lower + weight * upper;
}

/**
 * Quantile of the pooled draws (type 7: linear interpolation between order statistics).
 *
 * @param draws `[chain][draw]` nested arrays or a Tensor `[chains, draws]`.
 * @param probability in [0, 1].
 * @returns NaN if a draw is NaN.
 * @throws RangeError for a probability outside [0, 1], empty draws or unequal chains.
 *
 * @example
 * quantile([[1, 2, 3], [4, 5, 6]], 0.5); // 3.5
 */
export function quantile(draws: Draws, probability: number): number {
  checkProbability(probability, "quantile");
  const sorted = sortedDraws(toChains(draws, "quantile"));
  return Number.isNaN(sorted[sorted.length - 1]) ? Number.NaN : quantileSorted(sorted, probability);
}
