/** Tensors joined: along an axis, along a fresh one, and sums of stretches that lie side by side. */
import type { Node, Op, Shape, Value } from "../compiler/graph.ts";
import { apply } from "../compiler/node.ts";
import { allocate, eachOffset, formatShape, normaliseAxis, sameShape, sizeOf, stridesOf } from "../compiler/shapes.ts";
import { add } from "./arithmetic.ts";
import { cast } from "./casts.ts";
import { broadcastTo, widest, zerosNode } from "./map.ts";
import { expandDims, padOp, slice, sliceOp } from "./shape.ts";

const concatOp: Op = {
  name: "concat",
  infer: (inputs, attrs) => {
    const axis = attrs.axis as number;
    const [first] = inputs;
    inputs.forEach((x, i) => {
      if (x.shape.length !== first!.shape.length || x.shape.some((n, d) => d !== axis && n !== first!.shape[d])) {
        throw new TypeError(
          `concat: tensor ${i} has shape ${formatShape(x.shape)}, the first ${formatShape(first!.shape)}; all dimensions but axis ${axis} must agree.`,
        );
      }
    });
    const length = inputs.reduce((n, x) => n + x.shape[axis]!, 0);
    return { shape: first!.shape.map((n, d) => (d === axis ? length : n)), dtype: first!.dtype };
  },
  evaluate: (inputs, attrs, output) => {
    const axis = attrs.axis as number;
    const out = allocate(output.dtype, sizeOf(output.shape));
    const strides = stridesOf(output.shape);
    inputs.reduce((start, x) => copyInto(out, x, strides, start * strides[axis]!) ?? start + x.shape[axis]!, 0);
    return out;
  },
  vjp: (cotangent, node) => {
    const axis = node.attrs.axis as number;
    let start = 0;
    return node.inputs.map((x) => {
      const from = start;
      start += x.shape[axis]!;
      return slice(cotangent, along(x.shape, axis, from, 0), along(x.shape, axis, start, undefined));
    });
  },
  simplify: (inputs, attrs) => joinSlices(inputs, attrs.axis as number),
  jvp: (tangents, node) =>
    apply(
      concatOp,
      node.inputs.map((x, i) => tangents[i] ?? broadcastTo(zerosNode({ shape: [], dtype: x.dtype }), x.shape)),
      node.attrs,
    ),
  lowering: { kind: "concat" },
};
const along = <T>(shape: Shape, axis: number, value: T, other: T): T[] =>
  shape.map((_, d) => (d === axis ? value : other));
function copyInto(out: Value["data"], x: Value, strides: readonly number[], start: number): undefined {
  eachOffset(x.shape, strides, start, (at, i) => {
    out[at] = x.data[i]!;
  });
}
/** Slices of one tensor that follow each other without a gap are one slice of it, or the tensor itself. */
function joinSlices(inputs: readonly Node[], axis: number): Node | undefined {
  const pieces = inputs.map(sliceAlong(axis));
  const [first] = pieces;
  if (!first) return undefined;
  let next = first.start;
  for (const piece of pieces) {
    if (piece?.base !== first.base || piece.start !== next) return undefined;
    next += piece.length;
  }
  const { base, start } = first;
  return slice(base, along(base.shape, axis, start, 0), along(base.shape, axis, next, undefined));
}
interface Piece {
  readonly base: Node;
  readonly start: number;
  readonly length: number;
}
/** A node as a contiguous stretch of its base along one axis and whole along the others. */
const sliceAlong =
  (axis: number) =>
  (x: Node): Piece | undefined => {
    if (x.op !== sliceOp) return undefined;
    const [base] = x.inputs as [Node];
    const { starts, steps } = x.attrs as { starts: readonly number[]; steps: readonly number[] };
    const whole = base.shape.every((n, d) => d === axis || (starts[d] === 0 && steps[d] === 1 && x.shape[d] === n));
    return whole && steps[axis] === 1 ? { base, start: starts[axis]!, length: x.shape[axis]! } : undefined;
  };

/** Joins tensors along an existing axis. @throws TypeError when another dimension differs. */
export function concat(xs: readonly Node[], axis: number): Node {
  if (xs.length === 0) throw new TypeError("concat: needs at least one tensor.");
  if (xs[0]!.shape.length === 0) throw new TypeError("concat: scalars have no axis to join along; use stack.");
  const a = normaliseAxis(axis, xs[0]!.shape.length, "concat");
  const dtype = widest(xs);
  return xs.length === 1
    ? xs[0]!
    : apply(
        concatOp,
        xs.map((x) => cast(x, dtype)),
        { axis: a },
      );
}

/** Joins tensors of one shape along a fresh axis. */
export function stack(xs: readonly Node[], axis: number): Node {
  if (xs.length === 0) throw new TypeError("stack: needs at least one tensor.");
  const odd = xs.findIndex((x) => !sameShape(x.shape, xs[0]!.shape));
  if (odd >= 0) {
    throw new TypeError(
      `stack: tensor ${odd} has shape ${formatShape(xs[odd]!.shape)}, the first ${formatShape(xs[0]!.shape)}; all must agree.`,
    );
  }
  const a = normaliseAxis(axis, xs[0]!.shape.length + 1, "stack");
  return concat(
    xs.map((x) => expandDims(x, a)),
    a,
  );
}

/**
 * The sum of several tensors of one shape, pairwise so that rounding stays small. Vectors that are zero but for stretches
 * which do not overlap, as the adjoints of slices are, are laid side by side instead.
 */
export function addAll(xs: readonly Node[]): Node {
  const pads = xs.filter(isStretch);
  if (pads.length < 2) return addPairwise(xs);
  const sorted = [...pads].sort((a, b) => startOf(a) - startOf(b));
  const pieces: Node[] = [];
  let at = 0;
  for (const x of sorted) {
    if (startOf(x) < at) return addPairwise(xs);
    if (startOf(x) > at) pieces.push(zerosNode({ shape: [startOf(x) - at], dtype: x.dtype }));
    pieces.push(x.inputs[0]!);
    at = startOf(x) + x.inputs[0]!.shape[0]!;
  }
  const [length] = xs[0]!.shape as [number];
  if (at < length) pieces.push(zerosNode({ shape: [length - at], dtype: xs[0]!.dtype }));
  return addPairwise([concat(pieces, 0), ...xs.filter((x) => !isStretch(x))]);
}
const isStretch = (x: Node): boolean => x.op === padOp && x.shape.length === 1 && (x.attrs.steps as number[])[0] === 1;
const startOf = (x: Node): number => (x.attrs.starts as number[])[0]!;
const addPairwise = (xs: readonly Node[]): Node =>
  xs.length <= 2
    ? xs.reduce(add)
    : add(addPairwise(xs.slice(0, xs.length >> 1)), addPairwise(xs.slice(xs.length >> 1)));
