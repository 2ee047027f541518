/** The terms of a sum that is written with +, − and negation, each once, with how often it counts. */
import type { Node, Op } from "../compiler/graph.ts";
import { topological } from "../compiler/simplify.ts";
import { arithmeticOps } from "./arithmetic.ts";

/** Signs with which the operands of a sum enter it. */
const signs: ReadonlyMap<Op, readonly number[]> = new Map([
  [arithmeticOps.add, [1, 1]],
  [arithmeticOps.sub, [1, -1]],
  [arithmeticOps.neg, [-1]],
]);

/** Whether a node is a sum, a difference or the negative of others. */
export const isSum = (x: Node): boolean => signs.has(x.op);

/**
 * The terms of `x` in the order in which they are written, with their signed multiplicities; 0 for one that cancels. Time and
 * space are those of the nodes, however often these are shared. Undefined when a multiplicity is no exact number.
 *
 * @param isTerm - what is not taken apart although it is a sum
 */
export function summands(x: Node, isTerm: (y: Node) => boolean = () => false): Map<Node, number> | undefined {
  const opens = (y: Node): boolean => isSum(y) && !isTerm(y);
  const times = new Map<Node, number>([[x, 1]]);
  for (const y of topological([x], opens).reverse()) {
    if (!opens(y)) continue;
    const outer = times.get(y)!;
    y.inputs.forEach((z, i) => times.set(z, (times.get(z) ?? 0) + outer * signs.get(y.op)![i]!));
  }
  const terms = new Map<Node, number>();
  const seen = new Set<Node>();
  const pending = [x];
  while (pending.length > 0) {
    const y = pending.pop()!;
    if (seen.has(y)) continue;
    seen.add(y);
    if (Math.abs(times.get(y)!) > Number.MAX_SAFE_INTEGER) return undefined;
    if (opens(y)) pending.push(...y.inputs.toReversed());
    else terms.set(y, times.get(y)!);
  }
  return terms;
}
