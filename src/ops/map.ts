/** Elementwise records: one scalar definition gives the reference evaluator, the SIMD code and, with its partials, both derivatives. */
import { costly } from "../compiler/costly.ts";
import type { Attrs, DType, MapLowering, Node, NodeType, Op, Shape, TypedArray, Value } from "../compiler/graph.ts";
import { apply, constantNode, isConstant, scalar } from "../compiler/node.ts";
import {
  allocate,
  broadcastShapes,
  broadcastStrides,
  eachOffset,
  formatShape,
  sameShape,
  sizeOf,
} from "../compiler/shapes.ts";
import type { Algebra } from "../wasm/algebra.ts";
import { numberAlgebra } from "../wasm/numberAlgebra.ts";
import { numberFunction } from "../wasm/sourceAlgebra.ts";
import { broadcast } from "./broadcast.ts";
import { late } from "./late.ts";

/** How the dtype of the result follows from those of the inputs. */
export type DTypeRule = (name: string, inputs: readonly NodeType[]) => DType;

const rank: Record<DType, number> = { bool: 0, int32: 1, float32: 2, float64: 3 };
/** The dtype that holds the values of all inputs. */
export const widest = (inputs: readonly NodeType[]): DType =>
  inputs.reduce<DType>((w, x) => (w === x.dtype || rank[x.dtype] < rank[w] ? w : x.dtype), "bool");

/** Arithmetic keeps the widest dtype; truth values count as integers. */
export const arithmetic: DTypeRule = (_name, inputs) => {
  const dtype = widest(inputs);
  return dtype === "bool" ? "int32" : dtype;
};
/** Functions of a real argument give floats. */
export const floating: DTypeRule = (_name, inputs) => (widest(inputs) === "float32" ? "float32" : "float64");
/** Predicates give truth values. */
export const truth: DTypeRule = () => "bool";
/** Connectives take and give truth values. */
export const connective: DTypeRule = (name, inputs) => {
  const wrong = inputs.findIndex((x) => x.dtype !== "bool");
  if (wrong >= 0) {
    throw new TypeError(
      `${name}: argument ${wrong} is ${inputs[wrong]!.dtype}, not bool; compare it first, for example notEqual(x, 0).`,
    );
  }
  return "bool";
};

/**
 * Derivatives of the output with respect to input i, elementwise, as a node; undefined where it is zero everywhere.
 * `out` is the output itself, so that exp need not be computed twice.
 */
export type Partial = (inputs: readonly Node[], out: Node) => Node | undefined;

export interface MapDefinition {
  readonly name: string;
  readonly arity: number;
  readonly dtype?: DTypeRule;
  /** Rough cost in multiply-adds; 1 unless given. */
  readonly cost?: number;
  readonly scalar: <V>(m: Algebra<V>, x: readonly V[], attrs: Attrs) => V;
  readonly partials?: readonly Partial[];
  readonly vjp?: Op["vjp"];
  readonly jvp?: Op["jvp"];
  readonly simplify?: Op["simplify"];
  readonly lower?: Op["lower"];
}

function inferMap(definition: MapDefinition): Op["infer"] {
  const { name, dtype: rule = floating } = definition;
  return (inputs) => {
    let { shape } = inputs[0]!;
    for (const x of inputs) if (x.shape.length > 0) shape = broadcastShapes(shape, x.shape, name);
    return { shape, dtype: rule(name, inputs) };
  };
}

/** From so many elements on, in one array or in all of them so far, it is worth writing the scalar definition out as JavaScript, which has the same bits. */
const longArray = 256;
const manyElements = 4096;

/** Evaluates a scalar definition over broadcast arrays, element by element. */
function evaluateMap(scalar: MapLowering["scalar"], arity: number): Op["evaluate"] {
  let written: ((...x: number[]) => number) | undefined;
  let evaluated = 0;
  return (inputs, attrs, output) => {
    const size = sizeOf(output.shape);
    const out = allocate(output.dtype, size);
    if (size === 1) {
      out[0] = scalar(
        numberAlgebra,
        inputs.map((x) => x.data[0]!),
        attrs,
      );
      return out;
    }
    const operands = inputs.map((x) => operandOver(x, output.shape, size));
    evaluated += size;
    if (size >= longArray || evaluated >= manyElements)
      written ??= numberFunction((m, ...x) => scalar(m, x, {}), arity);
    const f = written ?? ((...x: number[]): number => scalar(numberAlgebra, x, attrs));
    if (arity === 1) {
      const [{ data: a, step }] = operands as [Operand];
      for (let i = 0; i < size; i++) out[i] = f(a[step * i]!);
    } else if (arity === 2) {
      const [{ data: a, step }, { data: b, step: stepOfB }] = operands as [Operand, Operand];
      for (let i = 0; i < size; i++) out[i] = f(a[step * i]!, b[stepOfB * i]!);
    } else for (let i = 0; i < size; i++) out[i] = f(...operands.map((x) => x.data[x.step * i]!));
    return out;
  };
}

/** Numbers of which element i of a broadcast shape is at `step · i`. */
interface Operand {
  readonly data: TypedArray;
  readonly step: 0 | 1;
}
function operandOver({ data, dtype, shape: own }: Value, shape: Shape, size: number): Operand {
  if (data.length === 1) return { data, step: 0 };
  if (sameShape(own, shape) || data.length === size) return { data, step: 1 };
  const stretched = allocate(dtype, size);
  eachOffset(shape, broadcastStrides(own, shape), 0, (offset, i) => {
    stretched[i] = data[offset]!;
  });
  return { data: stretched, step: 1 };
}

function mapVjp(partials: readonly Partial[]): NonNullable<Op["vjp"]> {
  return (cotangent, node, wanted) =>
    node.inputs.map((x, i) => {
      const partial = wanted[i] ? partials[i]?.(node.inputs, node) : undefined;
      return partial && late.sumTo(late.mul(cotangent, partial), x.shape);
    });
}

function mapJvp(partials: readonly Partial[]): NonNullable<Op["jvp"]> {
  return (tangents, node) => {
    const terms = tangents.flatMap((t, i) => {
      const partial = t && partials[i]?.(node.inputs, node);
      return partial ? [late.mul(t, partial)] : [];
    });
    return broadcastTo(
      terms.length ? terms.reduce(late.add) : late.mul(tangents.find((t) => t)!, zeroLike(node)),
      node.shape,
    );
  };
}

const zeroLike = (node: Node): Node => apply(zeros, [node]);
/** Zero with the shape of its argument: the derivative of a step. */
const zeros: Op = {
  name: "zeros",
  infer: ([x]) => ({ shape: x!.shape, dtype: x!.dtype === "float32" ? "float32" : "float64" }),
  evaluate: (_inputs, _attrs, output) => allocate(output.dtype, sizeOf(output.shape)),
  lowering: { kind: "map", cost: 0, scalar: (m) => m.constant(0) },
};

/** The record of an elementwise operation. */
export function defineMap(definition: MapDefinition): Op {
  const { name, scalar, partials = [], cost = 1 } = definition;
  const vjp = definition.vjp ?? mapVjp(partials);
  const jvp = definition.jvp ?? mapJvp(partials);
  const op: Op = {
    name,
    infer: inferMap(definition),
    evaluate: evaluateMap(scalar, definition.arity),
    vjp,
    jvp,
    ...(definition.simplify && { simplify: definition.simplify }),
    ...((definition.lower || cost >= costly) && {
      lower: (inputs, attrs, type, find) =>
        definition.lower?.(inputs, attrs, type, find) ??
        (cost >= costly ? late.distinct(op, inputs, attrs, type) : undefined),
    }),
    lowering: { kind: "map", scalar, cost },
  };
  const rule = definition.dtype ?? floating;
  if (rule === arithmetic || rule === floating) numeric.set(op, rule);
  return op;
}
/**
 * Records that compute with numbers. Integers and truth values beside floats are converted first: products of integers
 * that the algebra moves together must not wrap, and in compiled code a truth value is a mask of bits.
 */
const numeric: WeakMap<Op, DTypeRule> = new WeakMap();
function converted(op: Op, inputs: readonly Node[]): readonly Node[] {
  const dtype = numeric.get(op)?.(op.name, inputs);
  const fits = (x: Node): boolean => dtype === undefined || x.dtype === dtype || x.dtype.startsWith("float");
  return inputs.map((x) => (fits(x) ? x : late.cast(x, dtype!)));
}

/** A tensor stretched to `shape`; itself when it has that shape. @throws TypeError when it does not fit. */
export function broadcastTo(x: Node, shape: Shape): Node {
  if (sameShape(x.shape, shape)) return x;
  const both = broadcastShapes(x.shape, shape, "broadcastTo");
  if (!sameShape(both, shape)) {
    throw new TypeError(
      `broadcastTo: a tensor of shape ${formatShape(x.shape)} cannot be stretched to ${formatShape(shape)}.`,
    );
  }
  return apply(broadcast, [x], { shape });
}

/** A single number, for which there is nothing to move or to convert. */
const isNumber = (x: Node): boolean => x.shape.length === 0 && x.dtype === "float64";

/** Operations whose partial derivatives are finite for all finite arguments of ordinary size. */
const finiteSlopes: ReadonlySet<string> = new Set([
  "add",
  "sub",
  "mul",
  "neg",
  "square",
  "abs",
  "tanh",
  "sigmoid",
  "softplus",
]);
const readsAll = (indices: Node, n: number): boolean => new Set(indices.value).size === n;

/** f(x[i]) = f(x)[i]: the operation on the fewer numbers from which all inputs that are not single numbers were gathered. */
function beforeGather(op: Op, inputs: readonly Node[]): Node | undefined {
  const isGather = (x: Node): boolean => x.op.lowering.kind === "gather" && isConstant(x.inputs[1]!);
  const many = inputs.filter((x) => sizeOf(x.shape) !== 1);
  const [first] = many;
  if (!first || !many.every(isGather)) return undefined;
  const [source, indices] = first.inputs as [Node, Node];
  const alike = many.every((x) => x.inputs[1] === indices && sameShape(x.inputs[0]!.shape, source.shape));
  const single = inputs.every((x) => many.includes(x) || x.shape.length === 0);
  if (!alike || !single || sizeOf(source.shape) >= sizeOf(first.shape)) return undefined;
  // An element that nobody reads must not lend its infinite derivative to a zero cotangent.
  if (!finiteSlopes.has(op.name) && !readsAll(indices, source.shape[0]!)) return undefined;
  return apply(
    first.op,
    [applyMap(op, ...inputs.map((x) => (many.includes(x) ? x.inputs[0]! : x))), indices],
    first.attrs,
  );
}

/**
 * Applies an elementwise record. Broadcasts and gathers are moved from the inputs to the output: arithmetic happens at the
 * smallest shape, and what depends on few numbers is computed few times.
 */
export function applyMap(op: Op, ...operands: Node[]): Node {
  if (operands.every(isNumber)) return apply(op, operands);
  const inputs = converted(op, operands);
  const gathered = beforeGather(op, inputs);
  if (gathered) return gathered;
  if (!inputs.some((x) => x.op === broadcast)) return apply(op, inputs);
  const { shape } = op.infer(inputs, {});
  const narrow = inputs.map((x) => (x.op === broadcast ? x.inputs[0]! : x));
  return broadcastTo(apply(op, narrow), shape);
}

/** Zeros, kept symbolic. */
export const zerosNode = (type: NodeType): Node =>
  broadcastTo(constantNode(allocate(type.dtype, 1), [], type.dtype), type.shape);
/** A scalar of the floating dtype of another node. */
export const scalarLike = (x: number, like: Node): Node => scalar(x, like.dtype === "float32" ? "float32" : "float64");
