/** What a Markov kernel is. */
import type { State } from "./state.ts";

/** What happened in a transition. One object, overwritten by every transition. */
export interface Transition {
  /** Energy of the end state minus energy of the start state. */
  energyError: number;
  /** Mean over the trajectory of min(1, exp(-ΔH)). */
  acceptance: number;
  /** Mean over the trajectory of 2 / (1 + exp |ΔH|): counts gained energy as well as lost. */
  symmetricAcceptance: number;
  /** Doublings of the tree; 0 for kernels without a tree. */
  depth: number;
  /** Leapfrog steps, hence gradients. */
  steps: number;
  diverging: boolean;
  /** Whether the trajectory was cut at the greatest depth or length rather than at a U-turn. */
  truncated: boolean;
  /** Position from which the diverging step started; meaningful when `diverging`. */
  readonly divergenceStart: Float64Array;
}

/** A Markov kernel that leaves the target invariant. */
export interface Kernel {
  /** The state at a position. */
  init(x: Float64Array): State;
  /**
   * One transition with the given step size. The kernel takes `state` over and returns the next one, possibly the same; `last`
   * tells what happened.
   */
  step(state: State, stepSize: number): State;
  readonly last: Transition;
}

/** A blank record for a kernel to write into. */
export function transition(dim: number): Transition {
  return {
    energyError: 0.5,
    acceptance: 0.5,
    symmetricAcceptance: 0.5,
    depth: 0,
    steps: 0,
    diverging: false,
    truncated: false,
    divergenceStart: new Float64Array(dim),
  };
}
