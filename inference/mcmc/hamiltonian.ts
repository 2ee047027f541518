/** States, energies and leapfrog steps. */
import type { Stream } from "../../src/random/stream.ts";
import type { Density } from "./density.ts";
import type { Metric } from "./metric.ts";
import { type State, type StatePool, statePool } from "./state.ts";

/** What every kernel of the family shares: the target, the metric, the randomness, and the states. */
export interface Hamiltonian {
  readonly density: Density;
  readonly metric: Metric;
  readonly stream: Stream;
  readonly pool: StatePool;
  /** Evaluations of the density and its gradient so far. */
  evaluations: number;
}

/** Binds a density, a metric of the same dimension, and a stream of random numbers. */
export function hamiltonian(density: Density, metric: Metric, stream: Stream): Hamiltonian {
  if (density.dim !== metric.dim) {
    throw new Error(`The density has ${density.dim} coordinates but the metric ${metric.dim}.`);
  }
  return { density, metric, stream, pool: statePool(density.dim), evaluations: 0 };
}

/** A held state at `x`, with log density and gradient but without velocity. */
export function stateAt(h: Hamiltonian, x: Float64Array): State {
  const state = h.pool.hold(h.pool.take());
  state.x.set(x);
  state.logDensity = h.density.valueAndGrad(state.x, state.gradient);
  h.evaluations++;
  state.index = 0;
  return state;
}

/**
 * Starts a trajectory at `state`: whitens its position and gradient under the metric as it is, draws a standard normal
 * velocity, and sets the energy. The density is not evaluated: the gradient of an accepted state is kept.
 */
export function refresh(h: Hamiltonian, state: State): void {
  h.metric.toWhitened(state.x, state.y);
  h.metric.pullBack(state.gradient, state.force);
  const { velocity } = state;
  const { stream } = h;
  let kinetic = 0;
  for (let i = 0; i < velocity.length; i++) {
    const v = stream.normal();
    velocity[i] = v;
    kinetic += v * v;
  }
  state.energy = 0.5 * kinetic - state.logDensity;
  state.index = 0;
}

/**
 * One leapfrog step (kick, drift, kick) of signed size `stepSize` in whitened coordinates, from one state into another; one
 * gradient. Second-order, symplectic, and reversible (Neal 2011, arXiv:1206.1901, §2.3).
 */
export function leapfrog(h: Hamiltonian, from: State, to: State, stepSize: number): void {
  const { metric } = h;
  const { dim } = metric;
  const half = 0.5 * stepSize;
  drift(dim, from.flow, to.flow, half, stepSize);
  metric.toPosition(to.y, to.x);
  const logDensity = h.density.valueAndGrad(to.x, to.gradient);
  h.evaluations++;
  metric.pullBack(to.gradient, to.force);
  to.logDensity = logDensity;
  to.energy = 0.5 * kick(dim, to.flow, half) - logDensity;
}

/** Half a kick, then a drift. */
function drift(dim: number, from: Float64Array, to: Float64Array, half: number, stepSize: number): void {
  for (let i = 0; i < dim; i++) {
    const velocity = from[dim + i] + half * from[2 * dim + i];
    to[dim + i] = velocity;
    to[i] = from[i] + stepSize * velocity;
  }
}

/** The other half; returns the squared speed. */
function kick(dim: number, flow: Float64Array, half: number): number {
  let squared = 0;
  for (let i = 0; i < dim; i++) {
    const velocity = flow[dim + i] + half * flow[2 * dim + i];
    flow[dim + i] = velocity;
    squared += velocity * velocity;
  }
  return squared;
}
