/** Checks on the options of samplers and log densities that types can't make for plain JavaScript. */

import { allPasses } from "../src/compiler/passes.ts";
import { isKey } from "../src/random/key.ts";
import { type Check, type Checks, checkOptions, count, flag } from "../src/tensor/arguments.ts";
import { isPlainObject } from "../src/tensor/describe.ts";
import { settingNames } from "./mcmc/settings.ts";

/** Checked by `chainSettings`. */
const elsewhere: Check = [() => true, ""];

const ofPasses: Checks = Object.fromEntries(Object.keys(allPasses).map((name) => [name, flag]));
const passes: Check = [isPlainObject, "an object of switches like { summarise: false }"];
const ofLogDensity: Checks = { interpret: flag, debugNans: flag, passes };

const seed: Check = [
  (v) => typeof v === "string" || Number.isFinite(v) || isKey(v),
  "a finite number, a string or a key",
];

const ofPredictive: Checks = { seed, draws: count };

const ofSampler: Checks = {
  chains: count,
  seed,
  ...Object.fromEntries(
    settingNames.filter((name) => name !== "algorithm" && name !== "names").map((name) => [name, elsewhere]),
  ),
  scale: [(v) => v instanceof Float64Array, "a Float64Array with a scale for each unconstrained coordinate"],
  strategy: [(v) => v === "auto" || v === "inProcess" || v === "workers", '"auto", "inProcess" or "workers"'],
  workers: count,
  progress: flag,
  onProgress: [(v) => typeof v === "function", "a function"],
  signal: [
    (v) => typeof (v as AbortSignal | null)?.aborted === "boolean",
    "an AbortSignal, such as new AbortController().signal",
  ],
  ...ofLogDensity,
};

/** What other packages call these options. */
const synonyms: Readonly<Record<string, string>> = {
  numSamples: "draws",
  numDraws: "draws",
  samples: "draws",
  iter: "draws",
  iterations: "draws",
  numWarmup: "warmup",
  tune: "warmup",
  burnIn: "warmup",
  burnin: "warmup",
  numChains: "chains",
  targetAcceptProb: "targetAcceptance",
  delta: "targetAcceptance",
  adaptDelta: "targetAcceptance",
  maxTreeDepth: "maxDepth",
  randomSeed: "seed",
  rngKey: "seed",
  key: "seed",
  init: "initial",
  inits: "initial",
  initParams: "initial",
  initialValues: "initial",
  cores: "workers",
  parallel: "strategy",
  progressBar: "progress",
};

/** Options that one of the samplers has and the other has not. */
const ofOne = { nuts: "maxDepth", hmc: "trajectoryLength" } as const;

/**
 * Checks names and kinds of the options of `nuts` and `hmc`. Undefined means the default.
 *
 * @param caller - the function that was given the options
 * @throws TypeError for an unknown option, suggesting the nearest, or one of the other sampler; RangeError for a bad value, showing it.
 */
export function checkSampleOptions(caller: "nuts" | "hmc", options: unknown): void {
  const other = caller === "nuts" ? "hmc" : "nuts";
  const foreign = ofOne[other];
  const { [foreign]: _, ...checks } = ofSampler;
  const { [foreign]: unwanted, ...rest } = isPlainObject(options) ? options : {};
  if (unwanted !== undefined) {
    throw new TypeError(
      `${caller}: \`${foreign}\` is an option of ${other}; ${caller} has \`${ofOne[caller]}\` instead. Leave it out, or call ${other}.`,
    );
  }
  const example = "{ chains: 4, draws: 1000, seed: 0 }";
  checkOptions(caller, isPlainObject(options) ? rest : options, checks, example, synonyms);
  checkPasses(caller, rest);
  if (rest.strategy === "workers" && (rest.debugNans || rest.interpret)) {
    throw new TypeError(
      `${caller}: \`strategy\` can't be "workers" with ${rest.debugNans ? "debugNans" : "interpret"}, which works in this thread only. Leave one of them out.`,
    );
  }
}

/** Likewise for those of `logDensity`. */
export function checkLogDensityOptions(caller: string, options: unknown): void {
  checkOptions(caller, options, ofLogDensity, "{ debugNans: true }");
  checkPasses(caller, options as { passes?: unknown });
}

const checkPasses = (caller: string, { passes = {} }: { readonly passes?: unknown }): void =>
  checkOptions(`${caller}: passes`, passes, ofPasses, "{ summarise: false }");

/** Likewise for those of `predictive`. */
export const checkPredictiveOptions = (options: unknown): void =>
  checkOptions("predictive", options, ofPredictive, "{ seed: 1 }", synonyms);
