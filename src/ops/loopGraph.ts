/** Making closed graphs of traced functions: what does not depend on their own inputs is computed outside and passed in. */

import type { Node } from "../compiler/graph.ts";
import { Body } from "../compiler/loopBody.ts";
import { apply, constant, inputNode, isConstant } from "../compiler/node.ts";
import { withOrigin } from "../compiler/origin.ts";
import { sizeOf } from "../compiler/shapes.ts";
import { topological } from "../compiler/simplify.ts";
import { broadcast, variable } from "./broadcast.ts";

/** Outputs rebuilt over a graph's own inputs and placeholders, and the nodes outside that the placeholders stand for. */
export interface Closed {
  readonly outputs: readonly Node[];
  readonly placeholders: readonly Node[];
  readonly outer: readonly Node[];
}

/**
 * Closes a graph over what it depends on besides `own`. Whatever depends on none of them is computed once, outside:
 * `bound` says what the placeholders of graphs that it was made from stand for there.
 */
export function closeGraph(outputs: readonly Node[], own: readonly Node[], bound: ReadonlyMap<Node, Node>): Closed {
  const depends = dependence(outputs, own, bound);
  const outside = new Map<Node, Node>(bound);
  const oldest = oldestOf(own, bound);
  const placeholders = new Map<Node, Node>();
  const sharedOutside = new Map<string, Node>();
  const placeholder = (node: Node): Node => {
    const outer = rebuild(node, outside, oldest, sharedOutside);
    if (isConstant(outer)) return outer;
    const known = placeholders.get(outer);
    if (known) return known;
    const made = withOrigin(node.origin, () => inputNode(outer.shape, outer.dtype, "closure"));
    placeholders.set(outer, made);
    return made;
  };
  const inside = new Map<Node, Node>(own.map((x) => [x, x]));
  const shared = new Map<string, Node>();
  const visit = (node: Node): Node => {
    const moved = inside.get(node);
    if (moved) return moved;
    let result: Node;
    if (isConstant(node)) result = node;
    else if (!depends.get(node)) {
      // Stretching is free inside of the graph, and a stretched array is not outside.
      const stretched = node.op === broadcast && sizeOf(node.inputs[0]!.shape) < sizeOf(node.shape);
      result = stretched ? apply(broadcast, [visit(node.inputs[0]!)], node.attrs) : placeholder(node);
    } else if (node.op === variable) result = visit(node.inputs[0]!);
    else result = once(shared, node, node.inputs.map(visit));
    inside.set(node, result);
    return result;
  };
  // Inputs first, so that the recursion is never deep.
  for (const [node, is] of depends) if (is) visit(node);
  return { outputs: outputs.map(visit), placeholders: [...placeholders.values()], outer: [...placeholders.keys()] };
}

/**
 * Closes the graphs of branches: what was made after `mark` is inside, and runs when its branch is taken; what is older is passed
 * in. All have the same inputs.
 */
export function closeBranches(
  graphs: readonly (readonly Node[])[],
  mark: number,
): { readonly bodies: readonly Body[]; readonly outer: readonly Node[] } {
  const placeholders = new Map<Node, Node>();
  const close = (outputs: readonly Node[]): Node[] => {
    const shared = new Map<string, Node>();
    const inside = new Map<Node, Node>();
    for (const node of younger(outputs, mark)) {
      let result = node;
      if (!isConstant(node) && node.id <= mark) {
        result = placeholders.get(node) ?? withOrigin(node.origin, () => inputNode(node.shape, node.dtype, "closure"));
        placeholders.set(node, result);
      } else if (!isConstant(node)) {
        const inputs = node.inputs.map((x) => inside.get(x)!);
        result = node.op === variable ? inputs[0]! : once(shared, node, inputs);
      }
      inside.set(node, result);
    }
    return outputs.map((node) => inside.get(node)!);
  };
  const closed = graphs.map(close);
  const inputs = [...placeholders.values()];
  return { bodies: closed.map((outputs) => new Body(inputs, outputs)), outer: [...placeholders.keys()] };
}

/** Nodes made after `mark` that the outputs depend on, and the older ones that these read; inputs first. */
const younger = (outputs: readonly Node[], mark: number): Node[] =>
  topological(outputs, (node) => node.id > mark && !isConstant(node));

/** What is older than every input of the graph lies outside. */
const oldestOf = (own: readonly Node[], bound: ReadonlyMap<Node, Node>): number =>
  Math.min(...own.map((x) => x.id), ...[...bound.keys()].map((x) => x.id));

/** For every node between the outputs and `own` or what is outside: whether it depends on one of `own`. */
function dependence(
  outputs: readonly Node[],
  own: readonly Node[],
  bound: ReadonlyMap<Node, Node>,
): Map<Node, boolean> {
  const mine = new Set(own);
  const oldest = oldestOf(own, bound);
  const inside = topological(
    outputs,
    (node) => !mine.has(node) && !bound.has(node) && node.id > oldest && !isConstant(node),
  );
  const depends = new Map<Node, boolean>();
  for (const node of inside) {
    depends.set(node, mine.has(node) || (!bound.has(node) && node.inputs.some((x) => depends.get(x) === true)));
  }
  return depends;
}

/**
 * A node with others in place of some that it depends on. None of the replaced is older than `oldest`; `moved` learns what was
 * rebuilt, `shared` holds the nodes that equal ones become.
 */
export function rebuild(node: Node, moved: Map<Node, Node>, oldest: number, shared: Map<string, Node>): Node {
  const known = moved.get(node);
  if (known) return known;
  if (node.id < oldest || isConstant(node) || node.inputs.length === 0) return node;
  const result = once(
    shared,
    node,
    node.inputs.map((x) => rebuild(x, moved, oldest, shared)),
  );
  moved.set(node, result);
  return result;
}

/** An operation on rebuilt inputs; equal ones are made once. */
function once(shared: Map<string, Node>, node: Node, inputs: readonly Node[]): Node {
  const key = `${node.op.name} ${inputs.map(identity)} ${JSON.stringify(node.attrs)}`;
  const known = shared.get(key);
  if (known) return known;
  const same = inputs.every((x, i) => x === node.inputs[i]);
  const made = same ? node : withOrigin(node.origin, () => apply(node.op, inputs, node.attrs));
  shared.set(key, made);
  return made;
}
const identity = (x: Node): string =>
  x.op === constant && x.value!.length === 1
    ? `${x.dtype}[${x.shape}]${Object.is(x.value![0], -0) ? "-0" : x.value![0]}`
    : String(x.id);
