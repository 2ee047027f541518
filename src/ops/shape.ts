/** Operations that move numbers and compute none: reshape, transpose, slice, pad, flip, concatenate. */
import type { Attrs, Node, NodeType, Op, Shape } from "../compiler/graph.ts";
import { apply } from "../compiler/node.ts";
import { allocate, eachOffset, formatShape, normaliseAxis, sameShape, sizeOf, stridesOf } from "../compiler/shapes.ts";
import { broadcast } from "./broadcast.ts";
import { broadcastTo, zerosNode } from "./map.ts";

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
export const sliceOp: Op = {
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
export const padOp: Op = {
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
