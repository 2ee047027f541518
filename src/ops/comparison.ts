/** Comparison, truth values, and selection by them. */
import type { Node, NodeType, Op } from "../compiler/graph.ts";
import { scalar } from "../compiler/node.ts";
import { uniformValue } from "./broadcast.ts";
import { cast, numeric } from "./casts.ts";
import { late } from "./late.ts";
import { applyMap, arithmetic, broadcastTo, connective, defineMap, truth } from "./map.ts";

const fit = (node: Node, type: NodeType): Node => broadcastTo(node, type.shape);
const keepsType = (node: Node, type: NodeType): boolean => node.dtype === type.dtype;

const comparisons = {
  equal: defineMap({ name: "equal", arity: 2, dtype: truth, scalar: (m, [a, b]) => m.eq(a!, b!) }),
  notEqual: defineMap({ name: "notEqual", arity: 2, dtype: truth, scalar: (m, [a, b]) => m.ne(a!, b!) }),
  less: defineMap({ name: "less", arity: 2, dtype: truth, scalar: (m, [a, b]) => m.lt(a!, b!) }),
  lessEqual: defineMap({ name: "lessEqual", arity: 2, dtype: truth, scalar: (m, [a, b]) => m.le(a!, b!) }),
};
export const equal = (a: Node, b: Node): Node => applyMap(comparisons.equal, numeric(a), numeric(b));
export const notEqual = (a: Node, b: Node): Node => applyMap(comparisons.notEqual, numeric(a), numeric(b));
export const less = (a: Node, b: Node): Node => applyMap(comparisons.less, numeric(a), numeric(b));
export const lessEqual = (a: Node, b: Node): Node => applyMap(comparisons.lessEqual, numeric(a), numeric(b));

const connectives = {
  and: defineMap({ name: "logicalAnd", arity: 2, dtype: connective, scalar: (m, [a, b]) => m.and(a!, b!) }),
  or: defineMap({ name: "logicalOr", arity: 2, dtype: connective, scalar: (m, [a, b]) => m.or(a!, b!) }),
  not: defineMap({ name: "logicalNot", arity: 1, dtype: connective, scalar: (m, [a]) => m.not(a!) }),
};
export const logicalAnd = (a: Node, b: Node): Node => applyMap(connectives.and, a, b);
export const logicalOr = (a: Node, b: Node): Node => applyMap(connectives.or, a, b);
export const logicalNot = (a: Node): Node => applyMap(connectives.not, a);

const whereOp: Op = defineMap({
  name: "where",
  arity: 3,
  dtype: (name, [condition, a, b]) => {
    connective(name, [condition!]);
    return a!.dtype === "bool" && b!.dtype === "bool" ? "bool" : arithmetic(name, [a!, b!]);
  },
  scalar: (m, [c, a, b]) => m.select(c!, a!, b!),
  // Selecting the cotangent, not multiplying by an indicator: an infinite derivative on the side not taken stays out.
  vjp: (cotangent, node, wanted) => {
    const [c, a, b] = node.inputs as [Node, Node, Node];
    const zero = scalar(0, cotangent.dtype);
    return [
      undefined,
      wanted[1] ? late.sumTo(where(c, cotangent, zero), a.shape) : undefined,
      wanted[2] ? late.sumTo(where(c, zero, cotangent), b.shape) : undefined,
    ];
  },
  jvp: ([, ta, tb], node) => {
    const zero = scalar(0, node.dtype);
    return broadcastTo(where(node.inputs[0]!, ta ?? zero, tb ?? zero), node.shape);
  },
  simplify: ([c, a, b], _attrs, type) => {
    const known = uniformValue(c!);
    if (known === undefined) return a === b && keepsType(a!, type) ? fit(a!, type) : undefined;
    const chosen = known ? a! : b!;
    return keepsType(chosen, type) ? fit(chosen, type) : undefined;
  },
});
export const where = (condition: Node, a: Node, b: Node): Node =>
  applyMap(whereOp, condition, numericUnlessBoth(a, b), numericUnlessBoth(b, a));
const numericUnlessBoth = (x: Node, other: Node): Node =>
  x.dtype === "bool" && other.dtype !== "bool" ? cast(x, other.dtype) : x;

const isNaNOp = defineMap({ name: "isNaN", arity: 1, dtype: truth, scalar: (m, [x]) => m.ne(x!, x!) });
export const isNaN = (x: Node): Node => applyMap(isNaNOp, numeric(x));
const isFiniteOp = defineMap({
  name: "isFinite",
  arity: 1,
  dtype: truth,
  scalar: (m, [x]) => m.lt(m.abs(x!), m.constant(Infinity)),
});
export const isFinite = (x: Node): Node => applyMap(isFiniteOp, numeric(x));
