/** NUTS and HMC as one-liners: from a model and data to a fit. */
import type { Key } from "../src/random/key.ts";
import { fromData, type TensorLike } from "../src/tensor/tensor.ts";
import { checkLength, refuseImproper } from "./checkDensity.ts";
import { type Fit, makeFit, type SampleStats } from "./fit.ts";
import { load, loadDensity, loading } from "./loadDensity.ts";
import type { LogDensityOptions } from "./logDensity.ts";
import type { ChainResult } from "./mcmc/chain.ts";
import { type ChainSettings, chainSettings } from "./mcmc/settings.ts";
import { forEachStat } from "./mcmc/stats.ts";
import type { ConstrainedDraws, LogDensity, Model } from "./modelDensity.ts";
import { checkModel } from "./modelRun.ts";
import { ChainError } from "./runner/job.ts";
import { type RunOptions, type RunResult, runChains } from "./runner/runChains.ts";
import { silent, terminalOf } from "./runner/terminal.ts";
import { checkSampleOptions } from "./sampleOptions.ts";

/** Settings of the chains (`warmup`, `draws`, `targetAcceptance`, `maxDepth`, …), of the run, and of tracing. */
export interface SampleOptions
  extends Partial<Omit<ChainSettings, "algorithm" | "names" | "initial">>,
    RunOptions,
    LogDensityOptions {
  /** Number of chains. Default 4. */
  readonly chains?: number;
  /** The same seed gives the same draws, on any machine and any number of workers. Default 0. */
  readonly seed?: number | string | Key;
  /**
   * Where chains start: values of all latent sites by name, for every chain or in an array with one entry a chain; an entry may also be
   * a vector of unconstrained coordinates. Default: drawn at random.
   */
  readonly initial?: InitialValues | readonly (InitialValues | Float64Array | undefined)[];
  /** A bar for each chain on a terminal. Default true; silent in any case when the output is not a terminal. */
  readonly progress?: boolean;
}

/** Values of the latent sites by name. */
export type InitialValues = Readonly<Record<string, TensorLike>>;

/**
 * Samples the posterior of a model with the No-U-Turn sampler (Hoffman & Gelman 2014, multinomial as in Betancourt 2017).
 *
 * @param model - any function that calls `sample`
 * @param data - its argument
 * @returns draws on the model's own scale, statistics and costs
 * @throws Error for a model without latent sites, data that do not fit, unknown options, or a posterior without a usable starting point; errors
 *   name the site, and the line where the model failed.
 * @example
 * const fit = await nuts(() => { sample("x", dist.Normal(0, 1)); }, {}, { seed: 1 });
 * console.log(String(fit.summary()));
 */
export const nuts = <Data>(model: Model<Data>, data: Data, options: SampleOptions = {}): Promise<Fit> =>
  sampleChains("nuts", model, data, options);

/** Likewise with Hamiltonian Monte Carlo over trajectories of fixed length (`trajectoryLength`). */
export const hmc = <Data>(model: Model<Data>, data: Data, options: SampleOptions = {}): Promise<Fit> =>
  sampleChains("hmc", model, data, options);

async function sampleChains<Data>(
  algorithm: ChainSettings["algorithm"],
  model: Model<Data>,
  data: Data,
  options: SampleOptions,
): Promise<Fit> {
  checkModel(algorithm, model, data);
  checkSampleOptions(algorithm, options);
  const { chains = 4, seed = 0, progress = true, initial, strategy, workers, onProgress, signal, ...rest } = options;
  const { interpret, debugNans = false, passes, ...settings } = rest;
  const { maxDepth } = chainSettings(settings, algorithm);
  const ld = await loadDensity(model, data, defined({ interpret, debugNans, passes }));
  refuseImproper(algorithm, ld);
  if (settings.scale !== undefined) checkLength(algorithm, "scale", settings.scale, ld.dim);
  const ids = Array.from({ length: chains }, (_, i) => i);
  const starts = initial === undefined ? undefined : (await load()).initialPoints(algorithm, ld, chains, initial);
  const job = {
    // A program in a worker has no model to explain a NaN by.
    density: debugNans ? ld : (ld.program ?? ld),
    settings: { ...settings, algorithm, names: ld.names, ...defined({ initial: starts }) },
    seed,
    chains: ids,
  };
  const terminal = progress ? terminalOf() : undefined;
  const bar = terminal ? (await load()).drawBars(ids, terminal) : silent;
  try {
    const run = await runChains(job, {
      ...defined({ strategy, workers, signal }),
      onProgress: (p) => {
        bar.update(p);
        onProgress?.(p);
      },
    });
    return await loading(() => toFit(ld, run, algorithm === "nuts" ? maxDepth : undefined));
  } catch (error) {
    if (!(error instanceof ChainError)) throw error;
    const { explainStart } = await load();
    throw explainStart(error, ld, settings.initialRadius, starts);
  } finally {
    bar.close();
  }
}

/** Drops what is undefined, for options whose absence and undefined differ. */
const defined = <T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;

/** Moves the draws to the model's scale. */
function toFit(ld: LogDensity, run: RunResult, maxDepth: number | undefined): Fit {
  const { chains, count } = run;
  const points = chains.flatMap(({ draws }) =>
    Array.from({ length: count }, (_, i) => draws.subarray(i * ld.dim, (i + 1) * ld.dim)),
  );
  const sites: ConstrainedDraws[] = ld.constrainAll(points);
  const slowest = (f: (chain: ChainResult) => number): number => Math.max(...chains.map(f));
  const total = (f: (chain: ChainResult) => number): number => chains.reduce((sum, chain) => sum + f(chain), 0);
  const cost = {
    gradients: total((c) => c.gradients),
    warmupGradients: total((c) => c.warmupGradients),
    ...ld.timing,
    warmupMs: slowest((c) => c.warmupMs),
    drawMs: slowest((c) => c.drawMs),
  };
  return makeFit(sites, chains.length, count, collectStats(chains, count), cost, run.aborted, maxDepth);
}

const collectStats = (chains: readonly ChainResult[], count: number): SampleStats =>
  forEachStat((name) => {
    const joined = new Float64Array(chains.length * count);
    for (const [c, { stats }] of chains.entries()) joined.set(stats[name], c * count);
    return fromData(joined, [chains.length, count]);
  });
