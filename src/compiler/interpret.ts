/** The interpreter: the same graph with the reference evaluators. Oracle, fallback and debugger. */
import type { Node, TypedArray } from "./graph.ts";
import { formatShape } from "./shapes.ts";
import { topological } from "./simplify.ts";

export interface InterpretOptions {
  /** Stop at the first value that is NaN or infinite, and say which operation and line made it. */
  readonly debugNans?: boolean;
}

/** Evaluates the outputs for the given input values. */
export function interpret(
  outputs: readonly Node[],
  inputs: readonly Node[],
  values: readonly TypedArray[],
  options: InterpretOptions = {},
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
    if (options.debugNans && constant === undefined) checkFinite(node, value);
    known.set(node, value);
  }
  return outputs.map((node) => known.get(node)!);
}

function checkFinite(node: Node, value: TypedArray): void {
  const at = value.findIndex((x) => !Number.isFinite(x));
  if (at < 0) return;
  throw new RangeError(
    `${node.op.name} gave ${value[at]} at element ${at} of shape ${formatShape(node.shape)}` +
      (node.origin?.line ? `, written at ${node.origin.line}` : "") +
      ". Look at its arguments there: a logarithm or square root of a number that is not positive, a division by zero, an overflow.",
  );
}
