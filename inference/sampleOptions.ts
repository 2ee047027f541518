/** Checks on the options of samplers and log densities that types can't make for plain JavaScript. */

import { allPasses } from "../src/compiler/passes.ts";
import { suggestion } from "../src/effects/spelling.ts";
import { isKey } from "../src/random/key.ts";
import { describe, isPlainObject } from "../src/tensor/describe.ts";
import { settingNames } from "./mcmc/settings.ts";

type Check = readonly [test: (value: unknown) => boolean, wanted: string];
const flag: Check = [(v) => typeof v === "boolean", "true or false"];
const count: Check = [(v) => Number.isInteger(v) && (v as number) >= 1, "a whole number, 1 or more"];
/** Checked by `chainSettings`. */
const elsewhere: Check = [() => true, ""];

type Checks = Readonly<Record<string, Check>>;

const passes: Checks[string] = [
  (v) =>
    isPlainObject(v) &&
    Object.entries(v).every(([name, on]) => Object.hasOwn(allPasses, name) && typeof on === "boolean"),
  `an object of switches like { summarise: false }; there are ${Object.keys(allPasses).join(", ")}`,
];
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
  checkOptions(caller, isPlainObject(options) ? rest : options, checks, "{ chains: 4, draws: 1000, seed: 0 }");
  if (rest.strategy === "workers" && (rest.debugNans || rest.interpret)) {
    throw new TypeError(
      `${caller}: \`strategy\` can't be "workers" with ${rest.debugNans ? "debugNans" : "interpret"}, which works in this thread only. Leave one of them out.`,
    );
  }
}

/** Likewise for those of `logDensity`. */
export const checkLogDensityOptions = (caller: string, options: unknown): void =>
  checkOptions(caller, options, ofLogDensity, "{ debugNans: true }");

/** Likewise for those of `predictive`. */
export const checkPredictiveOptions = (options: unknown): void =>
  checkOptions("predictive", options, ofPredictive, "{ seed: 1 }");

function checkOptions(caller: string, options: unknown, checks: Checks, example: string): void {
  if (!isPlainObject(options)) {
    throw new TypeError(`${caller}: the options have to be an object, like ${example}, got ${describe(options)}.`);
  }
  for (const [name, value] of Object.entries(options)) {
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
    if (check === undefined) throw unknownOption(caller, name, Object.keys(checks));
    const [test, wanted] = check;
    if (value !== undefined && !test(value))
      throw new RangeError(`${caller}: \`${name}\` must be ${wanted}, got ${describe(value)}.`);
  }
}

function unknownOption(caller: string, name: string, known: readonly string[]): TypeError {
  const camelCase = name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  const synonym = Object.hasOwn(synonyms, camelCase) ? synonyms[camelCase] : undefined;
  const text =
    synonym === undefined || !known.includes(synonym)
      ? suggestion(name, known, known.length)
      : `; here it is called "${synonym}". There are ${known.map((k) => `"${k}"`).join(", ")}.`;
  return new TypeError(`${caller}: unknown option "${name}"${text}`);
}
