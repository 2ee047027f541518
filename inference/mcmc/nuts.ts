/** The No-U-Turn kernel. */
import { exp } from "../../src/wasm/numberFunctions.ts";
import { type Hamiltonian, leapfrog, refresh, stateAt } from "./hamiltonian.ts";
import { type Kernel, transition } from "./kernel.ts";
import type { State } from "./state.ts";

export interface NutsOptions {
  /** Most doublings of a trajectory: at most 2^maxDepth - 1 leapfrog steps. Default 10. */
  readonly maxDepth?: number;
  /** Energy error above which a trajectory counts as divergent. Default 1000. */
  readonly maxEnergyError?: number;
}

/**
 * A stretch of trajectory. `begin` is the end that was reached first and `end` the one reached last, whichever the direction of
 * time; `proposal` is a state drawn from the stretch in proportion to exp(-H).
 */
interface Tree {
  begin: State;
  end: State;
  proposal: State;
}

/**
 * Weights are exp(-ΔH) relative to the start, whose own weight is one, so underflow to zero is harmless. This bounds them above; only
 * an unstable trajectory loses so much energy.
 */
const SMALLEST_RATIO = 1e-250;

/**
 * Whether the stretch from `a` to `b` makes a U-turn: the displacement points against the velocity at either end. `direction` is
 * that of the integration from `a` to `b`. In whitened coordinates the displacement is the integral of the velocity, so this
 * is Betancourt's ρ criterion (arXiv:1701.02434, A.4.2) without sums to carry.
 */
function turning(a: State, b: State, direction: number): boolean {
  const p = a.flow;
  const q = b.flow;
  const dim = a.x.length;
  let atA = 0;
  let atB = 0;
  for (let i = 0; i < dim; i++) {
    const displacement = q[i] - p[i];
    atA += displacement * p[dim + i];
    atB += displacement * q[dim + i];
  }
  return direction * atA < 0 || direction * atB < 0;
}

/**
 * Whether the union of two adjacent stretches turns, or either stretch prolonged by the first state of the other does.
 * Without the latter two a trajectory can step over its U-turn, because halves are checked alone (stan-dev/stan#2799).
 */
function joinTurns(near: Tree, far: Tree, depth: number, direction: number): boolean {
  if (turning(near.begin, far.end, direction)) return true;
  return depth > 0 && (turning(near.begin, far.begin, direction) || turning(near.end, far.end, direction));
}

/**
 * The no-U-turn sampler (Hoffman & Gelman 2014) with multinomial sampling inside subtrees and biased progressive sampling between
 * them (Betancourt 2017, arXiv:1701.02434). The tree is built leaf by leaf: finished subtrees wait on a stack and two
 * of equal size are joined, like carries in a binary counter, so memory is O(depth) and nothing recurses or allocates.
 *
 * @example
 * const kernel = nuts(hamiltonian(density, diagonalMetric(density.dim), stream(key(0))));
 * let state = kernel.init(new Float64Array(density.dim));
 * for (let i = 0; i < 1000; i++) state = kernel.step(state, 0.5);
 */
export function nuts(h: Hamiltonian, { maxDepth = 10, maxEnergyError = 1000 }: NutsOptions = {}): Kernel {
  const { pool, stream } = h;
  const last = transition(h.density.dim);
  const placeholder = pool.take();
  const newTree = (): Tree => ({ begin: placeholder, end: placeholder, proposal: placeholder });
  const stack = Array.from({ length: maxDepth + 1 }, newTree);
  const weights = new Float64Array(maxDepth + 1);
  const whole = newTree();

  function releaseTree(tree: Tree): void {
    pool.release(tree.begin);
    pool.release(tree.end);
    pool.release(tree.proposal);
  }

  function releaseStack(height: number): false {
    for (let i = 0; i < height; i++) releaseTree(stack[i]);
    return false;
  }

  /** Joins the second tree of the stack's top pair into the first; false when the union turns. */
  function joinTop(first: number, depth: number, direction: number): boolean {
    const near = stack[first];
    const far = stack[first + 1];
    if (joinTurns(near, far, depth, direction)) return false;
    const weight = weights[first + 1];
    weights[first] += weight;
    const takeFar = stream.uniform() * weights[first] < weight;
    pool.release(near.end);
    near.end = far.end;
    pool.release(far.begin);
    if (takeFar) {
      pool.release(near.proposal);
      near.proposal = far.proposal;
    } else {
      pool.release(far.proposal);
    }
    return true;
  }

  /**
   * Builds a tree of 2^depth leaves onwards from `edge` into the bottom of the stack. False when it diverges or turns inside;
   * the stack is then empty.
   */
  function extend(edge: State, depth: number, direction: number, stepSize: number, energy: number): boolean {
    const leaves = 2 ** depth;
    const signedStep = direction * stepSize;
    let height = 0;
    let from = edge;
    for (let n = 0; n < leaves; n++) {
      const leaf = pool.take();
      leapfrog(h, from, leaf, signedStep);
      leaf.index = from.index + direction;
      last.steps++;
      const error = leaf.energy - energy;
      if (!(error <= maxEnergyError && error > -Infinity)) {
        last.diverging = true;
        last.divergenceStart.set(from.x);
        pool.release(leaf);
        return releaseStack(height);
      }
      const ratio = exp(-Math.abs(error));
      last.acceptance += error > 0 ? ratio : 1;
      last.symmetricAcceptance += (2 * ratio) / (1 + ratio);

      const tree = stack[height];
      tree.begin = tree.end = tree.proposal = leaf;
      leaf.holders = 3;
      weights[height++] = error > 0 ? ratio : 1 / Math.max(ratio, SMALLEST_RATIO);
      for (let carry = n, level = 0; carry & 1; carry >>= 1, level++) {
        if (!joinTop(height - 2, level, direction)) return releaseStack(height);
        height--;
      }
      from = leaf;
    }
    return true;
  }

  return {
    last,
    init: (x) => stateAt(h, x),
    step(state, stepSize) {
      refresh(h, state);
      const { energy } = state;
      last.steps = 0;
      last.diverging = false;
      last.truncated = false;
      last.acceptance = 0;
      last.symmetricAcceptance = 0;
      whole.begin = whole.end = whole.proposal = state;
      state.holders += 2;
      let weight = 1;
      let direction = 1;
      let depth = 0;
      while (true) {
        if (depth === maxDepth) {
          last.truncated = true;
          break;
        }
        if (stream.uniform() < 0.5) {
          direction = -direction;
          const { begin } = whole;
          whole.begin = whole.end;
          whole.end = begin;
        }
        if (!extend(whole.end, depth, direction, stepSize, energy)) break;
        const far = stack[0];
        const turns = joinTurns(whole, far, depth, direction);
        if (stream.uniform() * weight < weights[0]) {
          pool.release(whole.proposal);
          whole.proposal = far.proposal;
        } else {
          pool.release(far.proposal);
        }
        weight += weights[0];
        pool.release(whole.end);
        whole.end = far.end;
        pool.release(far.begin);
        depth++;
        if (turns) break;
      }
      const { proposal } = whole;
      pool.release(whole.begin);
      pool.release(whole.end);
      last.depth = depth;
      last.energyError = proposal.energy - energy;
      const leaves = Math.max(last.steps, 1);
      last.acceptance /= leaves;
      last.symmetricAcceptance /= leaves;
      return proposal;
    },
  };
}
