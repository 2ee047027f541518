/** Forms of expressions: two nodes have one template when they differ in constants, inputs and positions alone. */
import type { Attrs, Node, Op } from "../compiler/graph.ts";
import { constant, isConstant } from "../compiler/node.ts";
import { elementOf, isSlice, sliceAttrs } from "./rerollElements.ts";
import { isSum } from "./rollable.ts";

/** A tensor from which this many numbers are read one by one is looked up in; of fewer, each is an expression of its own. */
const lookups = 8;

/** Numbers for what is equal: pairs of numbers and strings become one number each. */
class Numbering {
  readonly #pairs: Map<number, number> = new Map();
  readonly #texts: Map<string, number> = new Map();
  #next = 0;

  /** For numbers below 2²⁶. */
  pair(a: number, b: number): number {
    const key = a * 0x4000000 + b;
    let id = this.#pairs.get(key);
    if (id === undefined) {
      id = this.#next++;
      this.#pairs.set(key, id);
    }
    return id;
  }

  text(key: string): number {
    let id = this.#texts.get(key);
    if (id === undefined) {
      id = this.#next++;
      this.#texts.set(key, id);
    }
    return id;
  }
}

/** Nodes may be nested this deep. */
const deepest = 400;

export class Templates {
  readonly #numbers: Numbering = new Numbering();
  readonly #ofNode: Map<number, number> = new Map();
  readonly #ops: Map<Op, number> = new Map();
  readonly #readers: Map<Node, number> = new Map();
  readonly #areCounted: boolean;
  readonly #isOpaque: (x: Node) => boolean;
  readonly #operands: Set<number> = new Set();
  #isSimple = true;
  #depth = 0;
  /** Those of numbers, by far the most frequent leaves. */
  readonly #number: number = this.#numbers.text("constant float64 ");

  /**
   * @param areCounted - whether `count` has seen the nodes before their templates are asked for. If not, every tensor that is
   *   read from counts as looked up in, and `isSimple` says whether that was right.
   * @param isOpaque - which nodes are not looked into, beside inputs
   */
  constructor(areCounted: boolean, isOpaque: (x: Node) => boolean = () => false) {
    this.#areCounted = areCounted;
    this.#isOpaque = isOpaque;
  }

  /** Notes that a node reads from a larger tensor. */
  count(x: Node): void {
    const base = baseOf(x);
    if (base) this.#countReader(base);
  }
  #countReader(base: Node, times = 1): void {
    this.#readers.set(base, (this.#readers.get(base) ?? 0) + times);
  }
  /** Notes that a node has become another one, which will be read instead. */
  replace(before: Node, after: Node): void {
    const times = this.#readers.get(before);
    if (times !== undefined) this.#countReader(after, times);
  }

  /** Whether the nodes seen hold no sums of many terms, no joined pieces, no tensors with few readers, and are not nested deeply. */
  get isSimple(): boolean {
    return this.#isSimple && [...this.#readers.values()].every((n) => n >= lookups);
  }

  /** The sums among the nodes seen that something else than a sum uses, by id. */
  get usedSums(): ReadonlySet<number> {
    return this.#operands;
  }

  /** A number that is the same for nodes of one form. */
  of(x: Node): number {
    if (x.op === constant && x.shape.length === 0 && x.dtype === "float64") return this.#number;
    const known = this.#ofNode.get(x.id);
    if (known !== undefined) return known;
    this.#depth++;
    const id = this.#find(x);
    this.#depth--;
    this.#ofNode.set(x.id, id);
    return id;
  }

  #find(x: Node): number {
    if (isConstant(x)) return this.#numbers.text(`constant ${x.dtype} ${x.shape}`);
    const { kind } = x.op.lowering;
    if (kind === "input" || this.#isOpaque(x)) return this.#numbers.text(`input ${x.dtype} ${x.shape}`);
    const base = baseOf(x);
    if (base && !this.#areCounted) this.#countReader(base);
    if (base && (!this.#areCounted || this.#readers.get(base)! >= lookups)) {
      this.of(base);
      if (elementOf(x)) return this.#numbers.text(`element ${base.id} ${x.shape}`);
      const { steps, starts } = sliceAttrs(x);
      return this.#numbers.text(`slice ${base.id} ${x.shape} ${steps} ${starts.slice(1)}`);
    }
    if (!this.#areCounted && (kind === "concat" || this.#depth > deepest || isLongSum(x))) {
      this.#isSimple = false;
      if (this.#depth > deepest) return this.#number;
    }
    let id = this.#operation(x.op, x.attrs);
    const adds = isSum(x);
    for (let k = 0; k < x.inputs.length; k++) {
      const operand = x.inputs[k]!;
      id = this.#numbers.pair(id, this.of(operand));
      if (!adds && isSum(operand)) this.#operands.add(operand.id);
    }
    return id;
  }

  #operation(op: Op, attrs: Attrs): number {
    let id = this.#ops.get(op);
    if (id === undefined) {
      id = this.#numbers.text(`operation ${this.#ops.size}`);
      this.#ops.set(op, id);
    }
    for (const name in attrs) id = this.#numbers.pair(id, this.#numbers.text(JSON.stringify(attrs[name])));
    return id;
  }
}

/** More additions on top of each other than a row has that is written out. */
function isLongSum(x: Node): boolean {
  let node = x;
  for (let n = 0; n < lookups; n++) {
    if (!isSum(node)) return false;
    node = node.inputs.find(isSum) ?? node.inputs[0]!;
  }
  return true;
}

/** The tensor that a node reads one number, or one row, from. */
const baseOf = (x: Node): Node | undefined =>
  elementOf(x)?.base ?? (isSlice(x) && x.shape[0] === 1 ? x.inputs[0] : undefined);
