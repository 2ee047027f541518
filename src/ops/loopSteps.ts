/** Expressions of a loop's body for all of its steps at once: maps over stacked rows in place of work in every step. */
import type { Node, Shape } from "../compiler/graph.ts";
import { apply, isConstant } from "../compiler/node.ts";
import { withOrigin } from "../compiler/origin.ts";
import { broadcast } from "./broadcast.ts";
import { applyMap, broadcastTo } from "./map.ts";
import { sum } from "./reduce.ts";
import { reshape } from "./shape.ts";

/** A value outside of a loop for one of its body: the same at every step, or stacked along a first axis. */
export interface Outer {
  readonly node: Node;
  readonly stacked: boolean;
}

/** Puts dimensions of 1 behind the steps, so that a stacked operand lines up with operands of `rank` dimensions. */
function lined({ node, stacked }: Outer, rank: number): Node {
  const [length, ...shape] = node.shape;
  if (!stacked || shape.length === rank) return node;
  return reshape(node, [length!, ...new Array<number>(rank - shape.length).fill(1), ...shape]);
}

export class Steps {
  readonly #length: number;
  /** What is known outside, undefined for what is not; grows with what is asked for. */
  readonly #known: Map<Node, Outer | undefined>;

  constructor(length: number, known: ReadonlyMap<Node, Outer>) {
    this.#length = length;
    this.#known = new Map(known);
  }

  /** Says what a value of the body is outside. What was found before to be unknown may be found now. */
  learn(x: Node, outer: Outer): void {
    for (const [node, is] of this.#known) if (is === undefined) this.#known.delete(node);
    this.#known.set(x, outer);
  }

  /** The value outside; undefined when it depends on what is not known there, or is no map, view or sum. */
  of(x: Node): Outer | undefined {
    if (this.#known.has(x)) return this.#known.get(x);
    const outer = isConstant(x) ? { node: x, stacked: false } : this.#make(x);
    this.#known.set(x, outer);
    return outer;
  }
  /** Stacked, whether or not steps differ. */
  stacked(x: Node): Node | undefined {
    const outer = this.of(x);
    return outer && (outer.stacked ? outer.node : broadcastTo(outer.node, [this.#length, ...x.shape]));
  }

  #make(x: Node): Outer | undefined {
    if (x.inputs.length === 0) return undefined;
    const inputs: Outer[] = [];
    for (const input of x.inputs) {
      const outer = this.of(input);
      if (!outer) return undefined;
      inputs.push(outer);
    }
    return withOrigin(x.origin, () => {
      if (!inputs.some((i) => i.stacked)) {
        const node = apply(
          x.op,
          inputs.map((i) => i.node),
          x.attrs,
        );
        return { node, stacked: false };
      }
      const node = this.#applied(x, inputs);
      return node && { node, stacked: true };
    });
  }

  #applied(x: Node, inputs: readonly Outer[]): Node | undefined {
    const { lowering } = x.op;
    const shape: Shape = [this.#length, ...x.shape];
    const [first] = inputs as [Outer];
    if (lowering.kind === "map") {
      const operands = inputs.map((i) => lined(i, x.shape.length));
      const made = Object.keys(x.attrs).length === 0 ? applyMap(x.op, ...operands) : apply(x.op, operands, x.attrs);
      return broadcastTo(made, shape);
    }
    if (x.op === broadcast) return broadcastTo(lined(first, x.shape.length), shape);
    if (lowering.kind === "reshape") return reshape(first.node, shape);
    if (x.op.name === "sum")
      return sum(
        first.node,
        (x.attrs.axes as readonly number[]).map((d) => d + 1),
      );
    if (x.op.name !== "slice") return undefined;
    const { starts, steps } = x.attrs as { starts: readonly number[]; steps: readonly number[] };
    return apply(x.op, [first.node], { starts: [0, ...starts], steps: [1, ...steps], shape });
  }
}
