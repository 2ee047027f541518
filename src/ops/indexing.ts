/** Reading and adding through indices that are data: gather, its adjoint scatter-add, and running sums. */
import type { Node, NodeType, Op, Shape, TypedArray } from "../compiler/graph.ts";
import { apply, constantNode } from "../compiler/node.ts";
import { allocate, checkShape, formatShape, normaliseAxis, sizeOf } from "../compiler/shapes.ts";
import { cumsum as running } from "../wasm/kernels/sequences.ts";
import { flip, reshape, transpose } from "./shape.ts";

const isIndex = (x: NodeType): boolean => x.dtype === "int32";

/** @throws TypeError when the second argument is not an integer tensor. */
function checkIndices(name: string, indices: NodeType): void {
  if (!isIndex(indices)) {
    throw new TypeError(
      `${name}: indices are ${indices.dtype}; give integers, for example an Int32Array or cast(x, "int32").`,
    );
  }
}

const knownValues = (x: NodeType): TypedArray | undefined => ("value" in x ? (x as Node).value : undefined);
/** @throws RangeError for an index outside 0 … size − 1. Compiled code does not look at indices again. */
function checkRange(name: string, indices: TypedArray | undefined, size: number): void {
  const wrong = indices?.findIndex((i) => i < 0 || i >= size) ?? -1;
  if (wrong < 0) return;
  throw new RangeError(
    `${name}: index ${indices![wrong]} at position ${wrong} is outside 0 … ${size - 1}; indices are zero-based.`,
  );
}

/** `out[i…, j…] = x[indices[i…], j…]`. */
const gatherOp: Op = {
  name: "gather",
  infer: ([x, indices]) => {
    checkIndices("take", indices!);
    const [size = 0, ...rest] = x!.shape;
    if (x!.shape.length === 0) throw new TypeError("take: a scalar has no axis to take from.");
    checkRange("take", knownValues(indices!), size);
    return { shape: [...indices!.shape, ...rest], dtype: x!.dtype };
  },
  evaluate: ([x, indices], _attrs, output) => {
    const row = sizeOf(x!.shape.slice(1));
    const out = allocate(output.dtype, sizeOf(output.shape));
    checkRange("take", indices!.data, x!.shape[0]!);
    indices!.data.forEach((index, i) => {
      for (let j = 0; j < row; j++) out[i * row + j] = x!.data[index * row + j]!;
    });
    return out;
  },
  vjp: (cotangent, node) => [scatterAdd(node.inputs[1]!, cotangent, node.inputs[0]!.shape[0]!), undefined],
  jvp: ([t], node) => gather(t!, node.inputs[1]!),
  lowering: { kind: "gather" },
};
const gather = (x: Node, indices: Node): Node => apply(gatherOp, [x, indices]);
/** Elements of a vector that stands for the distinct elements of a tensor: not an input of models, whose sums would have statistics. */
export const readDistinct = (x: Node, indices: Node): Node => apply(gatherOp, [x, indices], { distinct: true });

/** `out[indices[i…], j…] += updates[i…, j…]` over zeros. */
const scatterAddOp: Op = {
  name: "scatterAdd",
  infer: ([updates, indices], attrs) => {
    checkIndices("scatterAdd", indices!);
    const lead = updates!.shape.slice(0, indices!.shape.length);
    if (formatShape(lead) !== formatShape(indices!.shape)) {
      throw new TypeError(
        `scatterAdd: updates of shape ${formatShape(updates!.shape)} must begin with the shape ${formatShape(indices!.shape)} of the indices.`,
      );
    }
    checkRange("scatterAdd", knownValues(indices!), attrs.size as number);
    return { shape: [attrs.size as number, ...updates!.shape.slice(lead.length)], dtype: updates!.dtype };
  },
  evaluate: ([updates, indices], attrs, output) => {
    const row = sizeOf(output.shape.slice(1));
    const out = allocate(output.dtype, sizeOf(output.shape));
    checkRange("scatterAdd", indices!.data, attrs.size as number);
    indices!.data.forEach((index, i) => {
      for (let j = 0; j < row; j++) out[index * row + j]! += updates!.data[i * row + j]!;
    });
    return out;
  },
  vjp: (cotangent, node) => [gather(cotangent, node.inputs[1]!), undefined],
  jvp: ([t], node) => scatterAdd(node.inputs[1]!, t!, node.attrs.size as number),
  lowering: { kind: "scatterAdd" },
};
/** Sums updates that share an index into a tensor with `size` rows. */
export const scatterAdd = (indices: Node, updates: Node, size: number): Node => {
  checkShape("scatterAdd", [size]);
  return apply(scatterAddOp, [updates, indices], { size });
};

/** Rows (or slices along `axis`) of `x` at the given zero-based indices; the shape of the indices replaces the axis. */
export function take(x: Node, indices: Node, axis = 0): Node {
  const rank = x.shape.length;
  const a = rank === 0 ? 0 : normaliseAxis(axis, rank, "take");
  if (a === 0) return gather(x, indices);
  const front = [a, ...x.shape.map((_, d) => d).filter((d) => d !== a)];
  const taken = gather(transpose(x, front), indices);
  const k = indices.shape.length;
  const dims = taken.shape.map((_, d) => d);
  return transpose(taken, [...dims.slice(k, k + a), ...dims.slice(0, k), ...dims.slice(k + a)]);
}

/** Running sums along the last axis. */
const cumsumOp: Op = {
  name: "cumsum",
  infer: ([x]) => ({ shape: x!.shape, dtype: x!.dtype === "bool" ? "int32" : x!.dtype }),
  evaluate: ([x], _attrs, output) => {
    const out = allocate(output.dtype, sizeOf(output.shape));
    const n = output.shape.at(-1) ?? 1;
    for (let i = 0; i < out.length; i++) out[i] = i % n === 0 ? x!.data[i]! : out[i - 1]! + x!.data[i]!;
    return out;
  },
  vjp: (cotangent) => [flip(apply(cumsumOp, [flip(cotangent, -1)]), -1)],
  jvp: ([t]) => apply(cumsumOp, [t!]),
  lowering: {
    kind: "kernel",
    call: (node) => ({ kernel: running, dims: [sizeOf(node.shape) / node.shape.at(-1)!, node.shape.at(-1)!] }),
  },
};
/** Running sums along one axis. @throws RangeError for a scalar. */
export function cumsum(x: Node, axis: number): Node {
  const a = normaliseAxis(axis, x.shape.length, "cumsum");
  if (sizeOf(x.shape) === 0) return x;
  const swapped = x.shape.map((_, d) => (d === a ? x.shape.length - 1 : d === x.shape.length - 1 ? a : d));
  return transpose(apply(cumsumOp, [transpose(x, swapped)]), swapped);
}

/** Entries `[…, i, i]` of square matrices. */
export function diagonal(a: Node): Node {
  const n = squareSize("diagonal", a.shape);
  const lead = a.shape.slice(0, -2);
  const flat = reshape(a, [...lead, n * n]);
  const indices = Int32Array.from({ length: n }, (_, i) => i * (n + 1));
  return take(flat, constantIndices(indices), -1);
}
/** Square matrices with the given diagonal and zeros elsewhere. */
export function diagonalMatrix(v: Node): Node {
  const n = v.shape.at(-1);
  if (n === undefined) throw new TypeError("diag: a scalar fills no diagonal; give a vector, or use mul(x, eye(n)).");
  const lead = v.shape.slice(0, -1);
  const last = v.shape.length - 1;
  const front = [last, ...v.shape.map((_, d) => d).slice(0, -1)];
  const indices = Int32Array.from({ length: n }, (_, i) => i * (n + 1));
  const scattered = scatterAdd(constantIndices(indices), transpose(v, front), n * n);
  const back = scattered.shape.map((_, d) => (d + 1) % scattered.shape.length);
  return reshape(transpose(scattered, back), [...lead, n, n]);
}

/** The side of square matrices. @throws TypeError when the last two dimensions differ. */
export function squareSize(name: string, shape: Shape): number {
  const n = shape.at(-1);
  if (n === undefined || shape.length < 2 || shape.at(-2) !== n) {
    throw new TypeError(`${name}: needs square matrices, got shape ${formatShape(shape)}.`);
  }
  return n;
}

export const constantIndices = (indices: Int32Array): Node => constantNode(indices, [indices.length], "int32");
