/** Arithmetic, with the algebra that keeps graphs small. */
import type { Node, NodeType, Op } from "../compiler/graph.ts";
import { scalar } from "../compiler/node.ts";
import { sizeOf } from "../compiler/shapes.ts";
import { uniformValue } from "./broadcast.ts";
import { equal, less, where } from "./comparison.ts";
import { late } from "./late.ts";
import { applyMap, arithmetic, broadcastTo, defineMap, scalarLike } from "./map.ts";

type Simplify = NonNullable<Op["simplify"]>;

const is = (node: Node, x: number): boolean => uniformValue(node) === x;
const fit = (node: Node, type: NodeType): Node => broadcastTo(node, type.shape);
const keepsType = (node: Node, type: NodeType): boolean => node.dtype === type.dtype;
const number = (x: number, like: Node): Node => scalar(x, like.dtype === "bool" ? "int32" : like.dtype);

/** Depends on fewer numbers than the result has: cheap, and worth moving out of loops over the result. */
const isNarrow = (node: Node, type: NodeType): boolean => sizeOf(node.shape) < sizeOf(type.shape);

const negOp: Op = defineMap({
  name: "neg",
  arity: 1,
  dtype: arithmetic,
  scalar: (m, [x]) => m.neg(x!),
  partials: [([x]) => number(-1, x!)],
  simplify: ([x]) => {
    if (x!.op === negOp) return x!.inputs[0]!;
    if (x!.op === subOp) return sub(x!.inputs[1]!, x!.inputs[0]!);
    return undefined;
  },
});
export const neg = (x: Node): Node => applyMap(negOp, x);

const addOp: Op = defineMap({
  name: "add",
  arity: 2,
  dtype: arithmetic,
  scalar: (m, [a, b]) => m.add(a!, b!),
  partials: [([a]) => number(1, a!), ([, b]) => number(1, b!)],
  simplify: ([a, b], _attrs, type) => {
    if (is(a!, 0) && keepsType(b!, type)) return fit(b!, type);
    if (is(b!, 0) && keepsType(a!, type)) return fit(a!, type);
    if (b!.op === negOp) return sub(a!, b!.inputs[0]!);
    if (a!.op === negOp) return sub(b!, a!.inputs[0]!);
    return undefined;
  },
});
export const add = (a: Node, b: Node): Node => applyMap(addOp, a, b);

const subOp: Op = defineMap({
  name: "sub",
  arity: 2,
  dtype: arithmetic,
  scalar: (m, [a, b]) => m.sub(a!, b!),
  partials: [([a]) => number(1, a!), ([, b]) => number(-1, b!)],
  simplify: ([a, b], _attrs, type) => {
    if (is(b!, 0) && keepsType(a!, type)) return fit(a!, type);
    if (is(a!, 0) && keepsType(b!, type)) return fit(neg(b!), type);
    if (b!.op === negOp) return add(a!, b!.inputs[0]!);
    return undefined;
  },
});
export const sub = (a: Node, b: Node): Node => applyMap(subOp, a, b);

/** Signs and factors that depend on few numbers move outwards, to where sums can drop them from their loop. */
const simplifyMul: Simplify = ([a, b], _attrs, type) =>
  moveOut(a!, b!, type) ?? moveOut(b!, a!, type) ?? (a === b ? square(a!) : undefined);
function moveOut(x: Node, y: Node, type: NodeType): Node | undefined {
  const factor = uniformValue(x);
  if (factor === 1 && keepsType(y, type)) return fit(y, type);
  if (factor === -1 && keepsType(y, type)) return fit(neg(y), type);
  if (x.op === negOp) return neg(mul(x.inputs[0]!, y));
  if (x.op !== mulOp) return undefined;
  const [p, q] = x.inputs as [Node, Node];
  if (cancels(q, y) && keepsType(p, type)) return fit(p, type);
  if (cancels(p, y) && keepsType(q, type)) return fit(q, type);
  const isUniform = uniformValue(y) !== undefined;
  if (isUniform && uniformValue(p) !== undefined) return mul(mul(p, y), q);
  if (isUniform && uniformValue(q) !== undefined) return mul(p, mul(q, y));
  if (isNarrow(y, type)) return mergeFactors(p, q, y, type) ?? mergeFactors(q, p, y, type);
  if (isNarrow(q, type) && !isNarrow(p, type)) return mul(mul(p, y), q);
  return isNarrow(p, type) && !isNarrow(q, type) ? mul(mul(q, y), p) : undefined;
}
/** (full·narrow)·y = full·(narrow·y) where that product is no larger than its factors. */
function mergeFactors(full: Node, narrow: Node, y: Node, type: NodeType): Node | undefined {
  const isSingle = Math.min(sizeOf(narrow.shape), sizeOf(y.shape)) === 1;
  return isSingle && isNarrow(narrow, type) && !isNarrow(full, type) ? mul(full, mul(narrow, y)) : undefined;
}
const mulOp: Op = defineMap({
  name: "mul",
  arity: 2,
  dtype: arithmetic,
  scalar: (m, [a, b]) => m.mul(a!, b!),
  partials: [([, b]) => b!, ([a]) => a!],
  simplify: simplifyMul,
});
export const mul = (a: Node, b: Node): Node => applyMap(mulOp, a, b);

/** e^u and e^−u: a rate divided by a positive parameter and multiplied with it again. */
function cancels(a: Node, b: Node): boolean {
  if (a.op.name !== "exp" || b.op.name !== "exp") return false;
  const [u, v] = [a.inputs[0]!, b.inputs[0]!];
  return (u.op === negOp && u.inputs[0] === v) || (v.op === negOp && v.inputs[0] === u);
}

const squareOp: Op = defineMap({
  name: "square",
  arity: 1,
  dtype: arithmetic,
  scalar: (m, [x]) => m.mul(x!, x!),
  partials: [([x]) => mul(number(2, x!), x!)],
  simplify: ([x], _attrs, type) => {
    if (x!.op === negOp || x!.op === absOp) return square(x!.inputs[0]!);
    const variance = underRoot(x!);
    if (variance) return inverseVariance(variance);
    // Scales beyond 1e±154 overflow or vanish when squared apart from what they scale; so do divisors below 1e-308 when inverted.
    if (x!.op === mulOp && x!.inputs.some((y) => isNarrow(y, type)))
      return mul(square(x!.inputs[0]!), square(x!.inputs[1]!));
    return x!.op === mulOp ? standardised(x!) : undefined;
  },
});
export const square = (x: Node): Node => applyMap(squareOp, x);

/** (p/√v)² = p·(p/v): no root, neither here nor in derivatives. */
function standardised(x: Node): Node | undefined {
  const [p, q] = x.inputs as [Node, Node];
  for (const [distance, divisor] of [
    [p, underRoot(q)],
    [q, underRoot(p)],
  ] as const)
    if (divisor) return mul(distance, mul(distance, inverseVariance(divisor)));
  return undefined;
}
/** v of 1/√v. */
function underRoot(x: Node): Node | undefined {
  const [inner] = x.inputs;
  return x.op === reciprocalOp && inner!.op === sqrtOp ? inner!.inputs[0] : undefined;
}
const inverseVarianceOp: Op = defineMap({
  name: "inverseVariance",
  arity: 1,
  cost: 4,
  scalar: (m, [x]) => m.select(m.lt(x!, m.constant(0)), m.constant(Number.NaN), m.div(m.constant(1), x!)),
  partials: [(_x, out) => neg(square(out))],
});
/** (1/√x)²: 1/x, which is NaN where the root is. */
const inverseVariance = (x: Node): Node => applyMap(inverseVarianceOp, x);

const reciprocalOp: Op = defineMap({
  name: "reciprocal",
  arity: 1,
  cost: 4,
  scalar: (m, [x]) => m.div(m.constant(1), x!),
  partials: [(_x, out) => neg(square(out))],
  simplify: ([x]) => {
    if (x!.op === reciprocalOp) return x!.inputs[0]!;
    if (x!.op === negOp) return neg(reciprocal(x!.inputs[0]!));
    // For a number or two latency is all that counts: e^−x is known when e^x is, a division later.
    return x!.op.name === "exp" && sizeOf(x!.shape) <= 2 ? applyMap(x!.op, neg(x!.inputs[0]!)) : undefined;
  },
});
export const reciprocal = (x: Node): Node => applyMap(reciprocalOp, x);
const divisionOp: Op = defineMap({
  name: "division",
  arity: 1,
  cost: 4,
  scalar: (m, [x]) => m.div(m.constant(1), x!),
});
/** 1/x that stays a division, without derivatives: for programs only. */
export const division = (x: Node): Node => applyMap(divisionOp, x);

const divOp: Op = defineMap({
  name: "div",
  arity: 2,
  cost: 4,
  scalar: (m, [a, b]) => m.div(a!, b!),
  partials: [([, b]) => reciprocal(b!), ([, b], out) => neg(div(out, b!))],
  simplify: ([a, b], _attrs, type) => {
    if (is(b!, 1) && keepsType(a!, type)) return fit(a!, type);
    if (is(a!, 1)) return fit(reciprocal(b!), type);
    if (a!.op === negOp) return neg(div(a!.inputs[0]!, b!));
    if (b!.op === negOp) return neg(div(a!, b!.inputs[0]!));
    // One division for many products, and none at all by data.
    // The adjoint divides by the same again, twice.
    return isFloating(b!) ? fit(mul(a!, reciprocal(b!)), type) : undefined;
  },
});
const isFloating = (x: Node): boolean => x.dtype === "float64" || x.dtype === "float32";
export const div = (a: Node, b: Node): Node => applyMap(divOp, a, b);

const absOp: Op = defineMap({
  name: "abs",
  arity: 1,
  dtype: arithmetic,
  scalar: (m, [x]) => m.abs(x!),
  partials: [([x]) => sign(x!)],
});
export const abs = (x: Node): Node => applyMap(absOp, x);

const signOp: Op = defineMap({
  name: "sign",
  arity: 1,
  dtype: arithmetic,
  scalar: (m, [x]) => {
    const zero = m.constant(0);
    return m.select(m.lt(x!, zero), m.constant(-1), m.select(m.lt(zero, x!), m.constant(1), x!));
  },
});
export const sign = (x: Node): Node => applyMap(signOp, x);

const sqrtOp: Op = defineMap({
  name: "sqrt",
  arity: 1,
  cost: 5,
  scalar: (m, [x]) => m.sqrt(x!),
  partials: [(_x, out) => div(scalar(0.5, out.dtype), out)],
  simplify: ([x]) => (x!.op === squareOp ? abs(x!.inputs[0]!) : undefined),
});
export const sqrt = (x: Node): Node => applyMap(sqrtOp, x);

/** Ties give half of the derivative to each side, so that the derivative of max(x, x) is that of x. */
const share = (chosen: Node, other: Node): Node =>
  where(
    less(other, chosen),
    scalarLike(1, chosen),
    where(equal(other, chosen), scalarLike(0.5, chosen), scalarLike(0, chosen)),
  );

const maximumOp: Op = defineMap({
  name: "maximum",
  arity: 2,
  dtype: arithmetic,
  // A NaN on either side is the answer.
  scalar: (m, [a, b]) => m.select(m.ne(b!, b!), m.constant(NaN), m.max(a!, b!)),
  partials: [([a, b]) => share(a!, b!), ([a, b]) => share(b!, a!)],
});
export const maximum = (a: Node, b: Node): Node => applyMap(maximumOp, a, b);

const minimumOp: Op = defineMap({
  name: "minimum",
  arity: 2,
  dtype: arithmetic,
  scalar: (m, [a, b]) => m.select(m.ne(b!, b!), m.constant(NaN), m.min(a!, b!)),
  partials: [([a, b]) => share(neg(a!), neg(b!)), ([a, b]) => share(neg(b!), neg(a!))],
});
export const minimum = (a: Node, b: Node): Node => applyMap(minimumOp, a, b);

/** Steps: their derivative is zero wherever it exists. */
const steps = {
  floor: defineMap({ name: "floor", arity: 1, dtype: arithmetic, scalar: (m, [x]) => m.floor(x!) }),
  ceil: defineMap({ name: "ceil", arity: 1, dtype: arithmetic, scalar: (m, [x]) => m.ceil(x!) }),
  round: defineMap({ name: "round", arity: 1, dtype: arithmetic, scalar: (m, [x]) => m.nearest(x!) }),
};
export const floor = (x: Node): Node => applyMap(steps.floor, x);
export const ceil = (x: Node): Node => applyMap(steps.ceil, x);
export const round = (x: Node): Node => applyMap(steps.round, x);

/** Which operation a node applies, for rules elsewhere that look through arithmetic. */
export const arithmeticOps: Readonly<
  Record<"neg" | "add" | "sub" | "mul" | "square" | "div" | "reciprocal" | "sqrt", Op>
> = {
  neg: negOp,
  add: addOp,
  sub: subOp,
  mul: mulOp,
  square: squareOp,
  div: divOp,
  reciprocal: reciprocalOp,
  sqrt: sqrtOp,
};

late.add = add;
late.mul = mul;
