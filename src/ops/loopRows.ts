/** What the steps of a loop compute each for itself, computed for all of them at once. */
import type { Node } from "../compiler/graph.ts";
import { apply, isConstant } from "../compiler/node.ts";
import { withOrigin } from "../compiler/origin.ts";
import { broadcastTo } from "./map.ts";
import { liftOperation, type Rolled } from "./rerollLift.ts";

/** Nodes of a body over all steps: rows become the tensors they are rows of. */
export class StepRows {
  readonly #known: Map<Node, Rolled | undefined>;
  readonly #length: number;

  /**
   * @param given - what the inputs of the body are outside of it: stacked rows, and tensors that all steps share
   */
  constructor(length: number, given: ReadonlyMap<Node, Rolled>) {
    this.#length = length;
    this.#known = new Map(given);
  }

  /** A node of the body with the steps along a first axis, or one for all steps; undefined where it depends on what is carried. */
  of(node: Node): Rolled | undefined {
    if (!this.#known.has(node)) this.#known.set(node, this.#build(node));
    return this.#known.get(node);
  }
  /** The same with the steps along a first axis in any case. */
  stacked(node: Node): Node | undefined {
    const found = this.of(node);
    return found && (found.isStacked ? found.node : broadcastTo(found.node, [this.#length, ...found.node.shape]));
  }

  #build(node: Node): Rolled | undefined {
    if (isConstant(node)) return { node, isStacked: false };
    if (node.inputs.length === 0) return undefined;
    const operands: Rolled[] = [];
    for (const x of node.inputs) {
      const operand = this.of(x);
      if (!operand) return undefined;
      operands.push(operand);
    }
    return withOrigin(node.origin, () => {
      const isStacked = operands.some((x) => x.isStacked);
      const whole = operands.map((x) => x.node);
      const made = isStacked ? liftOperation(node, operands, this.#length) : apply(node.op, whole, node.attrs);
      return made && { node: made, isStacked };
    });
  }
}
