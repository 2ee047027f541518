/** Replacing loops by what gives the same stretches of their flat results. */

import type { Node } from "../compiler/graph.ts";
import { layoutOf, loopAttrs, type Segment } from "../compiler/loop.ts";
import { apply, isConstant } from "../compiler/node.ts";
import { withOrigin } from "../compiler/origin.ts";
import { topological } from "../compiler/simplify.ts";
import { concat } from "./joins.ts";
import { reshape, slice } from "./shape.ts";

/** The segments of a loop's flat result, each in its own shape. */
export interface LoopPieces {
  readonly finals: readonly (() => Node)[];
  readonly results: readonly (() => Node)[];
  readonly records: readonly (() => Node)[];
}

/** The piece of a record that nobody reads. */
export const unread = (): never => {
  throw new Error("compiler: a record that nobody reads was read");
};

/**
 * The outputs with loops replaced: `replace` gives the pieces of a loop over new inputs, or undefined to keep it. Stretches that lie in
 * one piece read that piece alone.
 */
export function replaceLoops(
  outputs: readonly Node[],
  replace: (node: Node, inputs: readonly Node[]) => LoopPieces | undefined,
): readonly Node[] {
  const moved = new Map<Node, Node>();
  const pieces = new Map<Node, Flat>();
  const visit = (node: Node): Node => {
    if (isConstant(node)) return node;
    const [source] = node.inputs;
    const flat = source && pieces.get(source);
    if (flat && node.op.name === "slice") {
      const stretch = flat.stretch((node.attrs.starts as readonly number[])[0]!, node.shape[0]!);
      if (stretch && (node.attrs.steps as readonly number[])[0] === 1) return stretch;
    }
    const inputs = node.inputs.map((x) => moved.get(x) ?? whole(x));
    if (node.op.lowering.kind === "loop") {
      const made = withOrigin(node.origin, () => replace(node, inputs));
      if (made) {
        pieces.set(node, new Flat(node, made));
        return node;
      }
    }
    return inputs.every((x, i) => x === node.inputs[i])
      ? node
      : withOrigin(node.origin, () => apply(node.op, inputs, node.attrs));
  };
  const whole = (x: Node): Node => {
    const joined = pieces.get(x)!.whole();
    moved.set(x, joined);
    return joined;
  };
  for (const node of topological(outputs)) {
    const made = visit(node);
    if (!pieces.has(node)) moved.set(node, made);
  }
  return outputs.map((x) => moved.get(x) ?? whole(x));
}

class Flat {
  readonly #segments: readonly (Segment & { readonly piece: () => Node })[];

  constructor(node: Node, { finals, results, records }: LoopPieces) {
    const layout = layoutOf(loopAttrs(node.attrs));
    const made = [...finals, ...results, ...records];
    this.#segments = [...layout.finals, ...layout.results, ...layout.records].flatMap((s, i) =>
      s.size === 0 ? [] : [{ ...s, piece: () => reshape(made[i]!(), [s.size]) }],
    );
  }
  stretch(start: number, size: number): Node | undefined {
    const found = this.#segments.find((s) => s.start <= start && start + size <= s.start + s.size);
    return found && slice(found.piece(), [start - found.start], [start - found.start + size]);
  }
  whole(): Node {
    return concat(
      this.#segments.map((s) => s.piece()),
      0,
    );
  }
}
