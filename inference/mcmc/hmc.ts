/** Hamiltonian Monte Carlo over trajectories of fixed length. */
import { exp } from "../../src/wasm/numberFunctions.ts";
import { type Hamiltonian, leapfrog, refresh, stateAt } from "./hamiltonian.ts";
import { type Kernel, transition } from "./kernel.ts";

export interface HmcOptions {
  /** Length of a trajectory in whitened time; a quarter of a period of a well-scaled normal is π/2, the default. */
  readonly trajectoryLength?: number;
  /** Most leapfrog steps of a trajectory. Default 1000. */
  readonly maxSteps?: number;
  /** Energy error above which a trajectory counts as divergent. Default 1000. */
  readonly maxEnergyError?: number;
}

/**
 * Hamiltonian Monte Carlo with trajectories of fixed length and a Metropolis step (Neal 2011, arXiv:1206.1901).
 *
 * @example
 * const kernel = hmc(hamiltonian(density, diagonalMetric(density.dim), stream(key(0))), { trajectoryLength: 2 });
 */
export function hmc(
  h: Hamiltonian,
  { trajectoryLength = 0.5 * Math.PI, maxSteps = 1000, maxEnergyError = 1000 }: HmcOptions = {},
): Kernel {
  const { pool, stream } = h;
  const last = transition(h.density.dim);
  return {
    last,
    init: (x) => stateAt(h, x),
    step(state, stepSize) {
      refresh(h, state);
      const wanted = Math.max(1, Math.ceil(trajectoryLength / stepSize));
      const steps = Math.min(wanted, maxSteps);
      last.truncated = wanted > maxSteps;
      last.diverging = false;
      last.steps = 0;
      let from = pool.hold(state);
      let error = 0;
      while (last.steps < steps && !last.diverging) {
        const to = pool.hold(pool.take());
        leapfrog(h, from, to, stepSize);
        last.steps++;
        to.index = last.steps;
        error = to.energy - state.energy;
        if (!(error <= maxEnergyError && error > -Infinity)) {
          last.diverging = true;
          last.divergenceStart.set(from.x);
        }
        pool.release(from);
        from = to;
      }
      const ratio = last.diverging ? 0 : exp(-Math.abs(error));
      last.acceptance = error > 0 || last.diverging ? ratio : 1;
      last.symmetricAcceptance = (2 * ratio) / (1 + ratio);
      const accepted = stream.uniform() < last.acceptance;
      last.energyError = accepted ? error : 0;
      pool.release(accepted ? state : from);
      return accepted ? from : state;
    },
  };
}
