/** Derivatives of functions of trees of tensors. They nest, and work eagerly and while tracing. */
import type { Node } from "../compiler/graph.ts";
import { apply, constantNode, isConstant, scalar } from "../compiler/node.ts";
import { formatShape, sizeOf } from "../compiler/shapes.ts";
import { variable } from "../ops/broadcast.ts";
import { stack } from "../ops/joins.ts";
import { broadcastTo } from "../ops/map.ts";
import { reshape } from "../ops/shape.ts";
import { asTensor, type Tensor, type TensorLike, valueReads, wrap } from "../tensor/tensor.ts";
import { flattenLike, flattenTree, type TreeLike, type TreeStructure, unflattenTree } from "../tensor/tree.ts";
import { pushforward } from "./forward.ts";
import { dependents, pullback } from "./reverse.ts";

const isFloat = (x: Node): boolean => x.dtype === "float64" || x.dtype === "float32";

interface Traced<R> {
  readonly variables: readonly Node[];
  readonly structure: TreeStructure;
  readonly output: R;
}

/** Traces `f` at fresh variables in place of its first argument. */
function trace<P, A extends readonly unknown[], R>(
  f: (x: P, ...rest: A) => R,
  x: TreeLike<P>,
  rest: A,
  name: string,
): Traced<R> {
  const { leaves, structure } = flattenTree(x);
  const wrong = leaves.findIndex((leaf) => !isFloat(leaf.node));
  if (wrong >= 0) {
    throw new TypeError(
      `${name}: leaf ${wrong} of the first argument is ${leaves[wrong]!.dtype}; derivatives are taken of floats, cast it first.`,
    );
  }
  const variables = leaves.map((leaf) => apply(variable, [leaf.node]));
  const before = valueReads();
  const output = f(unflattenTree(structure, variables.map(wrap)) as P, ...rest);
  if (valueReads() > before) checkDependence(output, variables, name);
  return { variables, structure, output };
}

/** @throws TypeError when values were read and the output does not depend on the argument: its derivative was lost on the way. */
function checkDependence(output: unknown, variables: readonly Node[], name: string): void {
  const nodes = flattenTree(output).leaves.map((leaf) => leaf.node);
  const active = new Set(dependents(nodes, variables));
  if (nodes.some((node) => active.has(node))) return;
  throw new TypeError(
    `${name}: the result does not depend on the argument, whose value was read as a number on the way; numbers have no derivatives. ` +
      "JavaScript's operators and Math read values: write x.mul(x) for x * x, exp(x) for Math.exp(x), and leave out .item() and .data.",
  );
}

/**
 * A result that depends on nothing but the variables of this derivative becomes a plain constant; one that also depends
 * on an outer variable stays in the outer graph.
 */
function close(node: Node, variables: readonly Node[]): Node {
  if (!node.value || isConstant(node)) return node;
  const own = new Set(variables);
  // Variables of enclosing derivatives are older than these; those of finished inner ones are younger.
  const oldest = Math.min(...variables.map((v) => v.id));
  const seen = new Set<Node>();
  const pending = [node];
  while (pending.length > 0) {
    const next = pending.pop()!;
    if (seen.has(next) || isConstant(next)) continue;
    seen.add(next);
    if (own.has(next)) {
      if (!isConstant(next.inputs[0]!)) return node;
    } else if (next.inputs.length === 0 || (next.op === variable && next.id < oldest)) return node;
    else pending.push(...next.inputs);
  }
  return constantNode(node.value, node.shape, node.dtype);
}

const zerosLike = (x: Node): Node => broadcastTo(scalar(0, x.dtype), x.shape);

function scalarOutput(output: TensorLike, name: string): Tensor {
  const value = asTensor(output);
  if (value.size !== 1) {
    throw new TypeError(
      `${name}: the function returned shape ${formatShape(value.shape)}; a gradient is of one number, so reduce it with sum() or mean(), or use vjp.`,
    );
  }
  return value;
}

/** A function of a tree of tensors, and whatever else it takes, to one number. */
export type ScalarFunction<P, A extends readonly unknown[]> = (x: P, ...rest: A) => TensorLike;

/**
 * Value and gradient of a scalar function with respect to its first argument, a tree of tensors.
 * @example valueAndGrad((w) => w.square().sum())([1, 2]); // { value: 5, grad: [2, 4] }
 * @throws TypeError when the function does not return one number.
 */
export function valueAndGrad<P = Tensor, A extends readonly unknown[] = []>(
  f: ScalarFunction<P, A>,
): (x: TreeLike<P>, ...rest: A) => { value: Tensor; grad: P } {
  return (x, ...rest) => {
    const { variables, structure, output } = trace(f, x, rest, "grad");
    const value = scalarOutput(output, "grad");
    const seed = broadcastTo(scalar(1, value.dtype), value.shape);
    const adjoints = pullback([value.node], [seed], variables);
    const grads = adjoints.map((g, i) => wrap(close(g ?? zerosLike(variables[i]!), variables)));
    return { value: wrap(close(value.node, variables)), grad: unflattenTree(structure, grads) as P };
  };
}

/**
 * Gradient of a scalar function with respect to its first argument, with the structure of that argument.
 * @example grad((x) => x.pow(3))(2).item(); // 12
 * @throws TypeError when the function does not return one number.
 */
export function grad<P = Tensor, A extends readonly unknown[] = []>(
  f: ScalarFunction<P, A>,
): (x: TreeLike<P>, ...rest: A) => P {
  const both = valueAndGrad(f);
  return (x, ...rest) => both(x, ...rest).grad;
}

/**
 * The value of `f` at `x`, and the map from cotangents of the output to cotangents of `x`.
 * @example vjp((x) => x.mul(x), [1, 2]).pullback([1, 1]); // [2, 4]
 * @throws TypeError when a cotangent has not the shape of the output.
 */
export function vjp<P = Tensor, R = Tensor>(
  f: (x: P) => R,
  x: TreeLike<P>,
): { value: R; pullback: (cotangent: TreeLike<R>) => P } {
  const { variables, structure, output } = trace(f, x, [], "vjp");
  const outputs = flattenTree(output);
  const closed = outputs.leaves.map((leaf) => wrap(close(leaf.node, variables)));
  return {
    value: unflattenTree(outputs.structure, closed) as R,
    pullback: (cotangent) => {
      const given = flattenLike(cotangent, outputs.structure, "vjp: cotangent");
      checkLike(given, outputs.leaves, "vjp: cotangent");
      const nodes = outputs.leaves.map((leaf) => leaf.node);
      const adjoints = pullback(
        nodes,
        given.map((c) => c.node),
        variables,
      );
      const parts = adjoints.map((g, i) => wrap(close(g ?? zerosLike(variables[i]!), variables)));
      return unflattenTree(structure, parts) as P;
    },
  };
}

/**
 * The value of `f` at `x` and its derivative in the direction `tangent`, which has the structure of `x`.
 * @example jvp((x) => x.mul(x), [1, 2], [1, 0]).tangent; // [2, 0]
 * @throws TypeError when the tangent has not the shape of `x`.
 */
export function jvp<P = Tensor, R = Tensor>(
  f: (x: P) => R,
  x: TreeLike<P>,
  tangent: TreeLike<P>,
): { value: R; tangent: R } {
  const { variables, structure, output } = trace(f, x, [], "jvp");
  const outputs = flattenTree(output);
  const given = flattenLike(tangent, structure, "jvp: tangent");
  checkLike(given, variables, "jvp: tangent");
  const nodes = outputs.leaves.map((leaf) => leaf.node);
  const tangents = pushforward(
    nodes,
    variables,
    given.map((t) => t.node),
  );
  const rebuild = (parts: readonly Node[]): R =>
    unflattenTree(
      outputs.structure,
      parts.map((n) => wrap(close(n, variables))),
    ) as R;
  return { value: rebuild(nodes), tangent: rebuild(tangents.map((t, i) => t ?? zerosLike(nodes[i]!))) };
}

function checkLike(
  given: readonly { shape: readonly number[] }[],
  wanted: readonly { shape: readonly number[] }[],
  what: string,
): void {
  given.forEach((g, i) => {
    if (formatShape(g.shape) !== formatShape(wanted[i]!.shape)) {
      throw new TypeError(
        `${what} ${i} has shape ${formatShape(g.shape)}, ${formatShape(wanted[i]!.shape)} is wanted.`,
      );
    }
  });
}

/**
 * The matrix of second derivatives of a scalar function of one tensor, of shape [...x.shape, ...x.shape].
 * Forward over reverse: one tangent of the gradient for every element of x.
 * @example hessian((x) => x.square().sum())([1, 2]).toArray(); // [[2, 0], [0, 2]]
 */
export function hessian<A extends readonly unknown[] = []>(
  f: (x: Tensor, ...rest: A) => TensorLike,
): (x: TensorLike, ...rest: A) => Tensor {
  const gradient = grad<Tensor, A>(f);
  return (x, ...rest) => {
    const point = asTensor(x);
    const n = sizeOf(point.shape);
    const rows = Array.from({ length: n }, (_, i) => {
      const unit = new Float64Array(n);
      unit[i] = 1;
      const direction = wrap(constantNode(unit, point.shape, "float64"));
      return jvp((y: Tensor) => gradient(y, ...rest), point, direction).tangent.node;
    });
    const all = n === 0 ? broadcastTo(scalar(0), [0, ...point.shape]) : stack(rows, 0);
    return wrap(reshape(all, [...point.shape, ...point.shape]));
  };
}
