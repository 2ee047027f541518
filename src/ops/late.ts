/**
 * The operations that records refer to before they are defined. The derivative of a product is a product and that of a
 * broadcast is a sum: the records are mutually recursive, the files are not, so these names are bound when their files load.
 */
import type { Attrs, DType, Node, NodeType, Op, Shape } from "../compiler/graph.ts";

export interface LateOperations {
  add: (a: Node, b: Node) => Node;
  mul: (a: Node, b: Node) => Node;
  /** Sums a tensor back to the shape from which it was broadcast. */
  sumTo: (x: Node, shape: Shape) => Node;
  cast: (x: Node, dtype: DType) => Node;
  /** A costly elementwise operation evaluated where its data differ, or undefined. */
  distinct: (op: Op, inputs: readonly Node[], attrs: Attrs, type: NodeType) => Node | undefined;
}

const unbound = (): never => {
  throw new Error("import the operations through src/ops/arithmetic.ts and src/ops/reduce.ts");
};
export const late: LateOperations = { add: unbound, mul: unbound, sumTo: unbound, cast: unbound, distinct: unbound };
