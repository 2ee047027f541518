/** What textbooks and other packages call the arguments of distributions. */
import { nearestName } from "../src/tensor/spelling.ts";

const usual: Readonly<Record<string, readonly string[]>> = {
  loc: ["mean", "mu", "location"],
  scale: ["sd", "sigma", "std", "stddev", "stdDev", "beta"],
  concentration: ["shape", "alpha", "k", "phi"],
  concentration1: ["alpha", "a"],
  concentration0: ["beta", "b"],
  rate: ["lambda", "lam", "beta"],
  mean: ["mu"],
  probs: ["p", "prob", "probability", "theta"],
  logits: ["logit", "eta"],
  totalCount: ["n", "trials", "size"],
  low: ["a", "lower", "min", "minval"],
  high: ["b", "upper", "max", "maxval"],
  df: ["nu"],
  covarianceMatrix: ["cov", "Sigma"],
  precisionMatrix: ["precision", "Q"],
  scaleTril: ["chol", "L"],
};

/** Which of the arguments `names` is meant by one of another name; undefined when nothing is like it. */
export const meantName = (given: string, names: readonly string[]): string | undefined =>
  names.find((name) => Object.hasOwn(usual, name) && usual[name]!.includes(given)) ?? nearestName(given, names);
