/** R-hat: whether chains agree. */
import { type Chains, type Draws, sortedDraws, toChains } from "./draws.ts";
import { chainMeans, isDegenerate, mean, variance } from "./moments.ts";
import { quantileSorted } from "./quantile.ts";
import { bulkScores, foldedScores, type Ranking, rankDraws } from "./rankNormalise.ts";
import { split } from "./split.ts";

/**
 * Potential scale reduction of the chains as they are, √((B/W + n − 1)/n).
 *
 * @returns NaN for one chain, one draw, constants, NaN or infinite draws; ∞ if every chain stands still elsewhere.
 * Source: Gelman & Rubin, Statistical Science 7 (1992).
 */
export function potentialScaleReduction(chains: Chains): number {
  if (isDegenerate(chains)) return Number.NaN;
  const length = chains[0].length;
  const means = chainMeans(chains);
  const variances = Float64Array.from(chains, (chain, c) => variance([chain], means[c]));
  const between = length * variance([means]);
  return Math.sqrt((between / mean([variances]) + length - 1) / length);
}

/** The larger R̂ of ranked split draws and of their folded version; `median` is that of all draws. */
export function rankedScaleReduction(ranking: Ranking, median: number, bulk: Chains = bulkScores(ranking)): number {
  return Math.max(potentialScaleReduction(bulk), potentialScaleReduction(foldedScores(ranking, median)));
}

/**
 * R̂, the convergence diagnostic: the larger of rank-normalised split-R̂ of the draws (do chains agree in
 * location?) and of their distances to the median (in scale and tails?). Worry above 1.01.
 *
 * One chain is compared with itself, half by half. As in R's posterior, and unlike ArviZ, that is not NaN.
 *
 * @param draws `[chain][draw]` nested arrays or a Tensor `[chains, draws]`.
 * @returns NaN for constants, NaN or infinite draws, and fewer than 4 draws a chain.
 * @throws TypeError or RangeError for input that is not a rectangle of numbers.
 * Source: Vehtari, Gelman, Simpson, Carpenter & Bürkner, Bayesian Analysis 16 (2021).
 *
 * @example
 * rHat(fit.draws("mu")); // 1.0008…
 */
export function rHat(draws: Draws): number {
  const chains = toChains(draws, "rHat");
  if (isDegenerate(chains)) return Number.NaN;
  const median = quantileSorted(sortedDraws(chains), 0.5);
  return rankedScaleReduction(rankDraws(split(chains)), median);
}
