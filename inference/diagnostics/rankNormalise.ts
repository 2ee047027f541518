/** Ranks of draws as normal scores. */
import { normalQuantile } from "../../src/wasm/numberFunctions.ts";
import { argsort } from "./argsort.ts";
import { type Chains, pool } from "./draws.ts";

/** Draws and where each of them stands among all: sorted once, used by every rank-based diagnostic. */
export interface Ranking {
  readonly chains: number;
  /** All draws, ascending. */
  readonly sorted: Float64Array;
  /** `sorted[k]` is the pooled draw `order[k]`. */
  readonly order: Uint32Array;
}

/** Ranks the draws of all chains together. They must not be NaN. */
export function rankDraws(chains: Chains): Ranking {
  const pooled = pool(chains);
  const order = argsort(pooled);
  const sorted = new Float64Array(order.length);
  for (let k = 0; k < order.length; k++) sorted[k] = pooled[order[k]];
  return { chains: chains.length, sorted, order };
}

let latestScores: Float64Array = new Float64Array(0);

/**
 * Expected normal order statistics after Blom (1958), Φ⁻¹((rank − 3/8)/(size + 1/4)), by twice the rank, because ties
 * have half-integer ranks. Filled on demand: NaN is "not computed yet".
 *
 * They depend on rank and size alone, so the latest table is kept: a summary of many variables computes each once.
 */
function scoresBySize(size: number): Float64Array {
  if (latestScores.length !== 2 * size + 1) latestScores = new Float64Array(2 * size + 1).fill(Number.NaN);
  return latestScores;
}

/**
 * Normal scores of pooled draws that `order` sorts by `keys`; draws of equal keys share the score of their average rank.
 */
function normalScores(keys: Float64Array, order: Uint32Array, chains: number): Float64Array[] {
  const size = keys.length;
  const table = scoresBySize(size);
  const scores = new Float64Array(size);
  for (let start = 0; start < size; ) {
    let end = start + 1;
    while (end < size && keys[end] === keys[start]) end++;
    const twiceRank = start + 1 + end;
    let score = table[twiceRank];
    if (Number.isNaN(score)) {
      score = normalQuantile((twiceRank / 2 - 3 / 8) / (size + 1 / 4));
      table[twiceRank] = score;
    }
    for (; start < end; start++) scores[order[start]] = score;
  }
  const length = size / chains;
  return Array.from({ length: chains }, (_, c) => scores.subarray(c * length, (c + 1) * length));
}

/** Normal scores of the draws: what bulk diagnostics look at. */
export function bulkScores({ chains, sorted, order }: Ranking): Float64Array[] {
  return normalScores(sorted, order, chains);
}

/** Normal scores of the distances |x − centre|: what R̂ for scale and tails looks at. */
export function foldedScores({ chains, sorted, order }: Ranking, centre: number): Float64Array[] {
  const size = sorted.length;
  const distances = new Float64Array(size);
  const byDistance = new Uint32Array(size);
  let right = 0;
  while (right < size && sorted[right] < centre) right++;
  let left = right - 1;
  // Sorted draws leave the centre in both directions in order of distance: a merge sorts the distances.
  for (let k = 0; k < size; k++) {
    const toLeft = left >= 0 ? centre - sorted[left] : Number.POSITIVE_INFINITY;
    const toRight = right < size ? sorted[right] - centre : Number.POSITIVE_INFINITY;
    const isLeft = toLeft <= toRight;
    distances[k] = isLeft ? toLeft : toRight;
    byDistance[k] = order[isLeft ? left-- : right++];
  }
  return normalScores(distances, byDistance, chains);
}

/**
 * Rank normalisation: every draw is replaced by the standard normal quantile of its rank among all draws of
 * all chains, Φ⁻¹((rank − 3/8)/(S + 1/4)), ties by average rank.
 *
 * @param chains `[chain][draw]`, finite values.
 * Source: Vehtari, Gelman, Simpson, Carpenter & Bürkner, Bayesian Analysis 16 (2021), eq. 14.
 *
 * @example
 * rankNormalise([Float64Array.of(10, 30, 20)]); // [[-0.87, 0.87, 0]], rounded
 */
export function rankNormalise(chains: Chains): Float64Array[] {
  return bulkScores(rankDraws(chains));
}
