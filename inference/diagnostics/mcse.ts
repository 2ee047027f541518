/** Monte Carlo standard errors. */
import { betaincinv } from "../../src/ops/special/betaincinv.ts";
import { type Chains, checkProbability, type Draws, sortedDraws, toChains } from "./draws.ts";
import { effectiveSampleSize } from "./effectiveSampleSize.ts";
import { quantileSampleSize, squaredDeviationChains } from "./ess.ts";
import { isDegenerate, mean, squaredDeviations, standardDeviation } from "./moments.ts";
import { split } from "./split.ts";

/** Φ(∓1), to the digits that R's posterior and ArviZ use. */
const oneSigma: readonly [number, number] = [0.1586553, 0.8413447];

/** Monte Carlo standard error of the standard deviation, for chains that are not degenerate. */
export function standardDeviationError(chains: Chains, centre: number): number {
  const squares = squaredDeviationChains(chains, centre);
  const ess = effectiveSampleSize(split(squares));
  const second = mean(squares);
  const fourth = squaredDeviations(squares, 0) / (squares.length * squares[0].length);
  return Math.sqrt((fourth - second * second) / ess / second / 4);
}

/**
 * Monte Carlo standard error of the mean: sd/√ESS.
 *
 * @param draws `[chain][draw]` nested arrays or a Tensor `[chains, draws]`.
 * @returns NaN for constants, NaN or infinite draws, and fewer than 6 draws a chain.
 * @throws TypeError or RangeError for input that is not a rectangle of numbers.
 *
 * @example
 * mcseMean(fit.draws("mu"));
 */
export function mcseMean(draws: Draws): number {
  const chains = toChains(draws, "mcseMean");
  return standardDeviation(chains) / Math.sqrt(effectiveSampleSize(split(chains)));
}

/**
 * Monte Carlo standard error of the standard deviation: √((E(x−x̄)⁴ − σ⁴)/ESS)/(2σ), with the ESS of (x − x̄)².
 * As in R's posterior; ArviZ takes the ESS of x, which is several times off for trends and antithetic chains.
 *
 * @param draws `[chain][draw]` nested arrays or a Tensor `[chains, draws]`.
 * @returns NaN for constants, NaN or infinite draws, and fewer than 6 draws a chain.
 * @throws TypeError or RangeError for input that is not a rectangle of numbers.
 * Source: Kenney & Keeping, Mathematics of Statistics II (1951), p. 141.
 *
 * @example
 * mcseSd(fit.draws("mu"));
 */
export function mcseSd(draws: Draws): number {
  const chains = toChains(draws, "mcseSd");
  return isDegenerate(chains) ? Number.NaN : standardDeviationError(chains, mean(chains));
}

/**
 * Monte Carlo standard error of a quantile: half the distance between the order statistics at the ±1σ quantiles
 * of Beta(ESS·p + 1, ESS·(1 − p) + 1), the posterior of the probability below the estimate.
 *
 * @param draws `[chain][draw]` nested arrays or a Tensor `[chains, draws]`.
 * @param probability in [0, 1]; 0.5 by default, the median.
 * @returns NaN for constants, NaN or infinite draws, fewer than 6 draws a chain, and a constant indicator.
 * @throws RangeError for a probability outside [0, 1]; TypeError or RangeError for draws that are no rectangle.
 * Source: Vehtari et al., Bayesian Analysis 16 (2021), §4.4.
 *
 * @example
 * mcseQuantile(fit.draws("mu"), 0.95);
 */
export function mcseQuantile(draws: Draws, probability: number = 0.5): number {
  checkProbability(probability, "mcseQuantile");
  const chains = toChains(draws, "mcseQuantile");
  if (isDegenerate(chains)) return Number.NaN;
  const sorted = sortedDraws(chains);
  const ess = quantileSampleSize(chains, sorted, probability);
  if (Number.isNaN(ess)) return Number.NaN;
  const [low, high] = oneSigma.map((p) => betaincinv(ess * probability + 1, ess * (1 - probability) + 1, p));
  const size = sorted.length;
  const below = sorted[Math.max(Math.floor(low * size), 1) - 1];
  const above = sorted[Math.min(Math.ceil(high * size), size) - 1];
  return (above - below) / 2;
}
