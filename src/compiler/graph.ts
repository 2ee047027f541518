/**
 * The graph: what a tensor computation is made of before it runs.
 *
 * A graph is nothing but nodes that point at their inputs; there is no tape, no ambient "current graph", and nothing to
 * close. A node whose inputs are all constants is computed at once and keeps no history, so eager arithmetic and the
 * folding of data are the same mechanism; a node that depends on an `input` stays symbolic.
 */
import type { Algebra } from "../wasm/algebra.ts";
import type { Kernel } from "../wasm/kernels/kernel.ts";

export type DType = "float64" | "float32" | "int32" | "bool";
export type Shape = readonly number[];
export type TypedArray = Float64Array | Float32Array | Int32Array | Uint8Array;

/** Attributes of an operation: plain data, part of a node's structural identity. */
export type Attrs = Readonly<Record<string, unknown>>;

export interface NodeType {
  readonly shape: Shape;
  readonly dtype: DType;
}

export interface Node extends NodeType {
  readonly op: Op;
  readonly inputs: readonly Node[];
  readonly attrs: Attrs;
  /** Row-major values. Always there for constants; also carried along by a traced node when its inputs had values. */
  readonly value: TypedArray | undefined;
  /** Where in the user's source the node was made; absent for constants. */
  readonly origin: Origin | undefined;
  /** Creation order: inputs have smaller ids than the nodes that use them. */
  readonly id: number;
}

/** A place in the user's source, read lazily because formatting a stack costs more than the operation. */
export interface Origin {
  /** `file.ts:line:column`, or undefined when the engine gives no stack. */
  readonly line: string | undefined;
}

/** Reference values handed to an evaluator: contiguous, row-major. */
export interface Value extends NodeType {
  readonly data: TypedArray;
}

/**
 * Forms the adjoint of an operation: from the cotangent of its output to those of its inputs (undefined: none).
 * `wanted` says which inputs lead to a variable; the others may be left out.
 */
export type VjpRule = (cotangent: Node, node: Node, wanted: readonly boolean[]) => readonly (Node | undefined)[];
/** Forms the tangent of an output from those of the inputs (undefined: zero; at least one is defined). */
export type JvpRule = (tangents: readonly (Node | undefined)[], node: Node) => Node;

/** What the program being compiled computes already, if it does. */
export type Find = (op: Op, inputs: readonly Node[]) => Node | undefined;

/** One record per operation: everything the library knows about it. */
export interface Op {
  readonly name: string;
  /** Shape and dtype of the result; throws the error a person would want to read. */
  readonly infer: (inputs: readonly NodeType[], attrs: Attrs) => NodeType;
  /** Plain, obviously right evaluation into a new array. */
  readonly evaluate: (inputs: readonly Value[], attrs: Attrs, output: NodeType) => TypedArray;
  readonly vjp?: VjpRule;
  readonly jvp?: JvpRule;
  /** Algebra: an equal and cheaper node for these inputs, or undefined. Tried before a symbolic node is made. */
  readonly simplify?: (inputs: readonly Node[], attrs: Attrs, type: NodeType) => Node | undefined;
  /** An equal node that is cheaper to run and need not have derivatives: tried when a program is compiled. */
  readonly lower?: (inputs: readonly Node[], attrs: Attrs, type: NodeType, find: Find) => Node | undefined;
  readonly lowering: Lowering;
  /** Over constants an operation is computed at once; `lazy`: only when its value is asked for; `never`: always recorded. */
  readonly folding?: "lazy" | "never";
}

/** How the compiler turns a node into loops. */
export type Lowering = MapLowering | ViewLowering | ReduceLowering | KernelLowering | StepLowering | OtherLowering;

/** Elementwise over broadcast inputs. */
export interface MapLowering {
  readonly kind: "map";
  readonly scalar: <V>(m: Algebra<V>, x: readonly V[], attrs: Attrs) => V;
  /** Rough cost in multiply-adds: what fusion budgets. */
  readonly cost: number;
}

/** An index map: dimension d of the input is read at `offset + step · (index along output dimension from)`; `from` −1: at `offset`. */
export interface ViewLowering {
  readonly kind: "view";
  readonly view: (node: Node) => readonly DimensionMap[];
}
export interface DimensionMap {
  readonly from: number;
  readonly offset: number;
  readonly step: number;
}

/** How elements become one; `logProduct`: the significand and the exponent of the product of numbers in [1, 4]. */
export type Combine = "sum" | "prod" | "max" | "min" | "logProduct";
/** What combining starts from. */
export const identities: Readonly<Record<Combine, number>> = {
  sum: 0,
  prod: 1,
  max: -Infinity,
  min: Infinity,
  logProduct: 1,
};

/** Reduction of `node.inputs[0]` over `node.attrs.axes` (sorted, non-negative), which are dropped from the shape. */
export interface ReduceLowering {
  readonly kind: "reduce";
  readonly combine: Combine;
}

/** A call to a hand-written WebAssembly kernel on contiguous operands. */
export interface KernelLowering {
  readonly kind: "kernel";
  /** Undefined when this node's shapes or dtypes are not served: the program is then interpreted. */
  readonly call: (node: Node) => KernelCall | undefined;
}
export interface KernelCall {
  readonly kernel: Kernel;
  /** Integer arguments after the addresses of the inputs and of the output. */
  readonly dims: readonly number[];
  /** Repetitions with fixed strides (in elements) per operand, for batches. */
  readonly batch?: { readonly count: number; readonly strides: readonly number[] };
}

/** The few structural operations that the scheduler treats by name. */
export interface OtherLowering {
  readonly kind:
    | "input"
    | "constant"
    | "reshape"
    | "gather"
    | "scatterAdd"
    | "concat"
    | "pad"
    | "matmul"
    | "identity"
    | "interpret";
}

/** A step with schedules inside: a loop, a branch. The record brings the planner along, so that programs without such steps do without it. */
export interface StepLowering {
  readonly kind: "loop" | "branch";
  /** A `PlanStep` of `steps.ts`, which builds on this file. */
  readonly plan: unknown;
  /** Equal outputs whose steps of this kind do no more than they must, and what it takes apart, simplified again. */
  readonly prune?: (outputs: readonly Node[], inputs: readonly Node[]) => readonly Node[];
}
