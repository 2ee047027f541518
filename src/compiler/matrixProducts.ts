/** Which products of matrices become loops, and which kernel calls. */
import type { Node } from "./graph.ts";
import { isConstant } from "./node.ts";

/** Constant matrices with at most this many columns (rows) become terms (sums) of the nest over their other dimension. */
const narrowLimit = 12;

/** A product of a constant matrix and a vector, seen as [rows, columns] · [columns]; undefined for other products. */
export interface MatrixVector {
  readonly matrix: Node;
  readonly vector: Node;
  /** Whether the constant is stored as [columns, rows]. */
  readonly transposed: boolean;
  readonly rows: number;
  readonly columns: number;
}
export function matrixVector(node: Node): MatrixVector | undefined {
  if (node.op.lowering.kind !== "matmul" || node.shape.length !== 2) return undefined;
  const [a, b] = node.inputs as [Node, Node];
  const [m, k, n] = [a.shape[0]!, a.shape[1]!, b.shape[1]!];
  if (isConstant(a) && n === 1) return { matrix: a, vector: b, transposed: false, rows: m, columns: k };
  if (isConstant(b) && m === 1) return { matrix: b, vector: a, transposed: true, rows: n, columns: k };
  return undefined;
}
/** In a loop over its rows, as sums over its columns, or by a kernel. */
export type Product = "terms" | "sums" | "call";
export function productForm(node: Node): Product {
  const product = matrixVector(node);
  if (!product) return "call";
  if (product.columns <= narrowLimit && product.rows > 1) return "terms";
  return product.rows <= narrowLimit && product.columns > 1 ? "sums" : "call";
}

/** A product with enough rows and columns to fill the registers of a loop. */
export const isWideProduct = (node: Node): boolean => {
  const product = matrixVector(node);
  return product !== undefined && Math.min(product.rows, product.columns) >= 4;
};
/** Whether every element of a member of a nest reads all of its operand, which must lie complete in memory. */
export const readsWhole = (user: Node): boolean =>
  user.op.lowering.kind === "gather" || (user.op.lowering.kind === "matmul" && productForm(user) === "terms");
