/** From nodes to steps: loop nests over shared index spaces, kernel calls, loops and branches, in order. */
import { blockProduct, blockTransposed } from "../wasm/kernels/blockProducts.ts";
import { gemvT } from "../wasm/kernels/products.ts";
import { Buffers } from "./buffers.ts";
import { buildNest } from "./buildNest.ts";
import type { Node } from "./graph.ts";
import { type Lane, LaneAlgebra } from "./lanes.ts";
import { columnKernel, type MatrixVector, matrixVector, productCall } from "./matrixProducts.ts";
import { passes } from "./passes.ts";
import { Placement } from "./placement.ts";
import { sizeOf } from "./shapes.ts";
import type { NewBuffer, PlanStep, Schedule, Step } from "./steps.ts";
import { stripMine } from "./strips.ts";

/** Builds the schedule of a graph. @throws NotCompilable naming the operation that stands in the way. */
export function schedule(order: readonly Node[], inputs: readonly Node[], outputs: readonly Node[]): Schedule {
  const placement = new Placement(order, outputs);
  const buffers = new Buffers(order, inputs, placement);
  const steps = placement.slots.flatMap((slot, i) =>
    "nest" in slot ? buildNest(slot.nest, i, placement, buffers) : buildCall(slot.call, buffers),
  );
  const copies: Step[] = [];
  const results = placeOutputs(outputs, buffers, copies);
  const all = [...steps, ...copies];
  return {
    steps: passes().chunks ? stripMine(all, buffers.list, (...buffer) => buffers.add(...buffer)) : all,
    buffers: buffers.list,
    inputs: inputs.map((x) => buffers.own(x)!),
    outputs: results,
  };
}

/** The call of a kernel, loop or branch. */
function buildCall(node: Node, buffers: Buffers): Step[] {
  const target = buffers.own(node)!;
  const { lowering } = node.op;
  if (lowering.kind === "loop" || lowering.kind === "branch") {
    const operands = node.inputs.map((x) => buffers.of(x));
    const newBuffer: NewBuffer = (...buffer) => buffers.add(...buffer);
    return [(lowering.plan as PlanStep)(node, operands, target, newBuffer, schedule)];
  }
  if (node.op.lowering.kind === "kernel") {
    const call = node.op.lowering.call(node)!;
    return [{ kind: "call", call, operands: [...node.inputs.map((x) => buffers.of(x)), target], node }];
  }
  const product = matrixVector(node);
  if (product) {
    const kernel = columnKernel(product);
    // A triangle is summed without its zeros, column by column.
    if (kernel === gemvT && Math.max(product.rows, product.columns) >= fewestRows)
      return blockedProduct(node, product, buffers);
    // y = A x over a stored transpose: a sum of contiguous columns
    const { matrix, vector, transposed, rows, columns } = product;
    const byColumn = transposed ? buffers.of(matrix) : buffers.transposed(matrix);
    const operands = [byColumn, buffers.of(vector), target];
    return [{ kind: "call", call: { kernel, dims: [columns, rows] }, operands, node }];
  }
  const call = productCall(node);
  const [a, b] = node.inputs.map((x) => buffers.of(x));
  // The matrix comes first, also where it stands on the right of a row.
  return [{ kind: "call", call, operands: call.kernel === gemvT ? [b!, a!, target] : [a!, b!, target], node }];
}

/** Matrices with at least this many rows are kept in blocks of rows. */
const fewestRows = 16;

/** A product of a tall constant matrix, or of the transpose of one, with a vector: a call that may run on a chunk of rows. */
function blockedProduct(node: Node, product: MatrixVector, buffers: Buffers): Step[] {
  const { vector, rows, columns } = product;
  const target = buffers.own(node)!;
  const matrix = buffers.blocked(product);
  if (rows >= columns) {
    const call = { kernel: blockProduct, dims: [rows, columns] };
    return [{ kind: "call", call, operands: [matrix, buffers.of(vector), target], node, rowStrides: [columns, 0, 1] }];
  }
  const pairs = buffers.add("temporary", 2 * rows, `pairs of %${node.id}`);
  const algebra = new LaneAlgebra();
  const half = (offset: number): Lane => algebra.load({ buffer: pairs, offset, strides: rows === 1 ? [] : [2] });
  return [
    { kind: "fill", buffer: pairs, value: 0 },
    {
      kind: "call",
      call: { kernel: blockTransposed, dims: [columns, rows] },
      operands: [matrix, buffers.of(vector), pairs],
      node,
      rowStrides: [rows, 1, 0],
    },
    {
      kind: "nest",
      dims: rows === 1 ? [] : [rows],
      algebra,
      stores: [
        { value: algebra.add(half(0), half(1)), target: { buffer: target, offset: 0, strides: rows === 1 ? [] : [1] } },
      ],
      accumulations: [],
      scatters: [],
      members: [],
    },
  ];
}

/** Outputs get buffers of their own; an output that is data, an input, or the same array as another output is copied. */
function placeOutputs(outputs: readonly Node[], buffers: Buffers, steps: Step[]): number[] {
  const taken = new Set<number>();
  return outputs.map((node) => {
    const source = buffers.of(node);
    const buffer = buffers.list[source]!;
    if (buffer.kind === "temporary" && !taken.has(source)) {
      taken.add(source);
      buffer.kind = "output";
      return source;
    }
    const copy = buffers.add("output", sizeOf(node.shape), "output");
    const algebra = new LaneAlgebra();
    const n = sizeOf(node.shape);
    const strides = n === 1 ? [] : [1];
    const value = algebra.load({ buffer: source, offset: 0, strides });
    const target = { buffer: copy, offset: 0, strides };
    steps.push({
      kind: "nest",
      dims: n === 1 ? [] : [n],
      algebra,
      stores: [{ value, target }],
      accumulations: [],
      scatters: [],
      members: [],
    });
    return copy;
  });
}
