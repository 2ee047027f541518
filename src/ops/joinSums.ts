/** Sums of one function of the same variables over the rows of several sites, as one sum over all of their rows. */
import type { Node } from "../compiler/graph.ts";
import { scalar } from "../compiler/node.ts";
import { passes } from "../compiler/passes.ts";
import type { Term } from "./affine.ts";
import { add, arithmeticOps, neg, sub } from "./arithmetic.ts";
import { type RowSum, rowSumOf, sumOverRows } from "./distinctRowSums.ts";
import { sum } from "./reduce.ts";

interface Part {
  readonly node: Node;
  readonly rows: RowSum;
  readonly sign: number;
}

/**
 * A sum of terms, of which those that run over rows of one form run over all of these rows together: observed and censored
 * times, the sites of several studies. Gives the same node when there are none.
 */
export function joinSums(total: Node): Node {
  if (!passes().summarise) return total;
  const parts: Part[] = [];
  const times = new Map<Node, number>();
  const collect = (x: Node, sign: number): void => {
    times.set(x, (times.get(x) ?? 0) + 1);
    const rows = rowSumOf(x);
    if (rows) parts.push({ node: x, rows, sign });
    else if (signs.has(x.op)) x.inputs.forEach((y, i) => collect(y, sign * signs.get(x.op)![i]!));
  };
  collect(total, 1);
  const replaced = new Map<Node, Node>();
  const single = parts.filter((p) => times.get(p.node) === 1);
  while (single.length > 1) {
    const [first] = single.splice(0, 1) as [Part];
    const alike = single.filter((p) => sameForm(p.rows, first.rows));
    const joined = alike.length > 0 ? sumOverRows(concatenated([first, ...alike]), (x) => sum(x, [0])) : undefined;
    if (!joined) continue;
    replaced.set(first.node, joined);
    for (const part of alike) {
      replaced.set(part.node, scalar(0));
      single.splice(single.indexOf(part), 1);
    }
  }
  const rebuild = (x: Node): Node => {
    const known = replaced.get(x);
    if (known || !signs.has(x.op) || rowSumOf(x)) return known ?? x;
    const [a, b] = x.inputs.map(rebuild) as [Node, Node];
    if (x.op === arithmeticOps.neg) return neg(a);
    return (x.op === arithmeticOps.add ? add : sub)(a, b);
  };
  return replaced.size > 0 ? rebuild(total) : total;
}

/** Signs with which the terms of a sum enter it. */
const signs: ReadonlyMap<Node["op"], readonly number[]> = new Map([
  [arithmeticOps.add, [1, 1]],
  [arithmeticOps.sub, [1, -1]],
  [arithmeticOps.neg, [-1]],
]);

const matching = (term: Term, terms: readonly Term[]): Term | undefined =>
  terms.find((t) => t.variable === term.variable && t.kind === term.kind);
const sameForm = (a: RowSum, b: RowSum): boolean =>
  a.op === b.op &&
  a.affine.terms.length === b.affine.terms.length &&
  a.affine.terms.every((term) => matching(term, b.affine.terms));

/** The rows of all parts, with weights that carry their signs relative to the first, in whose place they stand. */
function concatenated(parts: readonly Part[]): RowSum {
  const [first] = parts as [Part];
  const weights = parts.map((p) => p.rows.weights.map((w) => w * p.sign * first.sign));
  const terms = first.rows.affine.terms.map((term): Term => {
    const all = parts.map((p) => matching(term, p.rows.affine.terms)!);
    const flat = (read: (t: Term) => ArrayLike<number>): number[] => all.flatMap((t) => Array.from(read(t)));
    if (term.kind === "dense") return { ...term, design: Float64Array.from(flat((t) => (t as typeof term).design)) };
    const indices = Int32Array.from(flat((t) => (t as typeof term).indices));
    return { ...term, indices, coefficients: Float64Array.from(flat((t) => (t as typeof term).coefficients)) };
  });
  const constant = Float64Array.from(parts.flatMap((p) => Array.from(p.rows.affine.constant)));
  const affine = { rows: constant.length, constant, terms };
  return { op: first.rows.op, affine, weights: Float64Array.from(weights.flatMap((w) => Array.from(w))) };
}
