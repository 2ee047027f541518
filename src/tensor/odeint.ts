/** Ordinary differential equations: Dormand and Prince's method with steps as long as the tolerance allows. */

import { stopGradient } from "../ops/casts.ts";
import { type Check, checkFunction, checkOptions, count } from "./arguments.ts";
import { scan, whileLoop } from "./control.ts";
import type { TensorTree } from "./controlTrees.ts";
import { abs, exp, greaterEqual, isNaN, less, lessEqual, log, maximum, minimum, where } from "./math.ts";
import { mean } from "./reduce.ts";
import { concat, expandDims } from "./shape.ts";
import { formatShape, sizeOf } from "./shapes.ts";
import { asTensor, hasValue, knownValues, type Tensor, type TensorLike, type TypedArray, wrap } from "./tensor.ts";
import { asBody } from "./tracedBody.ts";
import { flattenLike, flattenTree, type TreeLike, type TreeStructure, unflattenTree } from "./tree.ts";

export interface OdeOptions<A> {
  /** Passed on to the function; a tree of tensors. The function may as well close over tensors. */
  readonly args?: A;
  /** Relative error allowed in a step. Default 1e-6. */
  readonly rtol?: number;
  /** Absolute error allowed in a step. Default 1e-6. */
  readonly atol?: number;
  /** Most steps, rejected ones included, from one time to the next. Default 1000. */
  readonly maxSteps?: number;
}

const tolerance: Check = [(v) => typeof v === "number" && v > 0, "a positive number"];
const known = { args: [() => true, ""], rtol: tolerance, atol: tolerance, maxSteps: count } as const;

/** Dormand and Prince (1980), RK5(4)7M: nodes, stages, and the difference of the two solutions' weights. */
const nodes = [1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1];
const stages = [
  [1 / 5],
  [3 / 40, 9 / 40],
  [44 / 45, -56 / 15, 32 / 9],
  [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
  [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
  [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
];
const errors = [71 / 57600, 0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40];

const fixed = (x: Tensor): Tensor => wrap(stopGradient(x.node));
/** Σ weights[i] k[i], without the terms that are zero. */
const weighted = (weights: readonly number[], k: readonly Tensor[]): Tensor =>
  weights.flatMap((w, i) => (w === 0 ? [] : [k[i]!.mul(w)])).reduce((a, b) => a.add(b));

interface State {
  readonly t: Tensor;
  readonly y: Tensor;
  /** dy/dt there. */
  readonly slope: Tensor;
  /** The length to try next. */
  readonly h: Tensor;
}
type Slope = (y: Tensor, t: Tensor) => Tensor;

/**
 * Solves dy/dt = f(y, t, args) and gives y at the times asked for.
 *
 * The method is Dormand–Prince 5(4) with the step length controlled by the error (Hairer, Nørsett and Wanner 1993, II.4),
 * stepping to each time. Derivatives with respect to `y0`, `args`, `ts` and whatever `f` closes over are those of the
 * steps taken, with their lengths held fixed. For stiff equations it needs very many steps.
 *
 * @param f - the derivative: of a tensor or tree of tensors like `y0`, and a scalar time. Its arguments are (y, t), not (t, y) as in
 * some other packages
 * @param y0 - the state at `ts[0]`
 * @param ts - increasing times, at least one
 * @returns the states at all `ts`, stacked along a first axis; the first is `y0`. NaN in compiled code from the first time on
 * that is not reached within `maxSteps` or, with its derivatives, does not lie after the one before
 * @throws RangeError for times that do not increase, tolerances that are not positive, and, when it runs at once, if `maxSteps` is not
 * enough; TypeError when `f` returns another structure or shape than `y0`
 * @example
 * odeint((y) => y.neg(), 1, [0, 1, 2]).toArray(); // [1, 0.3678…, 0.1353…]
 */
export function odeint<Y, A = undefined>(
  f: (y: TensorTree<Y>, t: Tensor, args: TensorTree<A>) => TreeLike<TensorTree<Y>>,
  y0: Y,
  ts: TensorLike,
  options: OdeOptions<A> = {},
): TensorTree<Y> {
  checkFunction("odeint(f, y0, ts, options)", "the first argument", f);
  checkOptions("odeint", options, known, "{ rtol: 1e-8, args: [1, 2] }");
  const { rtol = 1e-6, atol = 1e-6, maxSteps = 1000, args } = options;
  const times = asTensor(ts, "float64");
  checkTimes(times);
  const { leaves, structure } = flattenTree(y0);
  const given = (args === undefined ? undefined : tensorsOf(args)) as TensorTree<A>;
  const shapes = leaves.map((x) => x.shape);
  const slope: Slope = (y, t) => {
    const made = asBody("odeint", () => f(unravel(y, shapes, structure) as TensorTree<Y>, t, given));
    const parts = flattenLike(made, structure, "odeint: what the function returns");
    parts.forEach((x, i) => {
      if (formatShape(x.shape) === formatShape(shapes[i]!)) return;
      throw new TypeError(
        `odeint: the state's leaf ${i} has shape ${formatShape(shapes[i]!)}, and its derivative from the function ${formatShape(x.shape)}; they must agree. The function's arguments are (y, t, args).`,
      );
    });
    return ravel(parts);
  };
  const norm = (x: Tensor, scale: Tensor): Tensor => mean(x.div(scale).square());
  const start = ravel(leaves);
  const first = times.at(0);
  const begin = slope(start, first);
  const state: State = { t: first, y: start, slope: begin, h: firstLength(slope, start, first, begin, rtol, atol) };
  const step = ({ t, y, slope: k1, h: wanted }: State, end: Tensor): State => {
    const h = fixed(wanted);
    const left = end.sub(t);
    const isLast = greaterEqual(h.mul(1.0001), left);
    const length = where(isLast, left, h);
    const k = [k1];
    let next = y;
    stages.forEach((weights, s) => {
      next = y.add(weighted(weights, k).mul(length));
      k.push(slope(next, t.add(length.mul(nodes[s]!))));
    });
    const scale = maximum(abs(y), abs(next)).mul(rtol).add(atol);
    const error = fixed(norm(weighted(errors, k).mul(length), scale));
    const accept = lessEqual(error, 1);
    // The square of the error goes with the tenth power of the length; a step into NaN is tried again, much shorter.
    const ideal = exp(log(error).mul(-0.1)).mul(0.9);
    const factor = where(isNaN(ideal), 0.2, minimum(maximum(ideal, 0.2), 10));
    const proposed = length.mul(where(accept, factor, minimum(factor, 0.9)));
    return {
      t: where(accept, where(isLast, end, t.add(length)), t),
      y: where(accept, next, y),
      slope: where(accept, k[6]!, k1),
      // One that was cut short says nothing against the length it was cut from.
      h: fixed(where(accept, where(isLast, maximum(h, proposed), proposed), proposed)),
    };
  };
  const { ys } = scan(
    (before, end) => {
      const reached = whileLoop(
        ({ t }) => less(t, end),
        (at) => step(at, end),
        hasValue(times) ? before : unlessBackwards(before, end),
        { maxSteps },
      );
      return [reached, reached.y];
    },
    state,
    times.slice([1], [undefined]),
  );
  const all = concat([expandDims(start, 0), ys], 0);
  const lost = knownValues(all)?.findIndex(Number.isNaN) ?? -1;
  if (lost >= 0) throw notReached(Math.floor(lost / start.size), knownValues(times), maxSteps);
  return unravel(all, shapes, structure) as TensorTree<Y>;
}

function notReached(row: number, times: TypedArray | undefined, maxSteps: number): RangeError {
  const at = (i: number): string => (times ? `time ${times[i]}` : `time number ${i}`);
  if (row === 0) return new RangeError("odeint: y0 is NaN.");
  return new RangeError(
    `odeint: the solution is NaN from ${at(row)} on; ${at(row - 1)} was reached. Either the function gave NaN, or ${maxSteps} steps did not suffice ` +
      "from one time to the next: the equation may be stiff for these arguments; give a larger maxSteps or looser tolerances.",
  );
}

/** The state from which to go on to a time; NaN, and with it derivatives, where that is not later. Times that have values are checked. */
function unlessBackwards({ t, y, ...rest }: State, end: Tensor): State {
  const one = end
    .sub(t)
    .mul(where(less(t, end), 0, Number.NaN))
    .add(1);
  return { ...rest, t: t.mul(one), y: y.mul(one) };
}

function checkTimes(times: Tensor): void {
  if (times.rank !== 1 || times.size === 0) {
    throw new TypeError(`odeint: times have shape ${formatShape(times.shape)}; a vector with at least one is wanted.`);
  }
  const known = knownValues(times);
  if (known) {
    const wrong = known.findIndex((t, i) => i > 0 && !(t > known[i - 1]!));
    if (wrong >= 0) {
      throw new RangeError(
        `odeint: time ${wrong} is ${known[wrong]}, after ${known[wrong - 1]}; times must increase, and the first is that of y0.`,
      );
    }
  }
}

const tensorsOf = (tree: unknown): unknown => {
  const { leaves, structure } = flattenTree(tree);
  return unflattenTree(structure, leaves);
};
/** All leaves as one vector. */
const ravel = (leaves: readonly Tensor[]): Tensor =>
  leaves.length === 1 && leaves[0]!.rank === 1
    ? asTensor(leaves[0]!, "float64")
    : concat(
        leaves.map((x) => asTensor(x, "float64").reshape([-1])),
        0,
      );
/** A vector, or vectors stacked along a first axis, as the tree. */
function unravel(flat: Tensor, shapes: readonly (readonly number[])[], structure: TreeStructure): unknown {
  const lead = flat.shape.slice(0, -1);
  let next = 0;
  const leaves = shapes.map((shape) => {
    const from = next;
    next += sizeOf(shape);
    const part = lead.length ? flat.slice([0, from], [undefined, next]) : flat.slice([from], [next]);
    return part.reshape([...lead, ...shape]);
  });
  return unflattenTree(structure, leaves);
}

/** A first step length (Hairer, Nørsett and Wanner 1993, II.4): the state should change by little, and the error be near the tolerance. */
function firstLength(f: Slope, y: Tensor, t: Tensor, slope: Tensor, rtol: number, atol: number): Tensor {
  const scale = abs(y).mul(rtol).add(atol);
  const size = (x: Tensor): Tensor => mean(x.div(scale).square()).sqrt();
  const [d0, d1] = [size(y), size(slope)];
  const tiny = (x: Tensor): Tensor => less(x, 1e-5);
  const guess = where(tiny(minimum(d0, d1)), 1e-6, d0.div(d1).mul(0.01));
  const d2 = size(f(y.add(slope.mul(guess)), t.add(guess)).sub(slope)).div(guess);
  const steepest = maximum(d1, d2);
  const second = where(
    lessEqual(steepest, 1e-15),
    maximum(guess.mul(1e-3), 1e-6),
    exp(log(steepest.mul(100)).mul(-0.2)),
  );
  return fixed(minimum(guess.mul(100), second));
}
