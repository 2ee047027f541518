/** Whether a graph could hold rows that a loop wrote, told without what rolls them: few models do, and its code is long. */
import type { Node } from "../compiler/graph.ts";
import { isConstant } from "../compiler/node.ts";
import { topological } from "../compiler/simplify.ts";
import { arithmeticOps } from "./arithmetic.ts";

/** Fewer terms or pieces than this are left alone: straight-line code does them as well. */
export const fewest = 8;

/** Whether a node adds, subtracts or negates numbers. */
export const isSum = ({ op, shape }: Node): boolean =>
  shape.length === 0 && (op === arithmeticOps.add || op === arithmeticOps.sub || op === arithmeticOps.neg);

/** Whether some sum of numbers has so many terms, or some array so many pieces: nothing is rolled where this is false. */
export function mayBeRolled(output: Node): boolean {
  const terms = new Map<Node, number>();
  const termsOf = (x: Node): number => (isConstant(x) ? 0 : (terms.get(x) ?? 1));
  return topological([output]).some((node) => {
    if (node.op.lowering.kind === "concat") return node.inputs.length >= fewest;
    if (!isSum(node)) return false;
    const count = node.inputs.reduce((sum, x) => sum + termsOf(x), 0);
    terms.set(node, count);
    return count >= fewest;
  });
}
