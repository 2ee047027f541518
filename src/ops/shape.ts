/** Operations that move numbers and compute none: reshape, transpose, slice, pad, flip, concatenate. */
import type { Attrs, Node, NodeType, Op, Shape, Value } from "../compiler/graph.ts";
import { apply } from "../compiler/node.ts";
import { allocate, eachOffset, formatShape, normaliseAxis, sameShape, sizeOf, stridesOf } from "../compiler/shapes.ts";
import { add, cast, zerosNode } from "./arithmetic.ts";
import { broadcast } from "./broadcast.ts";
import { broadcastTo, widest } from "./map.ts";

/** Linear operations have their own tangent rule: apply the operation to the tangent. */
const linear =
  (op: () => Op): NonNullable<Op["jvp"]> =>
  ([t], node) =>
    apply(op(), [t!], node.attrs);

export const reshapeOp: Op = {
  name: "reshape",
  infer: ([x], attrs) => {
    const shape = attrs.shape as Shape;
    if (sizeOf(shape) !== sizeOf(x!.shape) || shape.some((n) => !Number.isInteger(n) || n < 0)) {
      throw new TypeError(
        `reshape: a tensor of shape ${formatShape(x!.shape)} has ${sizeOf(x!.shape)} elements, ${formatShape(shape)} wants ${sizeOf(shape)}; ` +
          "one dimension may be -1 to be inferred.",
      );
    }
    return { shape, dtype: x!.dtype };
  },
  evaluate: ([x]) => x!.data.slice(),
  vjp: (cotangent, node) => [reshape(cotangent, node.inputs[0]!.shape)],
  jvp: linear(() => reshapeOp),
  simplify: ([x], attrs) => {
    if (x!.op === reshapeOp) return reshape(x!.inputs[0]!, attrs.shape as Shape);
    if (x!.op === broadcast && sizeOf(x!.inputs[0]!.shape) === 1)
      return broadcastTo(reshape(x!.inputs[0]!, []), attrs.shape as Shape);
    return undefined;
  },
  lowering: { kind: "reshape" },
};
/** The same numbers under another shape; one dimension may be -1. */
export function reshape(x: Node, shape: Shape): Node {
  const hole = shape.indexOf(-1);
  const rest = shape.reduce((size, n, d) => (d === hole ? size : size * n), 1);
  const known = shape.map((n, d) =>
    d === hole && rest > 0 && sizeOf(x.shape) % rest === 0 ? sizeOf(x.shape) / rest : n,
  );
  return sameShape(known, x.shape) ? x : apply(reshapeOp, [x], { shape: known });
}

/** Evaluates an affine view row by row: a call for every number would take longest while the engine still interprets. */
const evaluateView =
  (
    view: (x: NodeType, attrs: Attrs, output: NodeType) => { offset: number; strides: readonly number[] },
  ): Op["evaluate"] =>
  ([x], attrs, output) => {
    const out = allocate(output.dtype, sizeOf(output.shape));
    const { offset, strides } = view(x!, attrs, output);
    const { data } = x!;
    const row = output.shape.at(-1) ?? 1;
    const step = strides.at(-1) ?? 0;
    eachOffset(output.shape.slice(0, -1), strides.slice(0, -1), offset, (at, r) => {
      for (let i = r * row, from = at, end = i + row; i < end; i++, from += step) out[i] = data[from]!;
    });
    return out;
  };

const transposeView = (x: NodeType, attrs: Attrs): { offset: number; strides: number[] } => {
  const strides = stridesOf(x.shape);
  return { offset: 0, strides: (attrs.perm as number[]).map((d) => strides[d]!) };
};
const transposeOp: Op = {
  name: "transpose",
  infer: ([x], attrs) => ({ shape: (attrs.perm as number[]).map((d) => x!.shape[d]!), dtype: x!.dtype }),
  evaluate: evaluateView(transposeView),
  vjp: (cotangent, node) => {
    const perm = node.attrs.perm as number[];
    return [
      transpose(
        cotangent,
        perm.map((_, d) => perm.indexOf(d)),
      ),
    ];
  },
  jvp: linear(() => transposeOp),
  simplify: ([x], attrs) => {
    const perm = attrs.perm as number[];
    if (x!.op === transposeOp)
      return transpose(
        x!.inputs[0]!,
        perm.map((d) => (x!.attrs.perm as number[])[d]!),
      );
    if (x!.op === broadcast && sizeOf(x!.inputs[0]!.shape) === 1)
      return broadcastTo(
        x!.inputs[0]!,
        perm.map((d) => x!.shape[d]!),
      );
    return undefined;
  },
  lowering: {
    kind: "view",
    view: (node) => {
      const perm = node.attrs.perm as number[];
      return perm.map((_, d) => ({ from: perm.indexOf(d), offset: 0, step: 1 }));
    },
  },
};
/** Permutes dimensions; reverses them when no permutation is given. */
export function transpose(x: Node, perm?: readonly number[]): Node {
  const order = (perm ?? x.shape.map((_, d) => x.shape.length - 1 - d)).map((d) =>
    normaliseAxis(d, x.shape.length, "transpose"),
  );
  if (order.length !== x.shape.length || new Set(order).size !== order.length) {
    throw new TypeError(
      `transpose: [${order}] is not a permutation of the ${x.shape.length} dimensions of ${formatShape(x.shape)}.`,
    );
  }
  return order.every((d, i) => d === i) ? x : apply(transposeOp, [x], { perm: order });
}

const sliceView = (x: NodeType, attrs: Attrs): { offset: number; strides: number[] } => {
  const strides = stridesOf(x.shape);
  const starts = attrs.starts as number[];
  const steps = attrs.steps as number[];
  return { offset: starts.reduce((o, s, d) => o + s * strides[d]!, 0), strides: steps.map((s, d) => s * strides[d]!) };
};
const sliceOp: Op = {
  name: "slice",
  infer: ([x], attrs) => ({ shape: attrs.shape as Shape, dtype: x!.dtype }),
  evaluate: evaluateView(sliceView),
  vjp: (cotangent, node) => [
    place(cotangent, node.attrs.starts as number[], node.attrs.steps as number[], node.inputs[0]!.shape),
  ],
  jvp: linear(() => sliceOp),
  simplify: ([x], attrs) => {
    if (x!.op === broadcast && sizeOf(x!.inputs[0]!.shape) === 1)
      return broadcastTo(x!.inputs[0]!, attrs.shape as Shape);
    return undefined;
  },
  lowering: {
    kind: "view",
    view: (node) => {
      const { starts, steps } = node.attrs as { starts: number[]; steps: number[] };
      return starts.map((offset, d) => ({ from: d, offset, step: steps[d]! }));
    },
  },
};
/**
 * Elements `starts[d], starts[d] + steps[d], …` before `stops[d]` of every dimension. Negative starts and stops count from
 * the end, stops beyond the end are cut; a negative step walks backwards from `starts[d]` (stops[d] = -Infinity: to the first).
 */
export function slice(
  x: Node,
  starts: readonly number[],
  stops: readonly (number | undefined)[],
  steps: readonly number[] = [],
): Node {
  const rank = x.shape.length;
  if (!Array.isArray(starts) || !Array.isArray(stops) || !Array.isArray(steps)) {
    throw new TypeError(
      "slice: starts, stops and steps are lists with one number for each dimension: slice(x, [0], [2]) for the first two.",
    );
  }
  if (starts.length > rank || stops.length > rank) {
    throw new RangeError(
      `slice: ${Math.max(starts.length, stops.length)} ranges for a tensor of shape ${formatShape(x.shape)}; give at most ${rank}.`,
    );
  }
  const ranges = x.shape.map((n, d) => {
    const step = steps[d] ?? 1;
    if (!Number.isInteger(step) || step === 0)
      throw new RangeError(`slice: step ${step} of dimension ${d} must be a non-zero integer.`);
    for (const end of [starts[d], stops[d]]) {
      if (end !== undefined && Math.floor(end) !== end)
        throw new RangeError(`slice: position ${end} of dimension ${d} must be an integer.`);
    }
    const wrap = (i: number): number => (i < 0 && i > -Infinity ? i + n : i);
    if (step > 0) {
      const start = Math.min(Math.max(wrap(starts[d] ?? 0), 0), n);
      const stop = Math.min(Math.max(wrap(stops[d] ?? n), start), n);
      return { start, step, length: Math.ceil((stop - start) / step) };
    }
    const start = Math.min(wrap(starts[d] ?? n - 1), n - 1);
    const stop = Math.max(stops[d] === undefined ? -1 : wrap(stops[d]!), -1);
    return { start, step, length: Math.max(Math.ceil((stop - start) / step), 0) };
  });
  if (ranges.every((r, d) => r.start === 0 && r.step === 1 && r.length === x.shape[d])) return x;
  return apply(sliceOp, [x], {
    starts: ranges.map((r) => r.start),
    steps: ranges.map((r) => r.step),
    shape: ranges.map((r) => r.length),
  });
}

/** Reverses one axis. */
export function flip(x: Node, axis: number): Node {
  const a = normaliseAxis(axis, x.shape.length, "flip");
  const along = <T>(value: T, other: T): T[] => x.shape.map((_, d) => (d === a ? value : other));
  if (x.shape[a]! <= 1) return x;
  return apply(sliceOp, [x], { starts: along(x.shape[a]! - 1, 0), steps: along(-1, 1), shape: x.shape });
}

/** The adjoint of slice: zeros everywhere but at the places a slice would read. */
const padOp: Op = {
  name: "pad",
  infer: ([x], attrs) => ({ shape: attrs.shape as Shape, dtype: x!.dtype }),
  evaluate: ([x], attrs, output) => {
    const out = allocate(output.dtype, sizeOf(output.shape));
    const { offset, strides } = sliceView(output, attrs);
    eachOffset(x!.shape, strides, offset, (at, i) => {
      out[at] = x!.data[i]!;
    });
    return out;
  },
  vjp: (cotangent, node) => [
    apply(sliceOp, [cotangent], { starts: node.attrs.starts, steps: node.attrs.steps, shape: node.inputs[0]!.shape }),
  ],
  jvp: linear(() => padOp),
  lowering: { kind: "pad" },
};
/** A tensor of zeros of `shape` with `x` at `starts[d] + steps[d]·i`. */
export const place = (x: Node, starts: readonly number[], steps: readonly number[], shape: Shape): Node =>
  sizeOf(x.shape) === 0 ? zerosNode({ shape, dtype: x.dtype }) : apply(padOp, [x], { starts, steps, shape });

/** Zeros around a tensor: `widths[d] = [before, after]`. @throws RangeError for negative widths. */
export function pad(x: Node, widths: readonly (readonly [number, number])[]): Node {
  if (widths.length !== x.shape.length || widths.flat().some((n) => !Number.isInteger(n) || n < 0)) {
    throw new RangeError(
      `pad: widths ${JSON.stringify(widths)} do not fit shape ${formatShape(x.shape)}; give one [before, after] with numbers ≥ 0 for every dimension.`,
    );
  }
  if (widths.every(([a, b]) => a === 0 && b === 0)) return x;
  return place(
    x,
    widths.map(([a]) => a),
    widths.map(() => 1),
    x.shape.map((n, d) => n + widths[d]![0] + widths[d]![1]),
  );
}

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

/** Inserts a dimension of 1. */
export function expandDims(x: Node, axis: number): Node {
  const a = normaliseAxis(axis, x.shape.length + 1, "expandDims");
  return reshape(x, [...x.shape.slice(0, a), 1, ...x.shape.slice(a)]);
}

/** Drops dimensions of 1: those named, or all. @throws TypeError when a named one is not 1. */
export function squeeze(x: Node, axes?: readonly number[]): Node {
  const drop =
    axes?.map((a) => normaliseAxis(a, x.shape.length, "squeeze")) ?? x.shape.flatMap((n, d) => (n === 1 ? [d] : []));
  const wide = drop.find((d) => x.shape[d] !== 1);
  if (wide !== undefined) throw new TypeError(`squeeze: dimension ${wide} of shape ${formatShape(x.shape)} is not 1.`);
  return reshape(
    x,
    x.shape.filter((_, d) => !drop.includes(d)),
  );
}

/** Element(s) at position i of the first axis, which is dropped; negative i counts from the end. @throws RangeError outside. */
export function at(x: Node, i: number): Node {
  const n = x.shape[0];
  if (n === undefined || !Number.isInteger(i) || i < -n || i >= n) {
    throw new RangeError(`at: index ${i} is outside the first dimension of shape ${formatShape(x.shape)}.`);
  }
  const from = i < 0 ? i + n : i;
  return reshape(slice(x, [from], [from + 1]), x.shape.slice(1));
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
