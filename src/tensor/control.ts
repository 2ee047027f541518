/** Loops that stay loops when a function is compiled: over rows, and as long as a condition holds. */
import type { Node } from "../compiler/graph.ts";
import { inputNode, isConstant } from "../compiler/node.ts";
import { formatShape, sameShape } from "../compiler/shapes.ts";
import { makeLoop } from "../ops/loop.ts";
import { zeros } from "../ops/loopMake.ts";
import { loopRewrites } from "../ops/loopRewrites.ts";
import { probabilitySpace } from "../ops/probabilitySpace.ts";
import { type Checks, checkFunction, checkOptions, count, flag } from "./arguments.ts";
import {
  type Back,
  double,
  flattenOptional,
  type Leaf,
  leafPaths,
  restored,
  type TensorTree,
  truthOf,
  typeOf,
  unflattenOptional,
} from "./controlTrees.ts";
import { describe } from "./describe.ts";
import { asTensor, type Tensor, type TensorLike, wrap } from "./tensor.ts";
import { asBody } from "./tracedBody.ts";
import { flattenLike, flattenTree, type TreeStructure, unflattenTree } from "./tree.ts";

loopRewrites.probabilitySpace = probabilitySpace;

export interface ScanOptions {
  /** Number of steps; needed when there are no rows. */
  readonly length?: number;
  /** From the last row to the first; results lie beside the rows they belong to. Default false. */
  readonly reverse?: boolean;
  /**
   * For compiled gradients: keep the carry of every so many steps only, and compute those between again. True: as many steps as there are
   * such stretches. The results have the same bits; it takes the time of one more forward pass and √length instead of length carries.
   * Without it, so above 2²³ carried numbers (64 MB); false: never.
   *
   * It is for one loop and the one gradient that reads what it carried. All is kept, as if it were false, where results are carried
   * values as they were before a step, where more than one loop reads them, as for second derivatives, and where there are fewer than
   * two stretches. Results of the steps are stored in any case: when they are the new carry itself, as in `[next, next]`, as much is
   * stored as without, and nothing is saved. Work on rows alone is not taken out of such a loop.
   */
  readonly checkpoint?: boolean | number;
}
const scanOptions: Checks = {
  length: [(v) => Number.isInteger(v) && (v as number) >= 0, "a whole number, 0 or more"],
  reverse: flag,
  checkpoint: [
    (v) => flag[0](v) || count[0](v),
    "true, false, or after how many steps a carry is kept (a whole number, 1 or more)",
  ],
};
export type ScanStep<C, X, Y> = (
  carry: TensorTree<C>,
  x: TensorTree<X>,
) => readonly [Back<C>, Y] | readonly [Back<C>] | { readonly carry: Back<C>; readonly y?: Y };
export interface ScanResult<C, Y> {
  readonly carry: TensorTree<C>;
  /** Results of the steps, stacked along a first axis. */
  readonly ys: TensorTree<Y>;
}

/** A carried value before it is known, as the body sees it. */
interface Carried {
  readonly leaves: readonly Leaf[];
  readonly inits: readonly Node[];
  readonly inputs: readonly Node[];
  readonly tree: unknown;
  readonly structure: TreeStructure;
}
function carriedOf(init: unknown): Carried {
  const { leaves, structure } = flattenTree(init);
  const paths = leafPaths(structure, "carry");
  const inputs = leaves.map((x, i) => inputNode(x.shape, "float64", paths[i]!));
  return {
    leaves: leaves.map((x, i) => ({ path: paths[i]!, shape: x.shape, dtype: x.dtype })),
    inits: leaves.map((x) => double(x.node)),
    inputs,
    tree: unflattenTree(
      structure,
      inputs.map((x, i) => wrap(restored(x, leaves[i]!))),
    ),
    structure,
  };
}
/** What a body makes of the carried values. @throws TypeError when one changes its shape or dtype. */
function nextOf(name: string, next: unknown, { leaves, structure }: Carried): Node[] {
  return flattenLike(next, structure, `${name}: the carry that the function returns`).map((x, i) => {
    const { path, shape, dtype } = leaves[i]!;
    if (!sameShape(x.shape, shape) || x.dtype !== dtype) {
      throw new TypeError(
        `${name}: ${path} is ${typeOf(leaves[i]!)} at first, and the function returns ${typeOf(x)}. ` +
          `What is carried keeps its shape and dtype: ${sameShape(x.shape, shape) ? `cast one of them` : `begin with the shape it will have, for example zeros([${x.shape.join(", ")}])`}.`,
      );
    }
    return double(x.node);
  });
}

/** @throws TypeError when rows differ in number, RangeError when they are not as many as was said. */
function lengthOf(name: string, rows: readonly Tensor[], paths: readonly string[], given: number | undefined): number {
  const scalars = rows.findIndex((x) => x.rank === 0);
  if (scalars >= 0) {
    throw new TypeError(
      `${name}: ${paths[scalars]} is a scalar and has no rows; every step reads one row along the first axis. Close over what all steps share.`,
    );
  }
  const odd = rows.findIndex((x) => x.shape[0] !== rows[0]!.shape[0]);
  if (odd >= 0) {
    throw new TypeError(
      `${name}: ${paths[0]} has ${rows[0]!.shape[0]} rows (shape ${formatShape(rows[0]!.shape)}) and ${paths[odd]} ${rows[odd]!.shape[0]} (shape ${formatShape(rows[odd]!.shape)}); all need the same number.`,
    );
  }
  const [first] = rows;
  if (first === undefined && given === undefined) {
    throw new TypeError(`${name}: without rows the number of steps is not known; give { length }.`);
  }
  if (first !== undefined && given !== undefined && first.shape[0] !== given) {
    throw new RangeError(`${name}: length ${given}, but ${paths[0]} has ${first.shape[0]} rows; leave the length out.`);
  }
  return first?.shape[0] ?? given!;
}

/** The two things that a step returns. */
function stepResult(made: unknown): { next: unknown; y: unknown } {
  if (Array.isArray(made) && (made.length === 1 || made.length === 2)) return { next: made[0], y: made[1] };
  if (made !== null && typeof made === "object" && !Array.isArray(made) && "carry" in made) {
    const { carry, y } = made as { carry: unknown; y?: unknown };
    return { next: carry, y };
  }
  throw new TypeError(
    `scan: the function must return [carry, y] or { carry, y }, got ${describe(made)}. Without results for the steps return [carry].`,
  );
}

/**
 * A loop over the rows of tensors that carries values from step to step, as recurrences over time need it:
 * `[carry, y] = f(carry, x)` for each row x. The function is traced once, whatever the number of rows; it may close over
 * tensors, and what in it depends on neither `carry` nor `x` is computed once. Differentiable in everything, to any order.
 *
 * @param f - one step; the carry it returns has the structure, shapes and dtypes of the one it is given
 * @param init - the carry before the first step: a tensor or a tree of tensors. An array of numbers is one tensor, a vector: to carry two
 * numbers `[a, b]` begin with `[tensor(0), tensor(1)]`
 * @param xs - a tensor or a tree of tensors with the steps along the first axis; undefined with `length`
 * @returns the last carry, and the results of all steps stacked along a first axis
 * @throws TypeError when the carry changes its shape or dtype, when rows differ in number, and for unknown options; RangeError when `length` contradicts the rows, and for bad options
 * @example
 * // Running means: [1, 1.5, 2]
 * scan(([n, mean], x) => {
 *   const next = mean.add(x.sub(mean).div(n.add(1)));
 *   return [[n.add(1), next], next];
 * }, [tensor(0), tensor(0)], [1, 2, 3]).ys.toArray();
 */
export function scan<C, X = undefined, Y = undefined>(
  f: ScanStep<C, X, Y>,
  init: C,
  xs?: X,
  options: ScanOptions = {},
): ScanResult<C, Y> {
  checkFunction("scan(f, init, xs, options)", "the first argument", f);
  checkOptions("scan", options, scanOptions, "{ reverse: true }");
  const carried = carriedOf(init);
  // An empty array has no rows, and is no empty tree.
  const given = flattenOptional(Array.isArray(xs) && xs.length === 0 ? asTensor(xs) : xs);
  const paths = leafPaths(given.structure, "xs");
  const length = lengthOf("scan", given.leaves, paths, options.length);
  const rows = given.leaves.map((x, i) => ({
    stacked: x.node,
    input: inputNode(x.shape.slice(1), x.dtype, paths[i]!),
  }));
  const row = unflattenOptional(
    xs,
    given.structure,
    rows.map((r) => r.input),
  );
  const { next, y } = stepResult(asBody("scan", () => f(carried.tree as TensorTree<C>, row as TensorTree<X>)));
  const outputs = nextOf("scan", next, carried);
  const results = flattenOptional(y);
  const stacked = (nodes: readonly Node[]): TensorTree<Y> =>
    unflattenOptional(
      y,
      results.structure,
      nodes.map((x, j) => restored(x, results.leaves[j]!)),
    ) as TensorTree<Y>;
  const last = (nodes: readonly Node[]): TensorTree<C> =>
    unflattenTree(
      carried.structure,
      nodes.map((x, i) => wrap(restored(x, carried.leaves[i]!))),
    ) as TensorTree<C>;
  if (length === 0) {
    return { carry: last(carried.inits), ys: stacked(results.leaves.map((x) => zeros([0, ...x.shape]))) };
  }
  const made = makeLoop({
    trips: "fixed",
    length,
    reverse: options.reverse ?? false,
    checkpoint: options.checkpoint,
    carries: carried.inputs.map((input, i) => ({ input, init: carried.inits[i]!, output: outputs[i]! })),
    rows,
    results: results.leaves.map((x) => double(x.node)),
  });
  return { carry: last(made.finals), ys: stacked(made.results) };
}

export interface WhileOptions {
  /** The most steps there may be: memory for that many is set aside, from which derivatives are taken. */
  readonly maxSteps: number;
}
const whileOptions: Checks = { maxSteps: count };

/**
 * Repeats a step as long as a condition on the carry holds. The number of steps is found when it runs; derivatives go through
 * the steps that were taken.
 *
 * @param condition - of the carry: a scalar truth value; NaN counts as true
 * @param body - the next carry, of the same structure, shapes and dtypes
 * @returns the first carry for which the condition does not hold; NaN in compiled code when there is none within `maxSteps`
 * @throws RangeError when it runs at once and the condition still holds after `maxSteps`; TypeError for a condition that is no scalar,
 * and without `maxSteps`
 * @example
 * // The square root of 2 by Newton's method.
 * whileLoop((x) => greater(abs(x.square().sub(2)), 1e-12), (x) => x.add(div(2, x)).div(2), 1, { maxSteps: 50 }).item();
 */
export function whileLoop<C>(
  condition: (carry: TensorTree<C>) => TensorLike,
  body: (carry: TensorTree<C>) => Back<C>,
  init: C,
  options: WhileOptions,
): TensorTree<C> {
  const call = "whileLoop(condition, body, init, { maxSteps: 100 })";
  checkFunction(call, "the condition", condition);
  checkFunction(call, "the body", body);
  checkOptions("whileLoop", options, whileOptions, "{ maxSteps: 100 }");
  const { maxSteps } = options;
  if (maxSteps === undefined) {
    throw new TypeError(
      "whileLoop: `maxSteps` is missing: give { maxSteps: 100 }, the most steps there may be; it bounds the memory for derivatives.",
    );
  }
  const carried = carriedOf(init);
  const test = truthOf(
    "whileLoop: the condition",
    asTensor(asBody("whileLoop", () => condition(carried.tree as TensorTree<C>))),
  );
  const outputs = nextOf(
    "whileLoop",
    asBody("whileLoop", () => body(carried.tree as TensorTree<C>)),
    carried,
  );
  // The number of steps tells whether the condition was met; one that no carry can change needs no loop.
  const made = makeLoop({
    trips: "tested",
    length: maxSteps,
    reverse: false,
    carries: carried.inputs.map((input, i) => ({ input, init: carried.inits[i]!, output: outputs[i]! })),
    rows: [],
    results: [],
    test,
  });
  if (
    made.count &&
    isConstant(made.count) &&
    made.count.value![0] === maxSteps &&
    made.finals.some((x) => x.value?.some(Number.isNaN))
  ) {
    throw new RangeError(
      `whileLoop: the condition still holds after ${maxSteps} steps; give a larger maxSteps, or look whether the steps come to an end.`,
    );
  }
  return unflattenTree(
    carried.structure,
    made.finals.map((x, i) => wrap(restored(x, carried.leaves[i]!))),
  ) as TensorTree<C>;
}
