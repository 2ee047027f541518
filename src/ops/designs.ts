/** Designs as columns of numbers and as expressions: what affine forms are taken apart to, and written again from. */
import type { Node } from "../compiler/graph.ts";
import { constantNode, scalar } from "../compiler/node.ts";
import { sizeOf } from "../compiler/shapes.ts";
import type { DenseTerm, PickedTerm, Term } from "./affine.ts";
import { add, mul } from "./arithmetic.ts";
import { type Column, whole } from "./distinctRows.ts";
import { constantIndices, take } from "./indexing.ts";
import { matmul } from "./linalg.ts";
import { broadcastTo } from "./map.ts";
import { reshape } from "./shape.ts";

/** A vector of data; one number stretched where all are equal, which arithmetic can move out of loops. */
export const vector = (data: Float64Array): Node =>
  data.every((x) => x === data[0])
    ? broadcastTo(scalar(data[0] ?? 0), [data.length])
    : constantNode(data, [data.length], "float64");
export const flat = (x: Node): Node => reshape(x, [sizeOf(x.shape)]);

/** What tells the rows of a term apart. */
export function columnsOf(term: Term): Column[] {
  if (term.kind === "picked") return [whole(term.indices), whole(term.coefficients)];
  const step = sizeOf(term.variable.shape);
  return Array.from({ length: step }, (_, start) => ({ data: term.design, start, step }));
}
/** Copies of the columns of a design. */
export const designColumns = (term: DenseTerm): Float64Array[] =>
  columnsOf(term).map(({ data, start, step }) =>
    Float64Array.from({ length: data.length / step }, (_, i) => data[start + i * step]!),
  );
/** The design, row by row, that has such columns. */
export const interleave = (columns: readonly Float64Array[]): Float64Array =>
  new Float64Array(columns.length * columns[0]!.length).map(
    (_, i) => columns[i % columns.length]![Math.floor(i / columns.length)]!,
  );

/** A design times a variable. */
export function product(design: Float64Array, variable: Node): Node {
  const size = sizeOf(variable.shape);
  if (size === 1) return mul(vector(design), reshape(variable, []));
  return matmul(constantNode(design, [design.length / size, size], "float64"), flat(variable));
}

/** Terms of an affine form over some of its rows. */
export function overSomeRows(terms: readonly Term[], rows: readonly number[]): Node {
  return terms
    .map((term) => {
      const size = sizeOf(term.variable.shape);
      const picked = term.kind === "picked" ? term : pickedForm(term, rows);
      if (!picked) return product(rowsOf(term as DenseTerm, rows), term.variable);
      const indices = Int32Array.from(rows, (row) => picked.indices[row]!);
      const coefficients = vector(Float64Array.from(rows, (row) => picked.coefficients[row]!));
      const isWhole = rows.length === size && indices.every((j, i) => j === i);
      const elements = isWhole ? flat(term.variable) : take(flat(term.variable), constantIndices(indices));
      return mul(coefficients, elements);
    })
    .reduce(add);
}
function rowsOf({ design, variable }: DenseTerm, rows: readonly number[]): Float64Array {
  const size = sizeOf(variable.shape);
  const out = new Float64Array(rows.length * size);
  rows.forEach((row, r) => out.set(design.subarray(row * size, (row + 1) * size), r * size));
  return out;
}

/** A dense term whose rows each read one element, the first row the first and so on: a plate of its own, and no product. */
function pickedForm({ design, variable }: DenseTerm, rows: readonly number[]): PickedTerm | undefined {
  const size = sizeOf(variable.shape);
  if (size !== rows.length || size === 1) return undefined;
  if (rows.some((row, i) => design.subarray(row * size, (row + 1) * size).some((x, j) => x !== 0 && j !== i)))
    return undefined;
  const indices = new Int32Array(design.length / size);
  const coefficients = new Float64Array(indices.length);
  rows.forEach((row, i) => {
    indices[row] = i;
    coefficients[row] = design[row * size + i]!;
  });
  return { kind: "picked", variable, indices, coefficients };
}
