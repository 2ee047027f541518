/** Recognising expressions that are affine in a few parameters, with data as coefficients: constant + Σ design · variable. */
import type { Node, Op, Shape } from "../compiler/graph.ts";
import { isConstant } from "../compiler/node.ts";
import { broadcastStrides, eachOffset, sizeOf } from "../compiler/shapes.ts";
import { arithmeticOps, mul } from "./arithmetic.ts";
import { broadcast } from "./broadcast.ts";
import { reshape } from "./shape.ts";

/** Rows times columns of coefficients for the elements of one variable. */
export interface DenseTerm {
  readonly kind: "dense";
  readonly variable: Node;
  /** Row-major [rows, size of the variable]. */
  readonly design: Float64Array;
}
/** Each row reads one element of the variable, times a coefficient. */
export interface PickedTerm {
  readonly kind: "picked";
  readonly variable: Node;
  readonly indices: Int32Array;
  readonly coefficients: Float64Array;
}
export type Term = DenseTerm | PickedTerm;

export interface Affine {
  readonly rows: number;
  readonly constant: Float64Array;
  readonly terms: readonly Term[];
}

/** Values of a constant, stretched over the elements of `shape`. */
export function overRows(x: Node, shape: Shape): Float64Array {
  const data = x.value!;
  if (data.length === sizeOf(shape)) return new Float64Array(data);
  const out = new Float64Array(sizeOf(shape));
  if (data.length === 1) return out.fill(data[0]!);
  eachOffset(shape, broadcastStrides(x.shape, shape), 0, (at, i) => {
    out[i] = data[at]!;
  });
  return out;
}

/** For each row, which element of a narrower operand it reads. */
function positions(x: Shape, shape: Shape): Int32Array {
  const out = new Int32Array(sizeOf(shape));
  eachOffset(shape, broadcastStrides(x, shape), 0, (at, i) => {
    out[i] = at;
  });
  return out;
}

class Collector {
  readonly rows: number;
  readonly constant: Float64Array;
  readonly #most: number;
  readonly #terms: Map<Node, Term> = new Map();
  readonly #seen: Set<Node> = new Set();
  readonly #products: Map<string, Node> = new Map();
  #visits = 0;

  /** @param most - elements that a variable may have of which each row picks one */
  constructor(rows: number, most: number) {
    this.rows = rows;
    this.#most = most;
    this.constant = new Float64Array(rows);
  }

  get terms(): Term[] {
    return [...this.#terms.values()];
  }

  /** Adds `scale · by · x` for an `x` that is stretched to `shape`; false when it is not affine in few parameters. */
  add(x: Node, shape: Shape, scale: Scale): boolean {
    // Every path to a shared node is a visit: refused before there are many more of these than nodes.
    this.#seen.add(x);
    if (++this.#visits > revisitLimit + 2 * this.#seen.size) return false;
    const { by, rows } = scale;
    if (isConstant(x)) {
      const values = overRows(x, shape);
      if (by.length > 0) {
        const [first, ...others] = by as [Node, ...Node[]];
        const factor = { rows: rows.map((s, i) => s * values[i]!), by: others };
        return this.#pick(first, new Int32Array(this.rows), factor);
      }
      for (let i = 0; i < this.rows; i++) this.constant[i]! += rows[i]! * values[i]!;
      return true;
    }
    const rule = x.shape.length === 0 ? undefined : rules.get(x.op);
    if (rule) return rule(this, x, shape, scale);
    const { kind } = x.op.lowering;
    if (sizeOf(x.shape) === this.rows && kind === "reshape") return this.add(x.inputs[0]!, x.inputs[0]!.shape, scale);
    if (kind === "gather" && !x.attrs.distinct && x.inputs[0]!.shape.length === 1 && isConstant(x.inputs[1]!)) {
      if (sizeOf(x.inputs[0]!.shape) > this.#most) return false;
      const picked = positions(x.shape, shape).map((at) => x.inputs[1]!.value![at]!);
      return this.#pick(x.inputs[0]!, picked, scale);
    }
    if (kind === "matmul") return this.#product(x, shape, scale);
    if (sizeOf(x.shape) * 2 > this.rows) return false;
    return this.#pick(x, positions(x.shape, shape), scale);
  }

  #pick(x: Node, indices: Int32Array, factor: Scale): boolean {
    const { variable, scale } = this.#scaled(x, factor);
    const size = sizeOf(variable.shape);
    if (size <= denseLimit) {
      const design = this.#design(variable, size);
      if (!design) return false;
      for (let i = 0; i < this.rows; i++) design[i * size + indices[i]!]! += scale[i]!;
      return true;
    }
    if (this.#terms.has(variable)) return false;
    this.#terms.set(variable, { kind: "picked", variable, indices, coefficients: scale });
    return true;
  }

  /** A variable times the unknown numbers, the same node for the same factors, with its sign among the data. */
  #scaled(x: Node, { rows, by }: Scale): { variable: Node; scale: Float64Array } {
    const ids = by.map((y) => y.id).sort((a, b) => a - b);
    const key = `${x.id} ${ids}`;
    const variable = this.#products.get(key) ?? (by.length > 0 ? mul(x, by.reduce(mul)) : x);
    this.#products.set(key, variable);
    if (variable.op !== arithmeticOps.neg) return { variable, scale: rows };
    return { variable: variable.inputs[0]!, scale: rows.map((s) => -s) };
  }

  #product(x: Node, shape: Shape, factor: Scale): boolean {
    const [a, b] = x.inputs as [Node, Node];
    if (x.shape.length !== 2 || sizeOf(x.shape) !== this.rows || sizeOf(shape) !== this.rows) return false;
    const columns = a.shape[1]!;
    const onLeft = isConstant(a) && b.shape[1] === 1;
    if (!onLeft && !(isConstant(b) && a.shape[0] === 1)) return false;
    const matrix = onLeft ? a : b;
    const { variable, scale } = this.#scaled(onLeft ? b : a, factor);
    const design = this.#design(variable, columns);
    if (!design) return false;
    const values = matrix.value!;
    const [rowStep, columnStep] = onLeft ? [columns, 1] : [1, this.rows];
    let place = 0;
    for (let i = 0; i < this.rows; i++) {
      const s = scale[i]!;
      for (let j = 0, at = i * rowStep; j < columns; j++, at += columnStep) design[place++]! += s * values[at]!;
    }
    return true;
  }

  #design(variable: Node, columns: number): Float64Array | undefined {
    const known = this.#terms.get(variable);
    if (known) return known.kind === "dense" ? known.design : undefined;
    if (this.rows * columns > designLimit) return undefined;
    const design = new Float64Array(this.rows * columns);
    this.#terms.set(variable, { kind: "dense", variable, design });
    return design;
  }
}

/** Most numbers in one design: 40 MB. */
const designLimit = 5e6;

/** Variables of up to this many elements are columns of a design; longer ones are picked from. */
const denseLimit = 16;

/** Visits that a walk may spend on nodes it has seen. */
const revisitLimit = 64;

/** What an expression is multiplied with: data for each row, and different numbers that are not known yet. */
interface Scale {
  readonly rows: Float64Array;
  readonly by: readonly Node[];
}
const times = (scale: Scale, f: (s: number, i: number) => number): Scale => ({ ...scale, rows: scale.rows.map(f) });
const negate = (scale: Scale): Scale => times(scale, (s) => -s);

type Rule = (collector: Collector, x: Node, shape: Shape, scale: Scale) => boolean;
const rules: ReadonlyMap<Op, Rule> = new Map<Op, Rule>([
  [arithmeticOps.add, (c, x, shape, scale) => c.add(x.inputs[0]!, shape, scale) && c.add(x.inputs[1]!, shape, scale)],
  [
    arithmeticOps.sub,
    (c, x, shape, scale) => c.add(x.inputs[0]!, shape, scale) && c.add(x.inputs[1]!, shape, negate(scale)),
  ],
  [arithmeticOps.neg, (c, x, shape, scale) => c.add(x.inputs[0]!, shape, negate(scale))],
  [
    arithmeticOps.mul,
    (c, x, shape, scale) => {
      const [a, b] = x.inputs as [Node, Node];
      const [data, rest] = isConstant(a) ? [a, b] : [b, a];
      if (isConstant(data)) {
        const factor = overRows(data, shape);
        return c.add(
          rest,
          shape,
          times(scale, (s, i) => s * factor[i]!),
        );
      }
      const [number, other] = sizeOf(a.shape) === 1 ? [a, b] : [b, a];
      if (sizeOf(number.shape) !== 1) return false;
      const by = reshape(number, []);
      // Powers of one number, as a recurrence that is written out makes them, are more terms than they save.
      return !scale.by.includes(by) && c.add(other, shape, { ...scale, by: [...scale.by, by] });
    },
  ],
  [broadcast, (c, x, shape, scale) => c.add(x.inputs[0]!, shape, scale)],
]);

/**
 * The affine form of an expression over its elements, or undefined when it has none in parameters much fewer than its elements.
 *
 * @param most - elements that a variable may have of which each row picks one; half the rows unless given
 */
export function affineForm(x: Node, most: number = sizeOf(x.shape) / 2): Affine | undefined {
  const rows = sizeOf(x.shape);
  if (rows < 2 || isConstant(x)) return undefined;
  const collector = new Collector(rows, most);
  if (!collector.add(x, x.shape, { rows: new Float64Array(rows).fill(1), by: [] })) return undefined;
  return { rows, constant: collector.constant, terms: collector.terms };
}
