/** What a run of inference leaves behind: draws by site, statistics of the sampler, what it cost, and a summary. */

import { INSPECT } from "../src/tensor/describe.ts";
import { formatShape } from "../src/tensor/shapes.ts";
import { suggestion } from "../src/tensor/spelling.ts";
import { fromData, type Shape, type Tensor } from "../src/tensor/tensor.ts";
import { diagnose, type Finding, percent } from "./diagnose.ts";
import { type Summary, summarise, type VariableDraws } from "./diagnostics/summarise.ts";
import type { ChainStats } from "./mcmc/stats.ts";

/** Statistics of the sampler, each of shape [chains, draws], under ArviZ's names. */
export type SampleStats = { readonly [Name in keyof ChainStats]: Tensor };

export interface FitCost {
  /** Gradient evaluations of all chains, warm-up included. */
  readonly gradients: number;
  readonly warmupGradients: number;
  readonly traceMs: number;
  readonly compileMs: number;
  /** Of the slowest chain. */
  readonly warmupMs: number;
  readonly drawMs: number;
}

/** The summary of a fit: a table, then how many transitions diverged, then a line for everything to worry about. */
export interface FitSummary extends Summary {
  readonly divergences: number;
  readonly findings: readonly Finding[];
}

export interface Fit {
  /** Draws by site, of shape [chains, draws, ...shape], latent and deterministic sites in the order the model meets them. */
  readonly posterior: Readonly<Record<string, Tensor>>;
  /** Draws of one site, of shape [chains, draws, ...shape]. @throws Error for an unknown site, listing those there are. */
  draws(site: string): Tensor;
  readonly stats: SampleStats;
  readonly cost: FitCost;
  /** Mean, sd, quantiles, effective sample sizes and R-hat of every element of every site. */
  summary(): FitSummary;
  /**
   * What is wrong with the run and what to try, the gravest first; empty when nothing is known to be: divergences, R-hat above 1.01,
   * effective sample sizes below 100 a chain, E-BFMI below 0.3, trajectories that reached `maxDepth`.
   */
  diagnose(): readonly Finding[];
  /** Chains, draws and sites, in two lines. */
  toString(): string;
  /** Whether the run was stopped before it had all of its draws. */
  readonly aborted: boolean;
}

/** Draws of one site, laid out [chain][draw][element]. */
export interface SiteDraws {
  readonly name: string;
  readonly shape: Shape;
  readonly values: Float64Array;
}

/**
 * Assembles a fit from its parts.
 *
 * @param maxDepth - most doublings of a trajectory, where there are such
 */
export function makeFit(
  sites: readonly SiteDraws[],
  chains: number,
  draws: number,
  stats: SampleStats,
  cost: FitCost,
  aborted: boolean,
  maxDepth?: number,
): Fit {
  const posterior = Object.fromEntries(
    sites.map(({ name, shape, values }) => [name, fromData(values, [chains, draws, ...shape])]),
  );
  const divergences = stats.diverging.sum().item();
  const diverged = divergenceLine(divergences, chains * draws);
  const makeSummary = (): FitSummary => {
    if (draws === 0) throw new Error("The fit has no draws to summarise: ask for some with { draws: 1000 }.");
    const table = summarise(sites.map((site): VariableDraws => ({ ...site, chains, draws: site.values })));
    const findings = diagnose({ rows: table.rows, ...stats, maxDepth });
    const text = [table, diverged, ...findings.map(({ message }) => message)].join("\n");
    return { rows: table.rows, divergences, findings, ...printed(() => text) };
  };
  let made: FitSummary | undefined;
  const summary = (): FitSummary => {
    made ??= makeSummary();
    return made;
  };
  const shapes = sites.map(({ name, shape }) => `${name} ${formatShape(shape)}`);
  return {
    posterior,
    draws(name) {
      const site = String(name);
      if (Object.hasOwn(posterior, site)) return posterior[site]!;
      const element = /^(.*)\[[\d,\s]*\]$/.exec(site)?.[1];
      if (element !== undefined && Object.hasOwn(posterior, element)) {
        throw new Error(
          `The fit has no site "${site}", but "${element}" of shape ${formatShape(posterior[element]!.shape)}, [chains, draws, …]: take draws("${element}") ` +
            "and pick elements along the last axes.",
        );
      }
      throw new Error(
        `The fit has no site "${site}"${suggestion(site, Object.keys(posterior))} Observed sites have none.`,
      );
    },
    stats,
    cost,
    summary,
    diagnose: () => summary().findings,
    ...printed(
      () =>
        `Fit of ${count(chains, "chain")} with ${count(draws, "draw")}${chains > 1 ? " each" : ""}: ${shapes.join(", ")}.\n${diverged}${aborted ? " The run was stopped early." : ""} summary() has a table.`,
    ),
    aborted,
  };
}

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? "" : "s"}`;

/** How an object appears as a string, and in Node's console. */
const printed = (text: () => string): { toString(): string } => ({ toString: text, [INSPECT]: text });

function divergenceLine(divergences: number, total: number): string {
  return `${divergences} of ${total} transitions diverged${divergences > 0 ? ` (${percent(divergences / total)})` : ""}.`;
}
