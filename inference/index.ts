/** Inference: `lapilli/inference`. */
export type { Draws } from "./diagnostics/draws.ts";
export { ebfmi } from "./diagnostics/ebfmi.ts";
export { essBulk, essMean, essQuantile, essSd, essTail } from "./diagnostics/ess.ts";
export { eti, hdi } from "./diagnostics/intervals.ts";
export { mcseMean, mcseQuantile, mcseSd } from "./diagnostics/mcse.ts";
export { rHat } from "./diagnostics/rHat.ts";
export { type Summary, type SummaryRow, summarise, type VariableDraws } from "./diagnostics/summarise.ts";
export type { Fit, FitCost, FitSummary, SampleStats } from "./fit.ts";
export {
  type ConstrainedDraws,
  type LatentSite,
  type LogDensity,
  type LogDensityOptions,
  logDensity,
  type Model,
} from "./logDensity.ts";
export { type ChainResult, type ChainStats, runChain, startChain } from "./mcmc/chain.ts";
export type { Density } from "./mcmc/density.ts";
export type { ChainSettings } from "./mcmc/settings.ts";
export { hmc, type InitialValues, nuts, type SampleOptions } from "./nuts.ts";
export { ChainError, type Job, type Progress } from "./runner/job.ts";
export { progressBar } from "./runner/progressBar.ts";
export { type RunOptions, type RunResult, runChains } from "./runner/runChains.ts";
export { closeIdleWorkers } from "./runner/workerPool.ts";
