/** Forms of expressions: two nodes have one template when they differ in constants, inputs and positions alone. */
import type { Node, Op } from "../compiler/graph.ts";
import { isConstant } from "../compiler/node.ts";
import { elementOf, isSlice, sliceAttrs } from "./rerollElements.ts";

/** A tensor from which this many numbers are read one by one is looked up in; of fewer, each is an expression of its own. */
const lookups = 8;

export class Templates {
  readonly #ids: Map<string, number> = new Map();
  readonly #ofNode: Map<Node, number> = new Map();
  readonly #ops: Map<Op, number> = new Map();
  readonly #readers: Map<Node, number> = new Map();

  /** Notes that a node reads from a larger tensor. */
  count(x: Node): void {
    const base = baseOf(x);
    if (base) this.#readers.set(base, (this.#readers.get(base) ?? 0) + 1);
  }

  /** A number that is the same for nodes of one form. */
  of(x: Node): number {
    const known = this.#ofNode.get(x);
    if (known !== undefined) return known;
    const key = this.#key(x);
    let id = this.#ids.get(key);
    if (id === undefined) {
      id = this.#ids.size;
      this.#ids.set(key, id);
    }
    this.#ofNode.set(x, id);
    return id;
  }

  #key(x: Node): string {
    if (isConstant(x)) return `constant ${x.dtype} ${x.shape}`;
    if (x.op.lowering.kind === "input") return `input ${x.dtype} ${x.shape}`;
    const base = baseOf(x);
    if (base && this.#readers.get(base)! >= lookups) {
      const { steps, starts } = sliceAttrs(x);
      return elementOf(x) ? `element ${base.id} ${x.shape}` : `slice ${base.id} ${x.shape} ${steps} ${starts.slice(1)}`;
    }
    let key = `${this.#op(x.op)}`;
    for (const operand of x.inputs) key += `,${this.of(operand)}`;
    for (const name in x.attrs) key += ` ${JSON.stringify(x.attrs[name])}`;
    return key;
  }

  #op(op: Op): number {
    let id = this.#ops.get(op);
    if (id === undefined) {
      id = this.#ops.size;
      this.#ops.set(op, id);
    }
    return id;
  }
}

/** The tensor that a node reads one number, or one row, from. */
const baseOf = (x: Node): Node | undefined =>
  elementOf(x)?.base ?? (isSlice(x) && x.shape[0] === 1 ? x.inputs[0] : undefined);
