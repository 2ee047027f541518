/** Choices that are made when a function runs: one branch is computed, the others are not. */

import type { Node } from "../compiler/graph.ts";
import { constantNode, isConstant, scalar } from "../compiler/node.ts";
import { formatShape, sameShape } from "../compiler/shapes.ts";
import { floor, minimum } from "../ops/arithmetic.ts";
import { cast } from "../ops/casts.ts";
import { less, where } from "../ops/comparison.ts";
import { makeBranch } from "../ops/controlBranch.ts";
import { checkFunction } from "./arguments.ts";
import {
  double,
  flattenOptional,
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
import { flattenTree, type TreeStructure, unflattenTree } from "./tree.ts";

/**
 * The result of one of two functions of the operands, chosen when it runs: only that one is computed, and only that one has
 * derivatives. For choices element by element there is `where`.
 *
 * @param predicate - a scalar truth value; a number counts as true unless it is 0, and so does NaN
 * @param operands - tensors or trees of tensors
 * @throws TypeError when the predicate is no scalar, or the functions return different structures, shapes or dtypes
 * @example cond(greater(x, 0), (x) => log(x), (x) => neg(x), x)
 */
export function cond<O extends readonly unknown[], R>(
  predicate: TensorLike,
  onTrue: (...operands: { -readonly [K in keyof O]: TensorTree<O[K]> }) => R,
  onFalse: (...operands: { -readonly [K in keyof O]: TensorTree<O[K]> }) => R,
  ...operands: O
): TensorTree<R> {
  const call = "cond(predicate, onTrue, onFalse, ...operands)";
  checkFunction(call, "onTrue", onTrue);
  checkFunction(call, "onFalse", onFalse);
  const test = truthOf("cond: the predicate", asTensor(predicate));
  return choose("cond", cast(test, "float64"), [onFalse, onTrue], ["onFalse", "onTrue"], operands);
}

/**
 * The result of one of several functions of the operands: of number `index`, which is rounded down and held within
 * 0 … branches.length − 1; NaN counts as 0.
 *
 * @param index - a scalar integer
 * @throws TypeError when the index is no scalar, or the functions return different structures, shapes or dtypes; for an index
 * that is no integer when its value is known at once
 * @example switchCase(k, [(x) => x, (x) => x.square(), (x) => x.pow(3)], x)
 */
export function switchCase<O extends readonly unknown[], R>(
  index: TensorLike,
  branches: readonly ((...operands: { -readonly [K in keyof O]: TensorTree<O[K]> }) => R)[],
  ...operands: O
): TensorTree<R> {
  const call = "switchCase(index, [f, g, …], ...operands)";
  if (!Array.isArray(branches) || branches.length === 0) {
    const given = Array.isArray(branches) ? "an empty one" : describe(branches);
    throw new TypeError(
      `switchCase: the branches have to be an array of at least one function, as in ${call}, got ${given}.`,
    );
  }
  branches.forEach((f, i) => checkFunction(call, `branch ${i}`, f));
  const at = asTensor(index);
  if (at.rank !== 0) {
    throw new TypeError(`switchCase: the index has shape ${formatShape(at.shape)}; one integer is wanted.`);
  }
  const number = cast(at.node, "float64");
  const below = at.dtype === "int32" || at.dtype === "bool" ? number : floor(number);
  if (isConstant(number) && number.value![0] !== below.value![0]) {
    throw new TypeError(`switchCase: the index is ${number.value![0]}; an integer is wanted: floor or round it.`);
  }
  const held = minimum(where(less(scalar(0), below), below, scalar(0)), scalar(branches.length - 1));
  return choose(
    "switchCase",
    held,
    branches,
    branches.map((_, i) => `branch ${i}`),
    operands,
  );
}

function choose<O extends readonly unknown[], R>(
  name: string,
  index: Node,
  branches: readonly ((...operands: { -readonly [K in keyof O]: TensorTree<O[K]> }) => R)[],
  labels: readonly string[],
  operands: O,
): TensorTree<R> {
  const args = operands.map((x) => {
    const { leaves, structure } = flattenOptional(x);
    return unflattenOptional(
      x,
      structure,
      leaves.map((leaf) => leaf.node),
    );
  }) as { -readonly [K in keyof O]: TensorTree<O[K]> };
  const mark = constantNode(new Float64Array(0), [0], "float64").id;
  const made = branches.map((f) => flattenTree(asBody(name, () => f(...args))));
  const [first] = made as [(typeof made)[0]];
  made.forEach(({ leaves, structure }, b) => checkAlike(name, first, { leaves, structure }, [labels[0]!, labels[b]!]));
  const nodes = isConstant(index)
    ? made[index.value![0]!]!.leaves.map((x) => x.node)
    : makeBranch(
        index,
        made.map(({ leaves }) => leaves.map((x) => double(x.node))),
        mark,
      );
  return unflattenTree(
    first.structure,
    nodes.map((x, i) => wrap(restored(x, first.leaves[i]!))),
  ) as TensorTree<R>;
}

type Made = { readonly leaves: readonly Tensor[]; readonly structure: TreeStructure };
/** @throws TypeError saying in what two branches differ. */
function checkAlike(name: string, a: Made, b: Made, [first, second]: readonly [string, string]): void {
  const shapeOf = (s: TreeStructure): string => JSON.stringify(s);
  const [left, right] = [leafPaths(a.structure, "result"), leafPaths(b.structure, "result")];
  if (shapeOf(a.structure) !== shapeOf(b.structure)) {
    throw new TypeError(
      `${name}: ${first} returns ${left.join(", ") || "nothing"} and ${second} ${right.join(", ") || "nothing"}; branches must return the same structure.`,
    );
  }
  a.leaves.forEach((x, i) => {
    const y = b.leaves[i]!;
    if (sameShape(x.shape, y.shape) && x.dtype === y.dtype) return;
    throw new TypeError(
      `${name}: ${left[i]} is ${typeOf(x)} from ${first} and ${typeOf(y)} from ${second}; branches must agree. broadcastTo or cast one of them.`,
    );
  });
}
