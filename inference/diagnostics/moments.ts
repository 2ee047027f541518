/** Means and variances of draws. */
import type { Chains } from "./draws.ts";

function sum(chains: Chains, shift: number): number {
  let total = 0;
  for (const chain of chains) for (let i = 0; i < chain.length; i++) total += chain[i] - shift;
  return total;
}

/**
 * Mean of all draws.
 *
 * The second pass adds the mean residual: draws such as 10⁶ ± 10⁻³ would otherwise lose the digits that a
 * variance between chains is made of.
 */
export function mean(chains: Chains): number {
  const count = chains.length * chains[0].length;
  const first = sum(chains, 0) / count;
  return Number.isFinite(first) ? first + sum(chains, first) / count : first;
}

/** Mean of each chain. */
export function chainMeans(chains: Chains): Float64Array {
  const means = new Float64Array(chains.length);
  for (let c = 0; c < chains.length; c++) means[c] = mean([chains[c]]);
  return means;
}

/** Sum of squared deviations from `centre`, over all draws. */
export function squaredDeviations(chains: Chains, centre: number): number {
  let total = 0;
  for (const chain of chains) {
    for (let i = 0; i < chain.length; i++) {
      const deviation = chain[i] - centre;
      total += deviation * deviation;
    }
  }
  return total;
}

/** Variance of all draws with divisor `count − 1`; NaN for a single draw. */
export function variance(chains: Chains, centre: number = mean(chains)): number {
  return squaredDeviations(chains, centre) / (chains.length * chains[0].length - 1);
}

/** Square root of {@link variance}. */
export function standardDeviation(chains: Chains, centre: number = mean(chains)): number {
  return Math.sqrt(variance(chains, centre));
}

/**
 * Whether the draws carry no information on mixing: one of them is NaN or infinite, or all are equal
 * up to one rounding error. A diagnostic of such draws is NaN, as it is NA in R's posterior.
 */
export function isDegenerate(chains: Chains): boolean {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const chain of chains) {
    for (let i = 0; i < chain.length; i++) {
      const x = chain[i];
      // NaN and both infinities, in one comparison.
      if (!(Math.abs(x) <= Number.MAX_VALUE)) return true;
      if (x < low) low = x;
      if (x > high) high = x;
    }
  }
  // posterior compares with the absolute Number.EPSILON; relative, a small scale is not mistaken for a constant.
  return high - low <= Number.EPSILON * Math.max(Math.abs(low), Math.abs(high));
}
