/** Reductions, with the algebra that empties their loops: what does not depend on the summed axes is taken out. */
import type { Attrs, Combine, DType, Node, Op, Shape } from "../compiler/graph.ts";
import { apply, scalar } from "../compiler/node.ts";
import { allocate, eachOffset, reducedStrides, sizeOf } from "../compiler/shapes.ts";
import { div, mul } from "./arithmetic.ts";
import { cast } from "./casts.ts";
import { equal } from "./comparison.ts";
import { distinct } from "./distinct.ts";
import { concat } from "./joins.ts";
import { late } from "./late.ts";
import { sumByProduct } from "./logProduct.ts";
import { broadcastTo } from "./map.ts";
import { flip, reshape, slice } from "./shape.ts";
import { simplifySum } from "./sumAlgebra.ts";

const axesOf = (attrs: Attrs): readonly number[] => attrs.axes as readonly number[];
const dropAxes = (shape: Shape, axes: readonly number[]): number[] => shape.filter((_, d) => !axes.includes(d));
const onesAt = (shape: Shape, axes: readonly number[]): number[] => shape.map((n, d) => (axes.includes(d) ? 1 : n));

interface Reduction {
  readonly identity: number;
  readonly combine: (a: number, b: number) => number;
}
const reductions: Readonly<Record<Exclude<Combine, "logProduct">, Reduction>> = {
  sum: { identity: 0, combine: (a, b) => a + b },
  prod: { identity: 1, combine: (a, b) => a * b },
  max: { identity: -Infinity, combine: (a, b) => (Number.isNaN(b) || b > a ? b : a) },
  min: { identity: Infinity, combine: (a, b) => (Number.isNaN(b) || b < a ? b : a) },
};

const ranges: Readonly<Partial<Record<DType, readonly [number, number]>>> = {
  bool: [0, 1],
  int32: [-2147483648, 2147483647],
};

const evaluateReduce =
  (kind: keyof typeof reductions): Op["evaluate"] =>
  ([x], attrs, output) => {
    const { identity, combine } = reductions[kind];
    // Truth values and integers start from the ends of their own range.
    const [low, high] = ranges[output.dtype] ?? [-Infinity, Infinity];
    const totals = new Float64Array(sizeOf(output.shape)).fill(Math.min(Math.max(identity, low), high));
    eachOffset(x!.shape, reducedStrides(x!.shape, axesOf(attrs)), 0, (at, i) => {
      totals[at] = combine(totals[at]!, x!.data[i]!);
    });
    const out = allocate(output.dtype, totals.length);
    out.set(totals);
    return out;
  };

const inferReduce: Op["infer"] = ([x], attrs) => ({
  shape: dropAxes(x!.shape, axesOf(attrs)),
  dtype: x!.dtype,
});

/** A reduced tensor put back beside its input: the dropped axes return with size 1. */
const restore = (reduced: Node, shape: Shape, axes: readonly number[]): Node => reshape(reduced, onesAt(shape, axes));

const total = (x: Node): Node =>
  sum(
    x,
    x.shape.map((_, d) => d),
  );
const sumOp: Op = {
  name: "sum",
  infer: ([x], attrs) => ({
    shape: dropAxes(x!.shape, axesOf(attrs)),
    dtype: x!.dtype === "bool" ? "int32" : x!.dtype,
  }),
  evaluate: evaluateReduce("sum"),
  vjp: (cotangent, node) => {
    const [x] = node.inputs;
    return [broadcastTo(restore(cotangent, x!.shape, axesOf(node.attrs)), x!.shape)];
  },
  jvp: ([t], node) => sum(t!, axesOf(node.attrs)),
  simplify: ([x], attrs) =>
    x!.dtype === "bool" ? sum(cast(x!, "int32"), axesOf(attrs)) : simplifySum(x!, axesOf(attrs), sum),
  lower: ([x], attrs) => (axesOf(attrs).length === x!.shape.length ? sumByProduct(x!, total) : undefined),
  lowering: { kind: "reduce", combine: "sum" },
};
/** Sum over the axes (all when absent); the axes are dropped. */
export const sum = (x: Node, axes: readonly number[]): Node => apply(sumOp, [x], { axes });

/** Maximum or minimum; where several elements attain it, each receives an equal share of the cotangent. */
const extremum = (combine: "max" | "min"): Op => {
  const op: Op = {
    name: combine,
    infer: inferReduce,
    evaluate: evaluateReduce(combine),
    vjp: (cotangent, node) => [mul(weights(node), restore(cotangent, node.inputs[0]!.shape, axesOf(node.attrs)))],
    jvp: ([t], node) => sum(mul(t!, weights(node)), axesOf(node.attrs)),
    simplify: ([x], attrs) => {
      const axes = axesOf(attrs);
      if (axes.length === 0) return x;
      return axes.every((d) => x!.shape[d] === 1) ? reshape(x!, dropAxes(x!.shape, axes)) : undefined;
    },
    lowering: { kind: "reduce", combine },
  };
  return op;
};
/** 1/k at each of the k places where the extremum is attained. */
function weights(node: Node): Node {
  const [x] = node.inputs;
  const axes = axesOf(node.attrs);
  const hits = cast(equal(x!, restore(node, x!.shape, axes)), node.dtype);
  return div(hits, restore(sum(hits, axes), x!.shape, axes));
}
const maxOp = extremum("max");
const minOp = extremum("min");
export const max = (x: Node, axes: readonly number[]): Node => apply(maxOp, [x], { axes });
export const min = (x: Node, axes: readonly number[]): Node => apply(minOp, [x], { axes });

/**
 * Product along one axis. Its adjoint gives every element the product of the others, made of products alone and not of
 * quotients, so that it is right to any order where elements are zero.
 */
const prodOp: Op = {
  name: "prod",
  infer: inferReduce,
  evaluate: evaluateReduce("prod"),
  vjp: (cotangent, node) => [mul(others(node), restore(cotangent, node.inputs[0]!.shape, axesOf(node.attrs)))],
  jvp: ([t], node) => sum(mul(t!, others(node)), axesOf(node.attrs)),
  simplify: ([x], attrs) =>
    x!.shape[axesOf(attrs)[0]!] === 1 ? reshape(x!, dropAxes(x!.shape, axesOf(attrs))) : undefined,
  lowering: { kind: "reduce", combine: "prod" },
};
/** Products of all elements before, times those of all after: prefix products by doubling steps. */
function others(node: Node): Node {
  const [x] = node.inputs as [Node];
  const [axis] = axesOf(node.attrs) as [number];
  if (x.shape[axis] === 0) return x;
  const reversed = flip(x, axis);
  return mul(productsBefore(x, axis), flip(productsBefore(reversed, axis), axis));
}
function productsBefore(x: Node, axis: number): Node {
  const n = x.shape[axis]!;
  let products = shifted(x, axis, 1);
  for (let step = 1; step < n; step *= 2) products = mul(products, shifted(products, axis, step));
  return products;
}
/** Moved along an axis by `step`, with ones moving in. */
function shifted(x: Node, axis: number, step: number): Node {
  const along = <T>(value: T, other: T): T[] => x.shape.map((_, d) => (d === axis ? value : other));
  const kept = slice(x, along(0, 0), along<number | undefined>(x.shape[axis]! - step, undefined));
  const ones = broadcastTo(
    scalar(1, x.dtype),
    along(step, 0).map((n, d) => (d === axis ? n : x.shape[d]!)),
  );
  return concat([ones, kept], axis);
}
/** Product over the axes, one after the other. */
export const prod = (x: Node, axes: readonly number[]): Node =>
  [...axes].sort((a, b) => b - a).reduce((y, axis) => apply(prodOp, [y], { axes: [axis] }), x);

late.distinct = distinct;
late.sumTo = (x, shape) => {
  const lead = x.shape.length - shape.length;
  const axes = x.shape.flatMap((n, d) => (d < lead || (shape[d - lead] === 1 && n !== 1) ? [d] : []));
  return axes.length ? reshape(sum(x, axes), shape) : broadcastTo(x, shape);
};
