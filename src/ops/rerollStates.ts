/**
 * States: what the rows of a recurrence hand on. Every state is an expression in the one before, and stays as it is; what a row
 * computes from its state alone, such as the density of its data, is rolled over the states side by side.
 */
import type { Node } from "../compiler/graph.ts";
import { isConstant } from "../compiler/node.ts";

/** A node and the row it is a term of. */
interface Owned {
  readonly node: Node;
  readonly row: number;
}

/** Numbers that several rows depend on, inputs left out. */
export function sharedStates(terms: readonly Owned[]): Set<Node> {
  const owners = new Map<number, number>();
  const shared = new Set<Node>();
  for (const { node, row } of terms) {
    const pending = [node];
    while (pending.length > 0) {
      const x = pending.pop()!;
      if (isConstant(x) || x.op.lowering.kind === "input") continue;
      const owner = owners.get(x.id);
      if (owner === undefined) {
        owners.set(x.id, row);
        pending.push(...x.inputs);
      } else if (owner !== row && x.shape.length === 0 && x.dtype === "float64") shared.add(x);
    }
  }
  return shared;
}
