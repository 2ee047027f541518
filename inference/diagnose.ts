/** What is wrong with a run of a sampler, and what to try. */
import type { Tensor } from "../src/tensor/tensor.ts";
import { ebfmi } from "./diagnostics/ebfmi.ts";
import type { SummaryRow } from "./diagnostics/summarise.ts";

/** Something to worry about. */
export interface Finding {
  readonly kind: "divergences" | "maxDepth" | "rHat" | "ess" | "ebfmi";
  /** What is wrong and what to try, in a line. */
  readonly message: string;
  /** How many transitions, rows or chains it concerns. */
  readonly count: number;
  /** The worst R-hat, effective sample size or E-BFMI; for transitions their share. */
  readonly value: number;
  /** The worst row of the summary: `theta[3]`. */
  readonly row?: string;
  /** The worst chain, from 0. */
  readonly chain?: number;
}

/** What the diagnostics are computed from; statistics are of shape [chains, draws]. */
export interface Run {
  readonly rows: readonly SummaryRow[];
  readonly diverging: Tensor;
  readonly energy: Tensor;
  readonly tree_depth: Tensor;
  /** Undefined where trajectories have no depth. */
  readonly maxDepth: number | undefined;
}

/** Split chains of one distribution have less than this (Vehtari et al. 2021). */
const HIGHEST_R_HAT = 1.01;
/** Effective draws per chain from which on diagnostics and estimates can be relied upon (Vehtari et al. 2021). */
const LEAST_ESS = 100;
/** Betancourt, arXiv:1604.00695. */
const LEAST_EBFMI = 0.3;

/** Per cent with one decimal; what would look like none or all of them is not rounded. */
export function percent(share: number): string {
  const text = (100 * share).toFixed(1);
  if (share > 0 && text === "0.0") return "<0.1 %";
  return share < 1 && text === "100.0" ? ">99.9 %" : `${text} %`;
}

const REPARAMETERISE = "write the model non-centred (a standard normal, shifted and scaled)";

/** Everything to worry about, the gravest first; empty when all is well. Rows of constants are passed over. */
export function diagnose(run: Run): Finding[] {
  return [divergences(run), rHat(run), ess(run), energy(run), depth(run)].filter((finding) => finding !== undefined);
}

function divergences({ diverging }: Run): Finding | undefined {
  const { count, share } = transitions(diverging, (v) => v !== 0);
  if (count === 0) return undefined;
  const message = `Divergences: draws avoid where the density curves most and may be biased. Try { targetAcceptance: 0.95 }, or ${REPARAMETERISE}.`;
  return { kind: "divergences", message, count, value: share };
}

function depth({ tree_depth, maxDepth }: Run): Finding | undefined {
  if (maxDepth === undefined) return undefined;
  const { count, share } = transitions(tree_depth, (v) => v >= maxDepth);
  if (count === 0) return undefined;
  const message =
    `Long trajectories: ${count} transitions (${percent(share)}) reached maxDepth ${maxDepth}: draws are slow to come by. ` +
    `Try more warmup, { maxDepth: ${maxDepth + 2} }, or parameters of similar scale.`;
  return { kind: "maxDepth", message, count, value: share };
}

function transitions(stat: Tensor, concerns: (value: number) => boolean): { count: number; share: number } {
  const count = Array.from(stat.data).filter(concerns).length;
  return { count, share: count / stat.size };
}

function rHat({ rows }: Run): Finding | undefined {
  const bad = rows.filter((row) => row.r_hat > HIGHEST_R_HAT).sort((a, b) => b.r_hat - a.r_hat);
  const [worst] = bad;
  if (worst === undefined) return undefined;
  const message =
    `R-hat: ${worst.r_hat.toFixed(3)} for ${worst.name}${others(bad)}, above ${HIGHEST_R_HAT}: chains disagree. ` +
    "Try more warmup and draws; if that doesn't help, look for several modes, or parameters that the data can't tell apart.";
  return { kind: "rHat", message, count: bad.length, value: worst.r_hat, row: worst.name };
}

function ess({ rows, energy }: Run): Finding | undefined {
  const wanted = LEAST_ESS * energy.shape[0]!;
  const least = (row: SummaryRow): number => Math.min(row.ess_bulk, row.ess_tail);
  const bad = rows
    .filter((row) => row.ess_bulk < wanted || row.ess_tail < wanted)
    .sort((a, b) => (least(a) || 0) - (least(b) || 0));
  const [worst] = bad;
  if (worst === undefined) return undefined;
  const inTail = !(worst.ess_bulk <= worst.ess_tail);
  const value = inTail ? worst.ess_tail : worst.ess_bulk;
  const message =
    `Effective sample size: ${inTail ? "ess_tail" : "ess_bulk"} is ${Math.floor(value)} for ${worst.name}${others(bad)}, ` +
    `below ${wanted}, ${LEAST_ESS} a chain: ${inTail ? "quantiles" : "estimates"} are rough. Try more draws.`;
  return { kind: "ess", message, count: bad.length, value, row: worst.name };
}

const others = (bad: readonly unknown[]): string => (bad.length > 1 ? ` (and ${bad.length - 1} more)` : "");

function energy({ energy }: Run): Finding | undefined {
  const fractions = ebfmi(energy);
  const bad = fractions.filter((f) => f < LEAST_EBFMI);
  if (bad.length === 0) return undefined;
  const value = Math.min(...bad);
  const chain = fractions.indexOf(value);
  const message =
    `Energy: E-BFMI is ${value.toFixed(2)} in chain ${chain}${others(bad)}, below ${LEAST_EBFMI}: tails are explored slowly and may be missed. ` +
    `Try more draws, or ${REPARAMETERISE}.`;
  return { kind: "ebfmi", message, count: bad.length, value, chain };
}
