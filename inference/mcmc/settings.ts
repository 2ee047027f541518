/** Settings of chains, with their defaults and checks. */
import { describe } from "../../src/tensor/describe.ts";

/** How a chain is run. Plain data: it travels to workers. */
export interface ChainSettings {
  /** Default "nuts". */
  readonly algorithm: "nuts" | "hmc";
  /** Transitions that tune and are thrown away. Default 500. */
  readonly warmup: number;
  /** Transitions that are kept. Default 1000. */
  readonly draws: number;
  /** The mean acceptance statistic that the step size aims at, in (0, 1). Default 0.8; raise it against divergences. */
  readonly targetAcceptance: number;
  /** NUTS: most doublings of a trajectory. Default 10. */
  readonly maxDepth: number;
  /** Energy error above which a trajectory counts as divergent. Default 1000. */
  readonly maxEnergyError: number;
  /** The step size of each transition varies uniformly by this fraction either way, against resonance. Default 0.1. */
  readonly stepSizeJitter: number;
  /** HMC: length of a trajectory in whitened time. Default π/2. */
  readonly trajectoryLength: number;
  /** Half-width of the box that starting points are drawn from. Default 2. */
  readonly initialRadius: number;
  /** How many starting points to choose from. Default 10. */
  readonly initialCandidates: number;
  /** How many starting points to try before giving up. Default 100. */
  readonly initialAttempts: number;
  /** Starting points by chain id, each of length dim; chains without one draw theirs. */
  readonly initial?: readonly (Float64Array | undefined)[];
  /** Fixed scales (standard deviations) of the coordinates: the metric is then not adapted. */
  readonly scale?: Float64Array;
  /** Step size to start from; with `warmup: 0`, the step size. */
  readonly stepSize?: number;
  /** Names of the unconstrained coordinates, for errors. */
  readonly names?: readonly string[];
}

export const defaultSettings: ChainSettings = {
  algorithm: "nuts",
  warmup: 500,
  draws: 1000,
  targetAcceptance: 0.8,
  maxDepth: 10,
  maxEnergyError: 1000,
  stepSizeJitter: 0.1,
  trajectoryLength: 0.5 * Math.PI,
  initialRadius: 2,
  initialCandidates: 10,
  initialAttempts: 100,
};

/** Names of all settings. */
export const settingNames: readonly string[] = [
  ...Object.keys(defaultSettings),
  "initial",
  "scale",
  "stepSize",
  "names",
];

type Rule = readonly [test: (value: number) => boolean, wanted: string];
const count: Rule = [(v) => Number.isInteger(v) && v >= 0, "a whole number, 0 or more"];
const positiveCount: Rule = [(v) => Number.isInteger(v) && v > 0, "a whole number, 1 or more"];
const positive: Rule = [(v) => v > 0 && v < Infinity, "a positive number"];

const rules: Readonly<Record<string, Rule>> = {
  warmup: count,
  draws: count,
  targetAcceptance: [(v) => v > 0 && v < 1, "a number strictly between 0 and 1"],
  maxDepth: [(v) => Number.isInteger(v) && v >= 1 && v <= 30, "a whole number from 1 to 30"],
  maxEnergyError: [(v) => v > 0, "a positive number"],
  stepSizeJitter: [(v) => v >= 0 && v < 1, "a number from 0 up to but not including 1"],
  trajectoryLength: positive,
  initialRadius: [(v) => v >= 0 && v < Infinity, "a number, 0 or more"],
  initialCandidates: positiveCount,
  initialAttempts: positiveCount,
  stepSize: positive,
};

/**
 * Fills in the defaults.
 *
 * @param caller - the function that was given the settings, for errors
 * @throws when a setting is unknown or out of range; the message says what is wanted.
 */
export function chainSettings(given: Partial<ChainSettings> = {}, caller = "startChain"): ChainSettings {
  for (const name of Object.keys(given)) {
    if (!settingNames.includes(name)) {
      throw new Error(`${caller}: unknown setting \`${name}\`. There are ${[...settingNames].sort().join(", ")}.`);
    }
  }
  const defined = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const settings: ChainSettings = { ...defaultSettings, ...defined };
  if (settings.algorithm !== "nuts" && settings.algorithm !== "hmc") {
    throw new Error(`${caller}: \`algorithm\` must be "nuts" or "hmc", got ${JSON.stringify(settings.algorithm)}.`);
  }
  for (const [name, [test, wanted]] of Object.entries(rules)) {
    const value = settings[name as keyof ChainSettings];
    if (value !== undefined && !(typeof value === "number" && test(value))) {
      throw new Error(`${caller}: \`${name}\` must be ${wanted}, got ${describe(value)}.`);
    }
  }
  return settings;
}
