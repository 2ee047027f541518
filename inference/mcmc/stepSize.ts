/** The search for a first step size. */
import { type Hamiltonian, leapfrog, refresh } from "./hamiltonian.ts";
import type { State } from "./state.ts";

/** log 0.8: one step should be about as accurate as the default target. */
const LOG_THRESHOLD = -0.2231435513142097;
const LARGEST = 1e7;
const SMALLEST = 1e-20;

/** How the error of a density that does not fall off begins. */
export const TOO_FLAT = "Every step size up to";

/**
 * A step size of the right order at `state`: doubled or halved from `start` until the acceptance probability of a single leapfrog
 * step with fresh velocity crosses 0.8 (Hoffman & Gelman 2014, algorithm 4, with Stan's threshold). Costs one gradient a try.
 *
 * @throws when no step is too large, as for a density that does not fall off, or none is small enough.
 */
export function searchStepSize(h: Hamiltonian, state: State, start = 1): number {
  const { pool } = h;
  let stepSize = start;
  let direction = 0;
  while (true) {
    refresh(h, state);
    const next = pool.hold(pool.take());
    leapfrog(h, state, next, stepSize);
    const gain = state.energy - next.energy;
    pool.release(next);
    const accurate = gain > LOG_THRESHOLD;
    if (direction === 0) direction = accurate ? 1 : -1;
    else if (accurate !== direction > 0) return stepSize;
    stepSize *= direction > 0 ? 2 : 0.5;
    if (stepSize > LARGEST) {
      throw new Error(
        `${TOO_FLAT} ${LARGEST} is accurate at log density ${state.logDensity}: the density hardly changes with its ` +
          "parameters, so it may not integrate to one. Give every parameter a proper prior.",
      );
    }
    if (stepSize < SMALLEST) {
      throw new Error(
        `No step size down to ${SMALLEST} is accurate at log density ${state.logDensity}: the gradient does not match the density, or ` +
          "the density is not continuous there. Check the model for discontinuities, or start elsewhere with `initial`.",
      );
    }
  }
}
