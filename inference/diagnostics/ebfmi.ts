/** The energy diagnostic E-BFMI. */
import { type Draws, toChains } from "./draws.ts";
import { mean, squaredDeviations } from "./moments.ts";

/**
 * Estimated Bayesian fraction of missing information, per chain: Σ(Eₙ − Eₙ₋₁)²/Σ(Eₙ − Ē)². Below 0.3, momentum
 * refreshment explores the energies too slowly and tails may be missed: reparameterise.
 *
 * Betancourt's definition, which ArviZ and CmdStan use; rstan divides by one more draw.
 *
 * @param energy energies `[chain][draw]`, or a Tensor `[chains, draws]` such as `fit.stats.energy`.
 * @returns one number a chain; NaN for a constant energy, a single draw, or NaN draws.
 * @throws TypeError or RangeError for input that is not a rectangle of numbers.
 * Source: Betancourt, arXiv:1604.00695 (2016), eq. 5.
 *
 * @example
 * ebfmi(fit.stats.energy); // [0.91, 1.02, 0.97, 0.88]
 */
export function ebfmi(energy: Draws): number[] {
  return toChains(energy, "ebfmi").map((chain) => {
    let jumps = 0;
    for (let i = 1; i < chain.length; i++) jumps += (chain[i] - chain[i - 1]) * (chain[i] - chain[i - 1]);
    return jumps / squaredDeviations([chain], mean([chain]));
  });
}
