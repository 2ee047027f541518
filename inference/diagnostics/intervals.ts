/** Highest-density and equal-tailed intervals. */
import { type Draws, sortedDraws, toChains } from "./draws.ts";
import { quantileSorted } from "./quantile.ts";

function sortedForInterval(draws: Draws, probability: number, caller: string): Float64Array {
  if (!(probability > 0 && probability <= 1)) {
    throw new RangeError(`${caller}: probability must lie in (0, 1]; got ${probability}. Write 94 % as 0.94.`);
  }
  return sortedDraws(toChains(draws, caller));
}

/**
 * Highest-density interval: the narrowest interval whose ends are draws and that spans ⌊p·S⌋ steps of the sorted
 * draws. One interval, so meant for unimodal distributions; among equally narrow ones the lowest.
 *
 * @param draws `[chain][draw]` nested arrays or a Tensor `[chains, draws]`; chains are pooled.
 * @param probability in (0, 1]; 0.94 by default.
 * @returns `[low, high]`; NaN twice if a draw is NaN.
 * @throws RangeError for a probability outside (0, 1]; TypeError or RangeError for draws that are no rectangle.
 * Source: Chen & Shao, J. Comput. Graph. Stat. 8 (1999); equal to ArviZ's method "nearest".
 *
 * @example
 * hdi([[0, 1, 2, 3, 10]], 0.6); // [0, 3]
 */
export function hdi(draws: Draws, probability: number = 0.94): [low: number, high: number] {
  const sorted = sortedForInterval(draws, probability, "hdi");
  const size = sorted.length;
  if (Number.isNaN(sorted[size - 1])) return [Number.NaN, Number.NaN];
  const steps = Math.min(Math.floor(probability * size), size - 1);
  let best = 0;
  for (let i = 1; i + steps < size; i++) {
    if (sorted[i + steps] - sorted[i] < sorted[best + steps] - sorted[best]) best = i;
  }
  return [sorted[best], sorted[best + steps]];
}

/**
 * Equal-tailed interval: the quantiles (type 7) at (1 − p)/2 and 1 − (1 − p)/2.
 *
 * @param draws `[chain][draw]` nested arrays or a Tensor `[chains, draws]`; chains are pooled.
 * @param probability in (0, 1]; 0.94 by default.
 * @returns `[low, high]`; NaN twice if a draw is NaN.
 * @throws RangeError for a probability outside (0, 1]; TypeError or RangeError for draws that are no rectangle.
 *
 * @example
 * eti([[0, 1, 2, 3, 4]], 0.5); // [1, 3]
 */
export function eti(draws: Draws, probability: number = 0.94): [low: number, high: number] {
  const sorted = sortedForInterval(draws, probability, "eti");
  if (Number.isNaN(sorted[sorted.length - 1])) return [Number.NaN, Number.NaN];
  const tail = (1 - probability) / 2;
  return [quantileSorted(sorted, tail), quantileSorted(sorted, 1 - tail)];
}
