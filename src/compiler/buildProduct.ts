/** Products of matrices as kernel calls. */
import { blocked } from "../wasm/kernels/blockLayout.ts";
import { blockProduct, blockTransposed } from "../wasm/kernels/blockProducts.ts";
import { gemm } from "../wasm/kernels/gemm.ts";
import type { Kernel } from "../wasm/kernels/kernel.ts";
import { gemv, gemvT, gemvTLower, gemvTUpper } from "../wasm/kernels/products.ts";
import type { Buffers } from "./buffers.ts";
import type { KernelCall, Node } from "./graph.ts";
import { type Lane, LaneAlgebra } from "./lanes.ts";
import { type MatrixVector, matrixVector } from "./matrixProducts.ts";
import { formatShape, sizeOf } from "./shapes.ts";
import type { Step } from "./steps.ts";

/** The steps of a product that no nest has taken in. */
export function buildProduct(node: Node, buffers: Buffers): Step[] {
  const target = buffers.own(node)!;
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
  const matrix = blockedBuffer(product, buffers);
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

/** The kernel that sums the columns of a constant matrix, stored one after the other; a triangle is summed without its zeros. */
function columnKernel({ matrix, transposed, rows, columns }: MatrixVector): Kernel {
  const at = (r: number, c: number): number => matrix.value![transposed ? c * rows + r : r * columns + c]!;
  const isZero = (where: (r: number, c: number) => boolean): boolean => {
    for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) if (where(r, c) && at(r, c) !== 0) return false;
    return true;
  };
  if (isZero((r, c) => c > r)) return gemvTUpper;
  return isZero((r, c) => c < r) ? gemvTLower : gemvT;
}

/** Which kernel multiplies two arrays in memory. */
function productCall(node: Node): KernelCall {
  const [a, b] = node.inputs as [Node, Node];
  const [m, k, n] = [a.shape.at(-2)!, a.shape.at(-1)!, b.shape.at(-1)!];
  const count = sizeOf(node.shape.slice(0, -2));
  const batch = count === 1 ? {} : { batch: { count, strides: [m * k, k * n, m * n] } };
  if (n === 1) return { kernel: gemv, dims: [m, k], ...batch };
  if (m === 1) {
    return {
      kernel: gemvT,
      dims: [k, n],
      ...(count === 1 ? {} : { batch: { count, strides: [k * n, m * k, m * n] } }),
    };
  }
  return { kernel: gemm, dims: [m, k, n], ...batch };
}

/** A tall constant matrix in blocks of rows; the same buffer for a matrix and its transpose. */
function blockedBuffer({ matrix, transposed, rows, columns }: MatrixVector, buffers: Buffers): number {
  const tall = rows >= columns;
  const [m, n] = tall ? [rows, columns] : [columns, rows];
  const { value } = matrix;
  const data = blocked(m, n, tall === transposed ? (i, j) => value![j * m + i]! : (i, j) => value![i * n + j]!);
  const label = `blocks of ${formatShape([m, n])}`;
  const known = buffers.list.find((b) => b.label === label && b.data!.every((x, i) => Object.is(x, data[i])));
  return known?.id ?? buffers.add("constant", data.length, label, data);
}
