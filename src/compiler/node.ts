/** Making nodes: the one place where an operation is applied, computed when everything is known, or recorded. */
import type { Attrs, DType, Node, NodeType, Op, Origin, Shape, TypedArray, Value } from "./graph.ts";
import { currentOrigin } from "./origin.ts";
import { allocate } from "./shapes.ts";

let nodes = 0;

class GraphNode implements Node {
  readonly op: Op;
  readonly inputs: readonly Node[];
  readonly attrs: Attrs;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly origin: Origin | undefined;
  readonly id: number;
  #value: TypedArray | undefined;

  constructor(
    op: Op,
    inputs: readonly Node[],
    attrs: Attrs,
    type: NodeType,
    value: TypedArray | undefined,
    origin: Origin | undefined,
  ) {
    this.op = op;
    this.inputs = inputs;
    this.attrs = attrs;
    this.shape = type.shape;
    this.dtype = type.dtype;
    this.origin = origin;
    this.id = nodes++;
    this.#value = value;
  }

  get value(): TypedArray | undefined {
    if (this.#value === undefined && this.op.folding === "lazy" && this.inputs.every((x) => x.value)) {
      this.#value = this.op.evaluate(this.inputs.map(asValue), this.attrs, this);
    }
    return this.#value;
  }
}

const noInputs: readonly Node[] = [];
const noAttrs: Attrs = {};

const noInference = (): never => {
  throw new Error("inputs and constants are made by inputNode and constantNode");
};

/** A value that will be supplied when the graph runs. */
export const input: Op = { name: "input", infer: noInference, evaluate: noInference, lowering: { kind: "input" } };
/** A value that is known. */
export const constant: Op = {
  name: "constant",
  infer: noInference,
  evaluate: noInference,
  lowering: { kind: "constant" },
};

/** Known whatever the inputs of the program are. */
export const isConstant = (node: Node): boolean =>
  node.op === constant || (node.op.folding === "lazy" && node.inputs.every(isConstant));

/** The node's values for a reference evaluator. @throws Error when the node has none. */
function asValue(node: Node): Value {
  const data = node.value;
  if (!data) throw new Error(`the value of a traced ${node.op.name} node was asked for`);
  return { shape: node.shape, dtype: node.dtype, data };
}

export const constantNode = (data: TypedArray, shape: Shape, dtype: DType): Node =>
  new GraphNode(constant, noInputs, noAttrs, { shape, dtype }, data, undefined);

/** A fresh variable. With a value, everything computed from it is computed along the way (record and run). */
export const inputNode = (shape: Shape, dtype: DType, name: string, value?: TypedArray): Node =>
  new GraphNode(input, noInputs, { name }, { shape, dtype }, value, currentOrigin());

/** A constant scalar of a floating dtype. */
export const scalar = (x: number, dtype: DType = "float64"): Node => {
  const data = allocate(dtype, 1);
  data[0] = x;
  return constantNode(data, scalarShape, dtype);
};
const scalarShape: Shape = [];

/**
 * Applies an operation. Constants in, constant out, with no history. Otherwise the algebra of the record is tried,
 * and a node is recorded; it carries a value when all its inputs do.
 */
export function apply(op: Op, inputs: readonly Node[], attrs: Attrs = noAttrs): Node {
  const type = op.infer(inputs, attrs);
  const known = inputs.every(isConstant);
  if (known && !op.folding) return constantNode(op.evaluate(inputs.map(asValue), attrs, type), type.shape, type.dtype);
  const simpler = op.simplify?.(inputs, attrs, type);
  if (simpler) return simpler;
  const runs = op.folding !== "lazy" && inputs.every((x) => x.value);
  const value = runs ? op.evaluate(inputs.map(asValue), attrs, type) : undefined;
  return new GraphNode(op, inputs, attrs, type, value, known ? undefined : currentOrigin());
}
