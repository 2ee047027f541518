/** Adaptation of step size and metric. */
import { dualAveraging } from "./dualAveraging.ts";
import { type FisherEstimator, fisherDiagonal } from "./fisherDiagonal.ts";
import type { Hamiltonian } from "./hamiltonian.ts";
import type { Transition } from "./kernel.ts";
import { type DiagonalMetric, scaleFromGradient } from "./metric.ts";
import type { State } from "./state.ts";
import { searchStepSize } from "./stepSize.ts";

export interface WarmupOptions {
  /** Number of transitions. */
  readonly length: number;
  /** The acceptance statistic that the step size aims at. Default 0.8. */
  readonly targetAcceptance?: number;
  /** False keeps the metric as it is. Default true. */
  readonly adaptMetric?: boolean;
  /** Where the search for the first step size starts. Default 1. */
  readonly stepSize?: number;
}

/** Tunes step size and metric while the chain finds the typical set. */
export interface Warmup {
  /** The step size for the next transition. */
  stepSize(): number;
  /** Takes in transition number `t` (from 0), which led to `state`. */
  update(t: number, state: State, last: Transition): void;
  /** The step size to sample with. */
  finish(): number;
}

/** Share of warm-up with short windows, and share at the end that tunes the step size alone. */
const EARLY = 0.3;
const FINAL = 0.15;
const EARLY_WINDOW = 10;
const FIRST_WINDOW = 80;
const WINDOW_GROWTH = 1.5;
/** Draws that an estimate of the metric needs. */
const FEWEST = 3;
/** A diverging trajectory that got this far still tells about the scale. */
const INFORMATIVE = 4;

/**
 * Adapts as nutpie does (nuts-rs 0.18; Seyboldt, Carlson & Carpenter, arXiv:2603.18845). The metric starts from one gradient and is
 * re-estimated after every draw from a foreground window, while a background window collects what will replace it. Windows are 10
 * draws long for the first 30 % of warm-up, then 80 and growing by half; the last 15 % tune the step size alone, with the symmetric
 * acceptance statistic, which is less easily pleased by trajectories that only lose energy.
 * `state` is the chain's start; it must have a finite gradient.
 */
export function warmup(
  h: Hamiltonian,
  metric: DiagonalMetric,
  state: State,
  { length, targetAcceptance = 0.8, adaptMetric = true, stepSize = 1 }: WarmupOptions,
): Warmup {
  const { dim, scale } = metric;
  if (adaptMetric) scaleFromGradient(state.gradient, scale);
  const steps = dualAveraging(searchStepSize(h, state, stepSize), { target: targetAcceptance });

  const earlyEnd = Math.floor(EARLY * length);
  const finalStart = length - Math.floor(FINAL * length);
  let foreground: FisherEstimator = fisherDiagonal(dim);
  let background: FisherEstimator = fisherDiagonal(dim);
  let window = FIRST_WINDOW;
  let first = true;

  function updateMetric(t: number, current: State, last: Transition): void {
    const moved = last.diverging ? Math.abs(current.index) > INFORMATIVE : current.index !== 0;
    if (moved) {
      foreground.add(current.x, current.gradient);
      background.add(current.x, current.gradient);
    }
    const early = t < earlyEnd;
    const wanted = early ? EARLY_WINDOW : window;
    if (background.count >= wanted && t + wanted <= finalStart) {
      if (!early) window = Math.ceil(WINDOW_GROWTH * Math.max(window, background.count));
      const old = foreground;
      foreground = background;
      background = old;
      background.reset();
    }
    if (foreground.count < FEWEST) return;
    foreground.writeScale(scale);
    if (!first) return;
    first = false;
    steps.restart(searchStepSize(h, current, steps.current()));
  }

  return {
    stepSize: () => steps.current(),
    update(t, current, last) {
      steps.update(t < finalStart ? last.acceptance : last.symmetricAcceptance);
      if (adaptMetric && t < finalStart) updateMetric(t, current, last);
    },
    finish: () => (length > 0 ? steps.averaged() : steps.current()),
  };
}
