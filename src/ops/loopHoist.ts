/**
 * What a step computes from its rows alone, and not from what is carried, computed for all rows before the loop: elementary
 * functions in pairs over a long array instead of one by one on the way, products with a matrix as one product.
 */
import { isCostly } from "../compiler/costly.ts";
import type { Node } from "../compiler/graph.ts";
import { inputNode, isConstant } from "../compiler/node.ts";
import { withOrigin } from "../compiler/origin.ts";
import { passes } from "../compiler/passes.ts";
import { sizeOf } from "../compiler/shapes.ts";
import { topological } from "../compiler/simplify.ts";
import { rebuild } from "./loopGraph.ts";
import { StepRows } from "./loopRows.ts";
import type { Rolled } from "./rerollLift.ts";

/** A tensor of which every step reads its own row. */
export interface Rows {
  readonly stacked: Node;
  readonly input: Node;
}
export interface Steps {
  readonly outputs: readonly Node[];
  readonly rows: readonly Rows[];
}

/** Multiply-adds of a row's product from which it is worth an array; smaller ones are done in registers on the way. */
const largeProduct = 64;
/** Results may be this much larger than the rows they come from, or this large. */
const widening = 2;
const small = 16;

/** Equal steps of a loop of which the rows' own work is done outside; `outer` says what else the body reads is there. */
export function hoistRows({ outputs, rows }: Steps, outer: ReadonlyMap<Node, Node>, length: number): Steps {
  if (!passes().hoistRows || rows.length === 0) return { outputs, rows };
  const found = candidates(outputs, rows, outer);
  if (found.length === 0) return { outputs, rows };
  const steps = new StepRows(
    length,
    new Map<Node, Rolled>([
      ...rows.map(({ input, stacked }) => [input, { node: stacked, isStacked: true }] as [Node, Rolled]),
      ...[...outer].map(([input, node]) => [input, { node, isStacked: false }] as [Node, Rolled]),
    ]),
  );
  const moved = new Map<Node, Node>();
  const made: Rows[] = [];
  for (const node of found) {
    const stacked = steps.stacked(node);
    if (!stacked) continue;
    const input = withOrigin(node.origin, () => inputNode(node.shape, node.dtype, "row"));
    moved.set(node, input);
    made.push({ stacked, input });
  }
  const shared = new Map<string, Node>();
  return { outputs: outputs.map((x) => rebuild(x, moved, 0, shared)), rows: [...rows, ...made] };
}

/** Nodes that depend on rows alone, hold heavy work, and are used by what depends on more. */
function candidates(outputs: readonly Node[], rows: readonly Rows[], outer: ReadonlyMap<Node, Node>): Node[] {
  const inputs = new Set(rows.map((r) => r.input));
  /** Numbers of the rows that a node reads; undefined where it reads what is carried. */
  const reads = new Map<Node, ReadonlySet<Node> | undefined>();
  const isHeavy = new Set<Node>();
  /** What takes a small product: over all rows it would be a batch of products, slower than what it is taken from. */
  const isSmall = new Set<Node>();
  const users = new Map<Node, boolean>();
  for (const node of topological(outputs)) {
    const own = node.inputs.map((x) => reads.get(x));
    const isOwn = !isConstant(node) && node.inputs.length > 0;
    const carried = isOwn ? own.includes(undefined) : !(isConstant(node) || inputs.has(node) || outer.has(node));
    reads.set(node, carried ? undefined : new Set(inputs.has(node) ? [node] : own.flatMap((x) => [...(x ?? [])])));
    if (!isOwn) continue;
    if (carried) for (const x of node.inputs) users.set(x, true);
    else if (isSmallProduct(node) || node.inputs.some((x) => isSmall.has(x))) isSmall.add(node);
    else if (isWork(node) || node.inputs.some((x) => isHeavy.has(x))) isHeavy.add(node);
  }
  for (const x of outputs) users.set(x, true);
  const chosen = new Set<Node>();
  for (const node of users.keys()) {
    let source = node;
    // What only moves numbers about may stay.
    while (isHeavy.has(source) && ["view", "reshape", "identity"].includes(source.op.lowering.kind))
      [source] = source.inputs as [Node];
    const from = reads.get(source);
    if (!from || from.size === 0 || !isHeavy.has(source) || !source.dtype.startsWith("float")) continue;
    const room = [...from].reduce((n, x) => n + sizeOf(x.shape), 0);
    if (sizeOf(source.shape) <= Math.max(widening * room, small)) chosen.add(source);
  }
  return [...chosen];
}

const isWork = (node: Node): boolean => node.op.lowering.kind === "matmul" || isCostly(node);

function isSmallProduct({ op, shape, inputs }: Node): boolean {
  return op.lowering.kind === "matmul" && sizeOf(shape) * inputs[0]!.shape.at(-1)! < largeProduct;
}
