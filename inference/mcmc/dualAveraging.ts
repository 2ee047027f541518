/** Dual averaging of the step size. */
import { exp, log, pow } from "../../src/wasm/numberFunctions.ts";

export interface DualAveragingOptions {
  /** The acceptance statistic to reach. Default 0.8. */
  readonly target?: number;
  /** Pull towards log(10 ε₀). Default 0.05. */
  readonly gamma?: number;
  /** Damps the first updates. Default 10. */
  readonly t0?: number;
  /** Decay of the weights of the average. Default 0.75. */
  readonly kappa?: number;
}

/** A step size that follows an acceptance statistic. */
export interface DualAveraging {
  /** Starts again from a step size. */
  restart(stepSize: number): void;
  /** Takes in the acceptance statistic, in [0, 1], of a transition made with `current()`. */
  update(acceptance: number): void;
  /** The step size to use while adapting. */
  current(): number;
  /** The averaged step size, to use once adaptation is over. */
  averaged(): number;
}

/**
 * Nesterov's dual averaging of the logarithm of the step size (Hoffman & Gelman 2014, §3.2.1; Stan's constants).
 *
 * @example
 * const steps = dualAveraging(0.1, { target: 0.9 });
 * steps.update(kernel.last.acceptance);
 */
export function dualAveraging(
  stepSize: number,
  { target = 0.8, gamma = 0.05, t0 = 10, kappa = 0.75 }: DualAveragingOptions = {},
): DualAveraging {
  let count = 0;
  let error = 0;
  let logStep = 0;
  let logAverage = 0;
  let centre = 0;
  function restart(start: number): void {
    count = 0;
    error = 0;
    logStep = log(start);
    logAverage = logStep;
    centre = log(10 * start);
  }
  restart(stepSize);
  return {
    restart,
    update(acceptance) {
      count++;
      const eta = 1 / (count + t0);
      error = (1 - eta) * error + eta * (target - acceptance);
      logStep = centre - (error * Math.sqrt(count)) / gamma;
      const weight = pow(count, -kappa);
      logAverage = (1 - weight) * logAverage + weight * logStep;
    },
    current: () => exp(logStep),
    averaged: () => exp(logAverage),
  };
}
