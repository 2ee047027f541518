/** Tables of estimates and diagnostics. */
import { type Chains, sortedDraws } from "./draws.ts";
import { effectiveSampleSize } from "./effectiveSampleSize.ts";
import { tailSampleSize } from "./ess.ts";
import { standardDeviationError } from "./mcse.ts";
import { isDegenerate, mean, standardDeviation } from "./moments.ts";
import { quantileSorted } from "./quantile.ts";
import { bulkScores, rankDraws } from "./rankNormalise.ts";
import { rankedScaleReduction } from "./rHat.ts";
import { siteNames } from "./siteNames.ts";
import { split } from "./split.ts";
import { alignedText, estimateText, significantText } from "./table.ts";

/** Draws of one variable; how many there are follows from their length. */
export interface VariableDraws {
  readonly name: string;
  /** Shape of one draw; `[]` for a scalar. */
  readonly shape: readonly number[];
  readonly chains: number;
  /** In memory order `[chain][draw][element]`. */
  readonly draws: Float64Array;
}

/** Estimates and diagnostics of one scalar. Column names are those of ArviZ and R's posterior. */
export interface SummaryRow {
  readonly name: string;
  readonly mean: number;
  readonly sd: number;
  readonly mcse_mean: number;
  readonly mcse_sd: number;
  readonly q5: number;
  readonly q50: number;
  readonly q95: number;
  readonly ess_bulk: number;
  readonly ess_tail: number;
  readonly r_hat: number;
}

/** One row a scalar; prints as an aligned table. */
export interface Summary {
  readonly rows: readonly SummaryRow[];
  toString(): string;
}

function sizeOf({ name, shape, draws, chains }: VariableDraws): number {
  const size = shape.reduce((product, length) => product * length, 1);
  const drawsPerChain = draws.length / (chains * size);
  if (size > 0 && !(Number.isInteger(drawsPerChain) && drawsPerChain > 0)) {
    throw new RangeError(
      `summarise: "${name}" with ${chains} chains and shape [${shape.join(", ")}] needs a positive multiple of ` +
        `${chains * size} values; got ${draws.length}. Lay them out as [chain][draw][element].`,
    );
  }
  return size;
}

function chainsOfElement({ draws, chains }: VariableDraws, size: number, element: number): Float64Array[] {
  const length = draws.length / (chains * size);
  return Array.from({ length: chains }, (_, c) => {
    const chain = new Float64Array(length);
    for (let d = 0; d < length; d++) chain[d] = draws[(c * length + d) * size + element];
    return chain;
  });
}

const unknown = Number.NaN;

/** What can be told of draws that are constant, or not all finite. */
function degenerateRow(name: string, chains: Chains): SummaryRow {
  const sorted = sortedDraws(chains);
  // NaN sorts last.
  const hasNaN = Number.isNaN(sorted[sorted.length - 1]);
  const [q5, q50, q95] = [0.05, 0.5, 0.95].map((p) => (hasNaN ? unknown : quantileSorted(sorted, p)));
  const errors = { mcse_mean: unknown, mcse_sd: unknown };
  const diagnostics = { ess_bulk: unknown, ess_tail: unknown, r_hat: unknown };
  return { name, mean: mean(chains), sd: standardDeviation(chains), ...errors, q5, q50, q95, ...diagnostics };
}

/** Everything about one scalar from one sort of its draws. */
function summaryRow(name: string, chains: Chains): SummaryRow {
  if (isDegenerate(chains)) return degenerateRow(name, chains);
  const halves = split(chains);
  const ranking = rankDraws(halves);
  const hasMiddle = chains[0].length % 2 === 1;
  // Halves leave out the middle draw of an odd number; quantiles do not.
  const sorted = hasMiddle ? sortedDraws(chains) : ranking.sorted;
  const centre = mean(chains);
  const sd = standardDeviation(chains, centre);
  const q50 = quantileSorted(sorted, 0.5);
  const bulk = bulkScores(ranking);
  return {
    name,
    mean: centre,
    sd,
    mcse_mean: sd / Math.sqrt(effectiveSampleSize(halves)),
    mcse_sd: standardDeviationError(chains, centre),
    q5: quantileSorted(sorted, 0.05),
    q50,
    q95: quantileSorted(sorted, 0.95),
    ess_bulk: effectiveSampleSize(bulk),
    ess_tail: tailSampleSize(chains, sorted),
    r_hat: rankedScaleReduction(ranking, q50, bulk),
  };
}

function rowText(row: SummaryRow): string[] {
  return [
    row.name,
    estimateText(row.mean, row.mcse_mean),
    estimateText(row.sd, row.mcse_sd),
    significantText(row.mcse_mean, 2),
    estimateText(row.q5, row.mcse_mean),
    estimateText(row.q50, row.mcse_mean),
    estimateText(row.q95, row.mcse_mean),
    significantText(Math.floor(row.ess_bulk), 1),
    significantText(Math.floor(row.ess_tail), 1),
    Number.isFinite(row.r_hat) ? row.r_hat.toFixed(2) : significantText(row.r_hat, 1),
  ];
}

const header = ["", "mean", "sd", "mcse_mean", "q5", "q50", "q95", "ess_bulk", "ess_tail", "r_hat"];

/**
 * Summary of draws: mean, standard deviation, their Monte Carlo standard errors, quantiles (type 7), bulk and tail
 * effective sample sizes and R̂, one row for each element of each variable.
 *
 * Printed, estimates have the digits that their Monte Carlo standard error supports, errors two, R̂ two decimals.
 * Constants and draws with NaN have NaN for what cannot be told.
 *
 * @param variables draws by variable, in the order of the rows.
 * @throws RangeError, naming the variable, if it has no draws or a number of values that does not fit its shape.
 *
 * @example
 * const draws = Float64Array.from({ length: 400 }, (_, i) => (i * i) % 101);
 * String(summarise([{ name: "mu", shape: [], chains: 4, draws }]));
 */
export function summarise(variables: readonly VariableDraws[]): Summary {
  const rows = variables.flatMap((variable) => {
    const size = sizeOf(variable);
    return siteNames(variable.name, variable.shape).map((name, element) =>
      summaryRow(name, chainsOfElement(variable, size, element)),
    );
  });
  return { rows, toString: () => alignedText([header, ...rows.map(rowText)]) };
}
