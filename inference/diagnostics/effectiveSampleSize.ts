/** Effective sample size of given chains. */
import { log } from "../../src/wasm/numberFunctions.ts";
import { centre, meanAutocovariance } from "./autocovariance.ts";
import type { Chains } from "./draws.ts";
import { chainMeans, isDegenerate, variance } from "./moments.ts";

/**
 * Effective sample size for the mean of the chains as they are: neither split nor ranked.
 *
 * Autocorrelations combine the chains through var⁺, so chains that disagree have a small one. They are summed
 * over Geyer's initial positive and monotone sequence of pairs, plus the first even lag after it, which steadies
 * antithetic chains. The sum τ is at least 1/log₁₀(S): no estimate exceeds S·log₁₀(S).
 *
 * @returns NaN for fewer than 3 draws a chain, NaN or infinite draws, or constants.
 * Source: Vehtari et al., Bayesian Analysis 16 (2021), §3.2; Geyer, Statistical Science 7 (1992).
 */
export function effectiveSampleSize(chains: Chains): number {
  const length = chains[0].length;
  if (length < 3 || isDegenerate(chains)) return Number.NaN;
  const means = chainMeans(chains);
  const autocovariance = meanAutocovariance(centre(chains, means));
  const within = autocovariance(0);
  const meanVariance = (within * length) / (length - 1);
  const between = chains.length > 1 ? variance([means]) : 0;
  const total = within + between;
  const correlation = (lag: number): number => 1 - (meanVariance - autocovariance(lag)) / total;

  const correlations = [1, correlation(1)];
  let even = 1;
  let odd = correlations[1];
  let last = 0;
  while (last < length - 5 && even + odd > 0) {
    last += 2;
    even = correlation(last);
    odd = correlation(last + 1);
    if (even + odd >= 0) correlations.push(even, odd);
  }
  const following = even > 0 ? even : (correlations[last] ?? 0);

  for (let lag = 2; lag <= last - 2; lag += 2) {
    const previous = correlations[lag - 2] + correlations[lag - 1];
    if (correlations[lag] + correlations[lag + 1] > previous) {
      correlations[lag] = previous / 2;
      correlations[lag + 1] = previous / 2;
    }
  }
  // posterior counts lag 0 even if no pair was examined (3–5 draws a half): an ESS of S/2, not S·log₁₀(S).
  let sum = last === 0 ? 1 : 0;
  for (let lag = 0; lag < last; lag++) sum += correlations[lag];
  const size = chains.length * length;
  return size / Math.max(-1 + 2 * sum + following, Math.LN10 / log(size));
}
