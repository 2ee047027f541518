/** Chains in halves. */
import type { Chains } from "./draws.ts";

/**
 * Cuts every chain in two halves, so that a trend within a chain shows as a difference between chains.
 *
 * An odd number of draws loses the middle one; a chain of one draw stays whole.
 *
 * @returns all first halves, then all second halves; views on the input, nothing is copied.
 * Source: Gelman et al., Bayesian Data Analysis, 3rd ed. (2013), §11.4.
 */
export function split(chains: Chains): Float64Array[] {
  const length = chains[0].length;
  if (length === 1) return [...chains];
  const half = Math.floor(length / 2);
  return [...chains.map((chain) => chain.subarray(0, half)), ...chains.map((chain) => chain.subarray(length - half))];
}
