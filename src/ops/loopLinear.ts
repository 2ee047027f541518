/**
 * Recognising steps that are linear in what they carry: c ← a c + u with a and u that do not depend on c. Where c occurs twice, as in
 * c + k (x − c), it is collected: (1 − k) c + k x, which stays infinite for an infinite c and is not ∞ − ∞.
 */
import type { Node } from "../compiler/graph.ts";
import { isConstant, scalar } from "../compiler/node.ts";
import { sizeOf } from "../compiler/shapes.ts";
import { topological } from "../compiler/simplify.ts";
import { add, arithmeticOps, div, mul, neg, sub } from "./arithmetic.ts";
import { broadcast } from "./broadcast.ts";
import { where } from "./comparison.ts";

/** factor · c + term; absent parts are zero. */
export interface Linear {
  readonly factor: Node | undefined;
  readonly term: Node | undefined;
}

/** `x` as a linear function of `c`, elementwise; undefined when it is none. */
export function coefficientsIn(x: Node, c: Node): Linear | undefined {
  const depends = new Set<Node>([c]);
  for (const node of topological([x]))
    if (!isConstant(node) && node.inputs.some((i) => depends.has(i))) depends.add(node);
  const known = new Map<Node, Linear | undefined>();
  const visit = (node: Node): Linear | undefined => {
    if (node === c) return { factor: scalar(1), term: undefined };
    if (!depends.has(node)) return { factor: undefined, term: node };
    if (!known.has(node)) known.set(node, combined(node));
    return known.get(node);
  };
  const combined = (node: Node): Linear | undefined => {
    const { op } = node;
    const [first, second] = node.inputs as [Node, Node];
    if (op === broadcast || op.lowering.kind === "reshape") return sizeOf(node.shape) === 1 ? visit(first) : undefined;
    if (op === arithmeticOps.neg) return each(visit(first), neg);
    if (op === arithmeticOps.add || op === arithmeticOps.sub) {
      const [a, b] = [visit(first), visit(second)];
      const isSum = op === arithmeticOps.add;
      const joined = (p: Node | undefined, q: Node | undefined): Node | undefined =>
        p && q ? (isSum ? add : sub)(p, q) : (p ?? (q && (isSum ? q : neg(q))));
      return a && b && { factor: joined(a.factor, b.factor), term: joined(a.term, b.term) };
    }
    if (op === arithmeticOps.mul) {
      const [inner, by] = depends.has(first) ? [first, second] : [second, first];
      return depends.has(by) ? undefined : each(visit(inner), (y) => mul(y, by));
    }
    if (op === arithmeticOps.div) return depends.has(second) ? undefined : each(visit(first), (y) => div(y, second));
    return op.name === "where" ? chosen(node) : undefined;
  };
  const chosen = ({ inputs: [condition, p, q] }: Node): Linear | undefined => {
    const [a, b] = [visit(p!), visit(q!)];
    if (!a || !b || depends.has(condition!)) return undefined;
    const either = (y: Node | undefined, z: Node | undefined): Node | undefined =>
      (y ?? z) && where(condition!, y ?? scalar(0), z ?? scalar(0));
    return { factor: either(a.factor, b.factor), term: either(a.term, b.term) };
  };
  return visit(x);
}

const each = (x: Linear | undefined, f: (part: Node) => Node): Linear | undefined =>
  x && { factor: x.factor && f(x.factor), term: x.term && f(x.term) };
