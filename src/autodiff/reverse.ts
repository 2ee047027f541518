/** Reverse mode: from a graph to the graph of its adjoint. Nothing is executed and there is no tape. */
import type { Node } from "../compiler/graph.ts";
import { withOrigin } from "../compiler/origin.ts";
import { addAll } from "../ops/joins.ts";
import { derivatives } from "../ops/loopDerivatives.ts";

/** Nodes between the outputs and the variables, inputs first. A node older than every variable cannot depend on one. */
export function dependents(outputs: readonly Node[], variables: readonly Node[]): Node[] {
  const oldest = Math.min(...variables.map((v) => v.id));
  const depends = new Map<Node, boolean>(variables.map((v) => [v, true]));
  const found: Node[] = [...variables];
  const pending = [...outputs];
  while (pending.length > 0) {
    const node = pending.at(-1)!;
    if (depends.has(node) || node.id < oldest) {
      pending.pop();
      if (!depends.has(node)) depends.set(node, false);
      continue;
    }
    const open = node.inputs.filter((x) => !depends.has(x) && x.id >= oldest);
    if (open.length > 0) {
      pending.push(...open);
      continue;
    }
    pending.pop();
    const is = node.inputs.some((x) => depends.get(x));
    depends.set(node, is);
    if (is) found.push(node);
  }
  return found.sort((a, b) => a.id - b.id);
}

/**
 * Cotangents of the variables, given those of the outputs; undefined where nothing depends on a variable.
 * @throws Error when an operation on the way has no adjoint, naming it and the line it was made at.
 */
export function pullback(
  outputs: readonly Node[],
  cotangents: readonly Node[],
  variables: readonly Node[],
): (Node | undefined)[] {
  const order = dependents(outputs, variables);
  const active = new Set(order);
  const contributions = new Map<Node, Node[]>();
  const accumulate = (node: Node, cotangent: Node): void => {
    const found = contributions.get(node);
    if (found) found.push(cotangent);
    else contributions.set(node, [cotangent]);
  };
  const adjointOf = (node: Node): Node | undefined => {
    const parts = contributions.get(node);
    return parts && withOrigin(node.origin, () => addAll(parts));
  };
  outputs.forEach((output, i) => {
    if (active.has(output)) accumulate(output, cotangents[i]!);
  });
  const isVariable = new Set(variables);
  for (const node of order.reverse()) {
    const cotangent = isVariable.has(node) ? undefined : adjointOf(node);
    if (!cotangent || node.op.vjp === undefined) {
      if (cotangent) missing(node);
      continue;
    }
    const wanted = node.inputs.map((x) => active.has(x) && x.dtype !== "bool" && x.dtype !== "int32");
    withOrigin(node.origin, () => {
      node.op.vjp!(cotangent, node, wanted).forEach((part, i) => {
        if (part && wanted[i]) accumulate(node.inputs[i]!, part);
      });
    });
  }
  return variables.map(adjointOf);
}

function missing(node: Node): never {
  const at = node.origin?.line ? ` (made at ${node.origin.line})` : "";
  throw new Error(
    `${node.op.name}${at} has no derivative; keep parameters out of it, or wrap its argument in stopGradient.`,
  );
}

derivatives.pullback = pullback;
