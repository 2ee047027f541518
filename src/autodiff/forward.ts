/** Forward mode: from a graph to the graph of its tangent. */
import type { Node } from "../compiler/graph.ts";
import { withOrigin } from "../compiler/origin.ts";
import { derivatives } from "../ops/loopDerivatives.ts";
import { dependents } from "./reverse.ts";

/** Tangents of the outputs, given those of the variables; undefined where an output does not depend on any. */
export function pushforward(
  outputs: readonly Node[],
  variables: readonly Node[],
  tangents: readonly Node[],
): (Node | undefined)[] {
  const moved = new Map<Node, Node>(variables.map((v, i) => [v, tangents[i]!]));
  for (const node of dependents(outputs, variables)) {
    // Integers and truth values do not move with the variables.
    if (moved.has(node) || !node.op.jvp || node.dtype === "int32" || node.dtype === "bool") continue;
    const inputs = node.inputs.map((x) => moved.get(x));
    if (inputs.every((t) => t === undefined)) continue;
    moved.set(
      node,
      withOrigin(node.origin, () => node.op.jvp!(inputs, node)),
    );
  }
  return outputs.map((output) => moved.get(output));
}

derivatives.pushforward = pushforward;
