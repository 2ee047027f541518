/**
 * From log space to probability space: scans whose carry is a vector of log weights that every step makes log Σ exp of, and
 * of whose last carry log Σ exp is taken, as in the forward algorithm of hidden Markov models, become one log partition
 * function (`logPartition.ts`), whose program has no exponentials and logarithms in its loop.
 */
import type { Node } from "../compiler/graph.ts";
import { type LoopAttrs, loopAttrs } from "../compiler/loop.ts";
import { apply, isConstant, scalar } from "../compiler/node.ts";
import { withOrigin } from "../compiler/origin.ts";
import { passes } from "../compiler/passes.ts";
import { sizeOf } from "../compiler/shapes.ts";
import { topological } from "../compiler/simplify.ts";
import { add } from "./arithmetic.ts";
import { concat } from "./joins.ts";
import { logLinear } from "./logLinear.ts";
import { logPartition } from "./logPartition.ts";
import { asLogSumExp } from "./logSumExp.ts";
import { loop } from "./loop.ts";
import { StepRows } from "./loopRows.ts";
import { broadcastTo } from "./map.ts";
import type { Rolled } from "./rerollLift.ts";
import { flip, pad, reshape, transpose } from "./shape.ts";

/** Equal outputs in which recurrences of log weights are log partition functions; the outputs themselves where there are none. */
export function probabilitySpace(outputs: readonly Node[]): Node[] {
  if (!passes().probabilitySpace) return [...outputs];
  const order = topological(outputs);
  if (!order.some((x) => x.op === loop)) return [...outputs];
  const moved = new Map<Node, Node>();
  const replaced = new Set<Node>();
  for (const node of order) {
    const last = lastCarry(node);
    const total = last && partitionOf(node, last);
    if (total) replaced.add(last.inputs[0]!);
    const inputs = isConstant(node) ? node.inputs : node.inputs.map((x) => moved.get(x)!);
    const same = inputs.every((x, i) => x === node.inputs[i]);
    moved.set(node, total ?? (same ? node : withOrigin(node.origin, () => apply(node.op, inputs, node.attrs))));
  }
  if (replaced.size === 0) return [...outputs];
  const result = outputs.map((x) => moved.get(x)!);
  // A recurrence that is needed as it is would only be computed twice.
  const isNeeded = topological(result).some((x) => replaced.has(x));
  return isNeeded ? [...outputs] : result;
}

/** The last carry of a loop, if a node is log Σ exp of an expression of one: a stretch of the flat result. */
function lastCarry(node: Node): Node | undefined {
  let next: Node | undefined = asLogSumExp(node)?.x;
  while (next && next.op !== loop) {
    const [a, b] = next.inputs as [Node | undefined, Node | undefined];
    if (next.op.name === "slice" && a!.op === loop) return isLogWeights(next, a!) ? next : undefined;
    const isSum = next.op.name === "add" || next.op.name === "sub";
    next = isSum && !leadsToLoop(a!) ? b : a;
  }
  return undefined;
}
/** Whether the first inputs lead to a loop by way of sums and views. */
function leadsToLoop(x: Node): boolean {
  let next: Node | undefined = x;
  while (
    next &&
    next.op !== loop &&
    ["add", "sub", "slice", "reshape", "broadcast", "transpose"].includes(next.op.name)
  )
    [next] = next.inputs;
  return next?.op === loop;
}

/** Loops of a fixed number of steps that carry one vector of which the slice is the last. */
function isLogWeights(last: Node, { attrs }: Node): boolean {
  const { trips, carries, body } = loopAttrs(attrs);
  const whole = (last.attrs.starts as readonly number[])[0] === 0 && (last.attrs.steps as readonly number[])[0] === 1;
  return trips === "fixed" && carries === 1 && whole && last.shape[0] === sizeOf(body.inputs[0]!.shape);
}

/** What a node that is log Σ exp of the last carry is as a log partition function, or undefined when the steps are of another form. */
function partitionOf(node: Node, last: Node): Node | undefined {
  const [chain] = last.inputs as [Node];
  const attrs = loopAttrs(chain.attrs);
  const { body, length, reverse } = attrs;
  const end = logLinear(node, last);
  const step = end?.weights.shape[0] === 1 && logLinear(body.outputs[0]!, body.inputs[0]!);
  if (!end || !step) return undefined;
  return withOrigin(node.origin, () => {
    const rows = new StepRows(length, outside(chain, attrs));
    const weights = rows.of(step.weights);
    const offset = step.offset && rows.of(step.offset);
    if (!weights || (step.offset && !offset)) return undefined;
    const k = last.shape[0]!;
    // Offsets that all steps share belong to the transitions.
    const shared = offset && !offset.isStacked ? reshape(offset.node, [k, 1]) : undefined;
    const into = shared ? add(weights.node, shared) : weights.node;
    const transitions = transpose(broadcastTo(into, weights.node.shape), weights.isStacked ? [0, 2, 1] : [1, 0]);
    const own = offset?.isStacked ? offset.node : broadcastTo(scalar(0), [length, k]);
    const ordered = (x: Node): Node => (reverse ? flip(x, 0) : x);
    const e = concat([reshape(chain.inputs[0]!, [1, k]), ordered(own)], 0);
    const value = logPartition(
      isZero(end.weights) ? e : addLast(e, end.weights),
      weights.isStacked ? ordered(transitions) : transitions,
    );
    return reshape(end.offset ? add(value, reshape(end.offset, [])) : value, node.shape);
  });
}

const isZero = (x: Node): boolean => isConstant(x) && x.value!.every((v) => v === 0);
/** Numbers added to the last row. */
const addLast = (e: Node, row: Node): Node =>
  add(
    e,
    pad(row, [
      [e.shape[0]! - 1, 0],
      [0, 0],
    ]),
  );

/** What the inputs of a body are outside of it, but for what is carried. */
const outside = (chain: Node, { body, carries, rows }: LoopAttrs): Map<Node, Rolled> =>
  new Map(
    body.inputs
      .slice(carries)
      .map((x, i) => [x, { node: chain.inputs[carries + i]!, isStacked: i < rows }] as [Node, Rolled]),
  );
