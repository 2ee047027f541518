/** The interpreter: the same graph with the reference evaluators. Oracle and fallback. */
import type { Node, TypedArray } from "./graph.ts";
import { topological } from "./simplify.ts";

/** Evaluates the outputs for the given input values. */
export function interpret(
  outputs: readonly Node[],
  inputs: readonly Node[],
  values: readonly TypedArray[],
): TypedArray[] {
  const known = new Map<Node, TypedArray>(inputs.map((x, i) => [x, values[i]!]));
  for (const node of topological(outputs)) {
    if (known.has(node)) continue;
    const constant =
      node.op.lowering.kind === "input" || node.inputs.length === 0 || !node.inputs.some((x) => known.has(x))
        ? node.value
        : undefined;
    const value =
      constant ??
      node.op.evaluate(
        node.inputs.map((x) => ({ shape: x.shape, dtype: x.dtype, data: known.get(x)! })),
        node.attrs,
        node,
      );
    known.set(node, value);
  }
  return outputs.map((node) => known.get(node)!);
}
