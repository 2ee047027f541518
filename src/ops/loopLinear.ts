/**
 * Recognising steps that are linear in what they carry: c ← a c + u with a and u that do not depend on c. Where c occurs twice, as in
 * c + k (x − c), it is collected: (1 − k) c + k x, which stays infinite for an infinite c and is not ∞ − ∞.
 */
import type { Node } from "../compiler/graph.ts";
import { isConstant, scalar } from "../compiler/node.ts";
import { sizeOf } from "../compiler/shapes.ts";
import { topological } from "../compiler/simplify.ts";
import { add, arithmeticOps, div, maximum, mul, neg, sub } from "./arithmetic.ts";
import { broadcast } from "./broadcast.ts";
import { where } from "./comparison.ts";

/** factor · c + term; absent parts are zero. */
export interface Linear {
  readonly factor: Node | undefined;
  readonly term: Node | undefined;
  /** Where the choice of an arm decides whether c is read at all: 1 if it is, 0 if not, and then not even an infinite c is seen. */
  readonly reads?: Node | undefined;
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
      if (!a || !b) return undefined;
      // Read by a sum is what any part with a factor reads, always if one of them says nothing of it.
      const parts = [a, b].filter((x) => x.factor).map((x) => x.reads);
      const reads = parts.every((x) => x !== undefined) && parts.length > 0 ? parts.reduce(maximum) : undefined;
      return { factor: joined(a.factor, b.factor), term: joined(a.term, b.term), reads };
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
    const readsOf = ({ factor, reads }: Linear): Node => reads ?? scalar(factor ? 1 : 0);
    const always = [a, b].every((x) => x.factor && !x.reads);
    return {
      factor: either(a.factor, b.factor),
      term: either(a.term, b.term),
      reads: always ? undefined : where(condition!, readsOf(a), readsOf(b)),
    };
  };
  return visit(x);
}

const each = (x: Linear | undefined, f: (part: Node) => Node): Linear | undefined =>
  x && { ...x, factor: x.factor && f(x.factor), term: x.term && f(x.term) };
