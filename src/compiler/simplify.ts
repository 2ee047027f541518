/** From the nodes a user's trace made to the ones a program needs: reachable, folded, each computed once. */
import type { Attrs, Find, Node, Op } from "./graph.ts";
import { apply, isConstant } from "./node.ts";
import { withOrigin } from "./origin.ts";

/** The history of a constant is of no interest. */
const hasHistory = (node: Node): boolean => !isConstant(node);

/** Nodes reachable from the outputs, inputs first; `opens` says whether to go on to the inputs of a node. */
export function topological(outputs: readonly Node[], opens: (node: Node) => boolean = hasHistory): Node[] {
  const seen = new Set<Node>();
  const pending = [...outputs];
  while (pending.length > 0) {
    const node = pending.pop()!;
    if (seen.has(node)) continue;
    seen.add(node);
    if (opens(node)) pending.push(...node.inputs);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}

const nodeKey = (op: Op, inputs: readonly Node[], attrs: Attrs): string =>
  `${op.name} ${inputs.map((x) => x.id)} ${attrsKey(attrs)}`;
function attrsKey(attrs: Attrs): string {
  for (const _name in attrs) return JSON.stringify(attrs);
  return "";
}
const constantKey = (node: Node): string | undefined =>
  node.value !== undefined && node.op.name === "constant" && node.value.length <= 8
    ? `${node.dtype}[${node.shape}]${Array.from(node.value, (x) => (Object.is(x, -0) ? "-0" : x))}`
    : undefined;

/**
 * Rebuilds a graph bottom-up through the records' own algebra: variables of derivatives that are complete disappear, what
 * became constant is folded, equal expressions become one node (common subexpressions), dead ones are left behind.
 *
 * @throws Error when an output depends on a variable that is not among the inputs, naming where it was made.
 */
export function simplify(outputs: readonly Node[], inputs: readonly Node[]): Node[] {
  const own = new Set(inputs);
  const known = new Map<string, Node>();
  const moved = new Map<Node, Node>();
  const shared = (key: string | undefined, make: () => Node): Node => {
    const found = key === undefined ? undefined : known.get(key);
    if (found) return found;
    const node = make();
    if (key !== undefined) known.set(key, node);
    return node;
  };
  const find: Find = (op, args) => known.get(nodeKey(op, args, {}));
  for (const node of topological(outputs)) {
    const { kind } = node.op.lowering;
    if (own.has(node)) moved.set(node, node);
    else if (kind === "input") escaped(node);
    else if (isConstant(node))
      moved.set(
        node,
        shared(constantKey(node), () => node),
      );
    else if (kind === "identity") moved.set(node, moved.get(node.inputs[0]!)!);
    else {
      const args = node.inputs.map((x) => moved.get(x)!);
      moved.set(
        node,
        shared(nodeKey(node.op, args, node.attrs), () =>
          withOrigin(node.origin, () => lowered(apply(node.op, args, node.attrs), find)),
        ),
      );
    }
  }
  return outputs.map((node) => moved.get(node)!);
}

const lowered = (node: Node, find: Find): Node => node.op.lower?.(node.inputs, node.attrs, node, find) ?? node;

function escaped(node: Node): never {
  const where = node.origin?.line ? ` made at ${node.origin.line}` : "";
  throw new Error(
    `The result depends on the variable ${String(node.attrs.name)}${where}, which is not an argument of the function being compiled. ` +
      "A traced tensor was kept from another call; pass it in as an argument.",
  );
}
