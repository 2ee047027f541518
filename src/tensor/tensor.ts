/** The Tensor: what a user holds. Immutable; it has values, or a place in a graph that is being traced. */
import type { DType, Node, Shape, TypedArray } from "../compiler/graph.ts";
import { constantNode, isConstant, scalar } from "../compiler/node.ts";
import { formatShape, normaliseAxes, sizeOf } from "../compiler/shapes.ts";
import * as arithmetic from "../ops/arithmetic.ts";
import * as casts from "../ops/casts.ts";
import * as elementary from "../ops/elementary.ts";
import * as joins from "../ops/joins.ts";
import { matmul } from "../ops/linalg.ts";
import * as reduce from "../ops/reduce.ts";
import * as shapes from "../ops/shape.ts";
import { describe, INSPECT, remedy } from "./describe.ts";
import { type NestedArray, nodeOfNested, printNested } from "./nested.ts";
import { refuse, refuseIteration, refuseOperator } from "./refusals.ts";

export type { DType, Shape, TypedArray } from "../compiler/graph.ts";
export type { NestedArray } from "./nested.ts";

/** Whatever is accepted where a tensor is wanted. Typed arrays are vectors. */
export type TensorLike = Tensor | number | boolean | NestedArray | TypedArray;

/** Options of every reduction. */
export interface ReduceOptions {
  /** Keep reduced axes with size 1. Default false. */
  readonly keepDims?: boolean;
}

/**
 * An immutable n-dimensional array. Nobody frees it: values belong to the garbage collector.
 *
 * @example
 * const a = tensor([[1, 2], [3, 4]]);
 * a.matmul([1, 1]).sum().item(); // 10
 */
export class Tensor {
  /** The graph node behind the tensor; for those who build on the compiler. */
  readonly node: Node;

  constructor(node: Node) {
    this.node = node;
  }

  get shape(): Shape {
    return this.node.shape;
  }
  get dtype(): DType {
    return this.node.dtype;
  }
  get rank(): number {
    return this.node.shape.length;
  }
  /** Number of elements. */
  get size(): number {
    return sizeOf(this.node.shape);
  }

  /** The values, row-major; the array itself, not a copy: do not write to it. @throws Error for a traced tensor. */
  get data(): TypedArray {
    return valueOf("data", this.node);
  }

  /** The value of a tensor with one element. @throws Error for other sizes, and for a traced tensor. */
  item(): number {
    const data = valueOf("item()", this.node);
    if (data.length !== 1) {
      throw new TypeError(
        `item: a tensor of shape ${formatShape(this.shape)} has ${data.length} elements; reduce it first, or use toArray().`,
      );
    }
    return data[0]!;
  }

  /** Nested arrays of numbers (booleans for dtype bool); a number for a scalar. @throws Error for a traced tensor. */
  toArray(): NestedArray | number | boolean {
    const { shape, dtype } = this;
    const data = valueOf("toArray()", this.node);
    const element = (i: number): number | boolean => (dtype === "bool" ? data[i] !== 0 : data[i]!);
    const build = (d: number, start: number, size: number): NestedArray | number | boolean => {
      if (d === shape.length) return element(start);
      const step = size / (shape[d] || 1);
      return Array.from({ length: shape[d]! }, (_, i) => build(d + 1, start + i * step, step));
    };
    return build(0, 0, data.length);
  }

  toJSON(): NestedArray | number | boolean {
    return this.toArray();
  }

  /** Kind, shape and values; long axes are cut to their first entries. */
  toString(): string {
    const values = this.node.value ? printNested(this.toArray(), this.size > 100 ? 6 : Infinity) : "traced";
    return `Tensor(${values}, shape ${formatShape(this.shape)}, ${this.dtype})`;
  }

  /**
   * A number for a scalar with a value, so that `x > 0` works outside of models; text in template strings.
   * @throws TypeError for other tensors: operators and Math don't work on them. `if (x)` can't be caught: every object is true.
   */
  [Symbol.toPrimitive](hint: string): number | string {
    if (hint === "string") return this.toString();
    return this.node.value?.length === 1 ? this.item() : refuseOperator(this.node);
  }

  /** a + b. */
  add(b: TensorLike): Tensor {
    return binary(arithmetic.add)(this, b);
  }
  /** a − b. */
  sub(b: TensorLike): Tensor {
    return binary(arithmetic.sub)(this, b);
  }
  /** a · b, element by element. */
  mul(b: TensorLike): Tensor {
    return binary(arithmetic.mul)(this, b);
  }
  /** a / b. */
  div(b: TensorLike): Tensor {
    return binary(arithmetic.div)(this, b);
  }
  /** a to the power b. */
  pow(b: TensorLike): Tensor {
    return binary(elementary.pow)(this, b);
  }
  /** −a. */
  neg(): Tensor {
    return wrap(arithmetic.neg(this.node));
  }
  /** |a|. */
  abs(): Tensor {
    return wrap(arithmetic.abs(this.node));
  }
  /** a². */
  square(): Tensor {
    return wrap(arithmetic.square(this.node));
  }
  /** √a. */
  sqrt(): Tensor {
    return wrap(arithmetic.sqrt(this.node));
  }
  /** e^a. */
  exp(): Tensor {
    return wrap(elementary.exp(this.node));
  }
  /** The natural logarithm. */
  log(): Tensor {
    return wrap(elementary.log(this.node));
  }
  /** The hyperbolic tangent. */
  tanh(): Tensor {
    return wrap(elementary.tanh(this.node));
  }
  /** 1 / (1 + e^−a). */
  sigmoid(): Tensor {
    return wrap(elementary.sigmoid(this.node));
  }
  /** Sum over the axes, all when absent. */
  sum(axis?: number | readonly number[], options?: ReduceOptions): Tensor {
    return reduction(reduce.sum, "sum")(this, axis, options);
  }
  /** Mean over the axes. */
  mean(axis?: number | readonly number[], options?: ReduceOptions): Tensor {
    return reduction(meanNode, "mean")(this, axis, options);
  }
  /** Product over the axes. */
  prod(axis?: number | readonly number[], options?: ReduceOptions): Tensor {
    return reduction(reduce.prod, "prod")(this, axis, options);
  }
  /** Largest element over the axes. */
  max(axis?: number | readonly number[], options?: ReduceOptions): Tensor {
    return reduction(reduce.max, "max")(this, axis, options);
  }
  /** Smallest element over the axes. */
  min(axis?: number | readonly number[], options?: ReduceOptions): Tensor {
    return reduction(reduce.min, "min")(this, axis, options);
  }
  /** Matrix product as in NumPy. */
  matmul(b: TensorLike): Tensor {
    return binary(matmul)(this, b);
  }
  /** Reverses the dimensions. */
  get T(): Tensor {
    return wrap(shapes.transpose(this.node));
  }
  /** Permutes the dimensions; reverses them without an argument. */
  transpose(perm?: readonly number[]): Tensor {
    return wrap(shapes.transpose(this.node, perm));
  }
  /** The same numbers under another shape; one dimension may be -1. */
  reshape(shape: Shape): Tensor {
    return wrap(shapes.reshape(this.node, shape));
  }
  /** Inserts a dimension of 1. */
  expandDims(axis: number): Tensor {
    return wrap(shapes.expandDims(this.node, axis));
  }
  slice(starts: readonly number[], stops: readonly (number | undefined)[] = [], steps?: readonly number[]): Tensor {
    return wrap(shapes.slice(this.node, starts, stops, steps));
  }
  /** Element(s) at position i of the first axis, which is dropped. */
  at(i: number): Tensor {
    return wrap(shapes.at(this.node, i));
  }
}

let reads = 0;
/** How often values of tensors under differentiation were read so far: what is computed from them has no derivative. */
export const valueReads = (): number => reads;

function valueOf(asked: string, node: Node): TypedArray {
  if (!isConstant(node)) reads++;
  return node.value ?? refuse(asked, node);
}

/** In Node's console: the text of a short tensor, of a longer one the first values. */
Object.defineProperty(Tensor.prototype, INSPECT, {
  value(this: Tensor): string {
    const { node, size, shape, dtype } = this;
    if (node.value === undefined || size <= 12) return this.toString();
    const first = Array.from(node.value.slice(0, 6), (v) => Number(v.toPrecision(6)));
    return `Tensor(${first.join(", ")}, …, shape ${formatShape(shape)}, ${dtype})`;
  },
});

// Not declared in the class: destructuring a tensor is an error of types, and to plain JavaScript it says what to do.
Object.defineProperty(Tensor.prototype, Symbol.iterator, {
  value(this: Tensor): never {
    refuseIteration(this.node);
  },
});

/** A tensor around a node. */
export const wrap = (node: Node): Tensor => new Tensor(node);
export const isTensor = (x: unknown): x is Tensor => x instanceof Tensor;
/** The values where they are known, for the library's own checks: reading them loses no derivative. */
export const knownValues = (x: Tensor): TypedArray | undefined => x.node.value;
/** False for a traced tensor whose value is not known yet. */
export const hasValue = (x: Tensor): boolean => x.node.value !== undefined;
/** A tensor over an existing array, which it takes over. @throws TypeError when the length does not fit the shape. */
export function fromData(data: TypedArray, shape: Shape, dtype: DType = dtypeOf(data)): Tensor {
  if (data.length !== sizeOf(shape)) {
    throw new TypeError(
      `fromData: ${data.length} numbers do not fill shape ${formatShape(shape)}, which has ${sizeOf(shape)} elements.`,
    );
  }
  return wrap(constantNode(data, shape, dtype));
}

function dtypeOf(data: TypedArray): DType {
  if (data instanceof Float64Array) return "float64";
  if (data instanceof Float32Array) return "float32";
  return data instanceof Int32Array ? "int32" : "bool";
}

/** The shape that a TensorLike has. @throws TypeError for ragged arrays. */
export const shapeOf = (x: TensorLike): Shape => (isTensor(x) ? x.shape : asNode(x).shape);

/**
 * A tensor of whatever is tensor-like: numbers and nested arrays become float64, booleans bool, typed arrays keep their kind.
 * @throws TypeError for ragged arrays, strings, undefined and other things that are no numbers.
 */
export function asTensor(x: TensorLike, dtype?: DType): Tensor {
  if (isTensor(x) && (dtype === undefined || dtype === x.dtype)) return x;
  const node = asNode(x);
  return wrap(dtype === undefined ? node : casts.cast(node, dtype));
}

/** The node of a TensorLike. */
export function asNode(x: TensorLike): Node {
  if (isTensor(x)) return x.node;
  if (typeof x === "number") return scalar(x);
  if (typeof x === "boolean") return constantNode(Uint8Array.of(x ? 1 : 0), [], "bool");
  // Bytes are truth values where they can be, else numbers.
  if (x instanceof Uint8Array && x.some((v) => v > 1)) return constantNode(Int32Array.from(x), [x.length], "int32");
  if (x instanceof Float64Array || x instanceof Float32Array || x instanceof Int32Array || x instanceof Uint8Array) {
    return constantNode(x, [x.length], dtypeOf(x));
  }
  if (Array.isArray(x)) return fromNested(x as NestedArray);
  if (ArrayBuffer.isView(x) && Symbol.iterator in x)
    return fromNested(Array.from(x as unknown as Iterable<number>, Number));
  throw new TypeError(
    `A tensor was expected, got ${describe(x)}. ${remedy(x) || "Give a number, a (nested) array of numbers, a typed array or a Tensor."}`,
  );
}

/** Copies nested arrays; arrays may hold tensors, which are then stacked. */
function fromNested(x: NestedArray): Node {
  if (holdsTensor(x))
    return joins.stack(
      x.map((row) => asNode(row as TensorLike)),
      0,
    );
  return nodeOfNested(x);
}
function holdsTensor(x: unknown): boolean {
  if (!Array.isArray(x)) return false;
  for (const row of x) if (typeof row === "object" && (isTensor(row) || holdsTensor(row))) return true;
  return false;
}

export type Unary = (x: TensorLike) => Tensor;
export type Binary = (a: TensorLike, b: TensorLike) => Tensor;
export type Reduction = (x: TensorLike, axis?: number | readonly number[], options?: ReduceOptions) => Tensor;

/** A function on nodes as a function on tensors. */
export const unary =
  (op: (x: Node) => Node): Unary =>
  (x) =>
    wrap(op(asNode(x)));

/** Likewise for two arguments; a bare number takes the dtype of the tensor beside it where that loses nothing. */
export const binary =
  (op: (a: Node, b: Node) => Node): Binary =>
  (a, b) =>
    wrap(op(literal(a, b), literal(b, a)));

function literal(x: TensorLike, beside: TensorLike): Node {
  if (typeof x !== "number" || !isTensor(beside)) return asNode(x);
  if (beside.dtype === "float32") return scalar(x, "float32");
  return beside.dtype === "int32" && Number.isInteger(x) && Math.abs(x) < 2 ** 31 ? scalar(x, "int32") : scalar(x);
}

/** A reduction on nodes as one on tensors, with `axis` and `keepDims`. */
export const reduction =
  (op: (x: Node, axes: readonly number[]) => Node, name: string): Reduction =>
  (x, axis, options = {}) => {
    const node = asNode(x);
    const axes = normaliseAxes(axis, node.shape.length, name);
    const reduced = op(node, axes);
    return wrap(
      options.keepDims
        ? shapes.reshape(
            reduced,
            node.shape.map((n, d) => (axes.includes(d) ? 1 : n)),
          )
        : reduced,
    );
  };

/** Sum divided by the number of elements. */
export const meanNode = (x: Node, axes: readonly number[]): Node => {
  const total = reduce.sum(casts.cast(x, x.dtype === "float32" ? "float32" : "float64"), axes);
  const count = axes.reduce((n, d) => n * x.shape[d]!, 1);
  return arithmetic.div(total, scalar(count, total.dtype));
};
