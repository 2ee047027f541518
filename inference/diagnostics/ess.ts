/** Effective sample sizes for the bulk, the tails, means, standard deviations and quantiles. */
import { type Chains, checkProbability, type Draws, sortedDraws, toChains } from "./draws.ts";
import { effectiveSampleSize } from "./effectiveSampleSize.ts";
import { isDegenerate, mean } from "./moments.ts";
import { quantileSorted } from "./quantile.ts";
import { rankNormalise } from "./rankNormalise.ts";
import { split } from "./split.ts";

// Conventions of this file, R posterior's: NaN for constants, for NaN or infinite draws, and for fewer than
// 6 draws a chain (3 a half). A single chain is fine: its halves are compared.

/** ESS of the mean of `x ≤ quantile`, for chains that are not degenerate and their sorted draws. */
export function quantileSampleSize(chains: Chains, sorted: Float64Array, probability: number): number {
  // At probability 1 the indicator would be constant; half a draw below, it is not.
  const p = probability === 1 ? (sorted.length - 0.5) / sorted.length : probability;
  const threshold = quantileSorted(sorted, p);
  const indicators = chains.map((chain) => {
    const indicator = new Float64Array(chain.length);
    for (let i = 0; i < chain.length; i++) indicator[i] = chain[i] <= threshold ? 1 : 0;
    return indicator;
  });
  return effectiveSampleSize(split(indicators));
}

/** Chains of squared deviations from the mean of all draws. */
export function squaredDeviationChains(chains: Chains, centre: number = mean(chains)): Float64Array[] {
  return chains.map((chain) => {
    const squares = new Float64Array(chain.length);
    for (let i = 0; i < chain.length; i++) squares[i] = (chain[i] - centre) * (chain[i] - centre);
    return squares;
  });
}

/** The smaller ESS of the 5 % and the 95 % quantile, for chains that are not degenerate and their sorted draws. */
export function tailSampleSize(chains: Chains, sorted: Float64Array): number {
  return Math.min(quantileSampleSize(chains, sorted, 0.05), quantileSampleSize(chains, sorted, 0.95));
}

/**
 * Bulk effective sample size: how many independent draws would locate the bulk of the distribution as well.
 * Computed on split, rank-normalised chains, so it exists for heavy tails too. Trust results from 100 a chain.
 *
 * @param draws `[chain][draw]` nested arrays or a Tensor `[chains, draws]`.
 * @returns NaN for constants, NaN or infinite draws, and fewer than 6 draws a chain.
 * @throws TypeError or RangeError for input that is not a rectangle of numbers.
 * Source: Vehtari, Gelman, Simpson, Carpenter & Bürkner, Bayesian Analysis 16 (2021).
 *
 * @example
 * essBulk(fit.draws("mu")); // 1834.2…
 */
export function essBulk(draws: Draws): number {
  const chains = toChains(draws, "essBulk");
  return isDegenerate(chains) ? Number.NaN : effectiveSampleSize(rankNormalise(split(chains)));
}

/**
 * Tail effective sample size: the smaller of the effective sample sizes of the 5 % and 95 % quantiles.
 *
 * @param draws `[chain][draw]` nested arrays or a Tensor `[chains, draws]`.
 * @returns NaN for constants, NaN or infinite draws, fewer than 6 draws a chain, and draws of which 5 % or more
 *   equal the largest, as binary ones do: look at {@link essMean} then.
 * @throws TypeError or RangeError for input that is not a rectangle of numbers.
 * Source: Vehtari et al., Bayesian Analysis 16 (2021), §4.3.
 *
 * @example
 * essTail(fit.draws("mu"));
 */
export function essTail(draws: Draws): number {
  const chains = toChains(draws, "essTail");
  return isDegenerate(chains) ? Number.NaN : tailSampleSize(chains, sortedDraws(chains));
}

/**
 * Effective sample size for the mean: ESS of the split chains. Undefined in theory for infinite variance.
 *
 * @param draws `[chain][draw]` nested arrays or a Tensor `[chains, draws]`.
 * @returns NaN for constants, NaN or infinite draws, and fewer than 6 draws a chain.
 * @throws TypeError or RangeError for input that is not a rectangle of numbers.
 *
 * @example
 * essMean(fit.draws("mu"));
 */
export function essMean(draws: Draws): number {
  return effectiveSampleSize(split(toChains(draws, "essMean")));
}

/**
 * Effective sample size for the standard deviation: ESS of the split chains of (x − x̄)².
 *
 * @param draws `[chain][draw]` nested arrays or a Tensor `[chains, draws]`.
 * @returns NaN for constants, NaN or infinite draws, and fewer than 6 draws a chain.
 * @throws TypeError or RangeError for input that is not a rectangle of numbers.
 *
 * @example
 * essSd(fit.draws("mu"));
 */
export function essSd(draws: Draws): number {
  const chains = toChains(draws, "essSd");
  return isDegenerate(chains) ? Number.NaN : effectiveSampleSize(split(squaredDeviationChains(chains)));
}

/**
 * Effective sample size for a quantile: ESS of the split chains of the indicator `x ≤ quantile`.
 *
 * @param draws `[chain][draw]` nested arrays or a Tensor `[chains, draws]`.
 * @param probability in [0, 1]; 0.5 by default, the median.
 * @returns NaN for constants, NaN or infinite draws, fewer than 6 draws a chain, and a constant indicator.
 * @throws RangeError for a probability outside [0, 1]; TypeError or RangeError for draws that are no rectangle.
 *
 * @example
 * essQuantile(fit.draws("mu"), 0.05);
 */
export function essQuantile(draws: Draws, probability: number = 0.5): number {
  checkProbability(probability, "essQuantile");
  const chains = toChains(draws, "essQuantile");
  return isDegenerate(chains) ? Number.NaN : quantileSampleSize(chains, sortedDraws(chains), probability);
}
