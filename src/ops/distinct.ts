/**
 * Equal elements of data are computed once: an elementary function of data and single numbers, exp(−d²/2ℓ²) over a matrix of distances,
 * is evaluated where the data differ and read from there. Applied when a program is compiled, after derivatives have been taken.
 */
import type { Attrs, Node, NodeType, Op, Shape, TypedArray } from "../compiler/graph.ts";
import { apply, constantNode, isConstant } from "../compiler/node.ts";
import { passes } from "../compiler/passes.ts";
import { sameShape, sizeOf } from "../compiler/shapes.ts";
import { overRows } from "./affine.ts";
import { broadcast } from "./broadcast.ts";
import { constantIndices, readDistinct, take } from "./indexing.ts";
import { reshape } from "./shape.ts";

/** Fewer elements than this are not worth the reading. */
const leastSize = 32;
/** An element that is read costs about as much as half of an exponential: one in so many must be left. */
const leastRatio = 4;
/** Longest expression that is computed again for the distinct elements. */
const mostNodes = 64;

/** What an expression reads: values that differ between its elements, each over the whole shape. */
type Columns = Map<Node, Float64Array>;

/** The same values, evaluated at the distinct elements of the data below, or undefined when that does not pay. */
export function distinct(op: Op, inputs: readonly Node[], attrs: Attrs, type: NodeType): Node | undefined {
  const size = sizeOf(type.shape);
  if (!passes().distinct || size < leastSize || type.dtype !== "float64") return undefined;
  const columns: Columns = new Map();
  const seen = new Set<Node>();
  if (!inputs.every((x) => collect(x, type.shape, columns, seen)) || columns.size === 0) return undefined;
  const cells = cellsOf([...columns.values()], size);
  if (!cells) return undefined;
  const moved = new Map<Node, Node>();
  const values = apply(
    op,
    inputs.map((x) => atCells(x, cells.first, columns, moved)),
    attrs,
  );
  return readDistinct(values, constantNode(cells.cellOf, type.shape, "int32"));
}

/** A vector read through constant indices, as this pass leaves behind. */
const isRead = (x: Node): boolean =>
  x.op.lowering.kind === "gather" && x.inputs[0]!.shape.length === 1 && isConstant(x.inputs[1]!);

/** Finds the data below `x`; false when it depends on anything else than data and single numbers. */
function collect(x: Node, shape: Shape, columns: Columns, seen: Set<Node>): boolean {
  if (seen.has(x) || sizeOf(x.shape) === 1) return true;
  seen.add(x);
  if (seen.size > mostNodes) return false;
  if (isConstant(x)) columns.set(x, overRows(x, shape));
  else if (isRead(x) && sameShape(x.shape, shape)) columns.set(x, Float64Array.from(x.inputs[1]!.value!));
  else {
    const isInner = x.op.lowering.kind === "map" || x.op === broadcast;
    return isInner && x.inputs.every((y) => collect(y, shape, columns, seen));
  }
  return true;
}

/** `x` as a vector over the cells, or the number that it is. */
function atCells(x: Node, first: Int32Array, columns: Columns, moved: Map<Node, Node>): Node {
  const known = moved.get(x);
  if (known) return known;
  const pick = (values: ArrayLike<number>): Float64Array => Float64Array.from(first, (at) => values[at]!);
  let node: Node;
  if (sizeOf(x.shape) === 1) node = reshape(x, []);
  else if (isConstant(x)) {
    const values = pick(columns.get(x)!);
    node = constantNode(
      new (x.value!.constructor as new (from: Float64Array) => TypedArray)(values),
      [first.length],
      x.dtype,
    );
  } else if (columns.has(x)) {
    const indices = Int32Array.from(pick(columns.get(x)!));
    const isAll = indices.length === x.inputs[0]!.shape[0] && indices.every((at, i) => at === i);
    node = isAll ? x.inputs[0]! : take(x.inputs[0]!, constantIndices(indices));
  } else {
    const args = x.inputs.map((y) => atCells(y, first, columns, moved));
    node = x.op === broadcast ? args[0]! : apply(x.op, args, x.attrs);
  }
  moved.set(x, node);
  return node;
}

interface Cells {
  /** An element of each cell, in order of appearance. */
  readonly first: Int32Array;
  /** The cell of each element. */
  readonly cellOf: Int32Array;
}

/** Elements with the same bits in every column; undefined as soon as there are too many. Open addressing, since matrices of data are large. */
function cellsOf(columns: readonly Float64Array[], size: number): Cells | undefined {
  const limit = Math.floor(size / leastRatio);
  const words = columns.map((c) => new Uint32Array(c.buffer, c.byteOffset, 2 * size));
  const slots = new Int32Array(1 << (33 - Math.clz32(limit)));
  const cellOf = new Int32Array(size);
  const first: number[] = [];
  const isAt = (a: number, b: number): boolean =>
    words.every((w) => w[2 * a] === w[2 * b] && w[2 * a + 1] === w[2 * b + 1]);
  for (let i = 0; i < size; i++) {
    let hash = 0;
    for (const w of words) hash = Math.imul(Math.imul(hash ^ w[2 * i]!, 0x9e3779b1) ^ w[2 * i + 1]!, 0x85ebca6b);
    let slot = (hash ^ (hash >>> 15)) & (slots.length - 1);
    while (slots[slot] !== 0 && !isAt(first[slots[slot]! - 1]!, i)) slot = (slot + 1) & (slots.length - 1);
    if (slots[slot] === 0) {
      if (first.length === limit) return undefined;
      first.push(i);
      slots[slot] = first.length;
    }
    cellOf[i] = slots[slot]! - 1;
  }
  return { first: Int32Array.from(first), cellOf };
}
