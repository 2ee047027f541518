/** Inverting a distribution function by Newton's method on the logarithm of its smaller tail. */
import { log, log1p } from "../../wasm/numberFunctions.ts";

/** A point on the line that can be moved; the tail probability and its logarithmic slope there. */
export interface TailPoint {
  /** Moves the point by `step` along the coordinate. */
  readonly move: (step: number) => void;
  /** The tail probability here. */
  readonly tail: () => number;
  /** |d tail / d coordinate| here. */
  readonly density: () => number;
}

/**
 * Moves `point` to where its tail equals `target`.
 *
 * In the coordinate used (log x for gamma, logit x for beta) the densities are log-concave, hence so are both tails
 * (Prékopa), and Newton's method on a concave logarithm converges from everywhere; bisection takes over only where a
 * tail underflows.
 *
 * @param direction - +1 when the tail grows with the coordinate (a lower tail), -1 when it falls
 */
export function solveTail(point: TailPoint, target: number, direction: 1 | -1): void {
  let t = 0;
  let low = Number.NEGATIVE_INFINITY;
  let high = Number.POSITIVE_INFINITY;
  let lastSize = Number.POSITIVE_INFINITY;
  let stride = 1;
  for (let iteration = 0; iteration < 200; iteration++) {
    const tail = point.tail();
    const relative = (tail - target) / target;
    const excess = Math.abs(relative) < 0.5 ? log1p(relative) : log(tail) - log(target);
    if (excess === 0) return;
    if (direction * excess > 0) high = t;
    else low = t;
    let step = (-direction * excess * tail) / point.density();
    if (!(t + step > low && t + step < high)) {
      const size = Math.abs(step);
      if (size < 1e-9) return; // rounding noise around the root
      stride *= 2;
      if (low === Number.NEGATIVE_INFINITY) step = -stride;
      else if (high === Number.POSITIVE_INFINITY) step = stride;
      else step = (low + high) / 2 - t;
    }
    point.move(step);
    t += step;
    const size = Math.abs(step);
    if (size <= EPSILON || (size < 1e-9 && size > 0.5 * lastSize)) return;
    lastSize = size;
  }
}

const EPSILON = 2 ** -53;
