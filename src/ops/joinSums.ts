/** Sums of one function of the same variables over the rows of several sites, as one sum over all of their rows. */
import type { Node } from "../compiler/graph.ts";
import { scalar } from "../compiler/node.ts";
import { passes } from "../compiler/passes.ts";
import { topological } from "../compiler/simplify.ts";
import type { Term } from "./affine.ts";
import { add, arithmeticOps, neg, sub } from "./arithmetic.ts";
import { type RowSum, rowSumOf, sumOverRows } from "./distinctRowSums.ts";
import { sum } from "./reduce.ts";
import { isSum, summands } from "./summands.ts";

interface Part {
  readonly node: Node;
  readonly rows: RowSum;
  /** How often it counts, with its sign. */
  readonly times: number;
}

/**
 * A sum of terms, of which those that run over rows of one form run over all of these rows together: observed and censored
 * times, the sites of several studies. Gives the same node when there are none.
 */
export function joinSums(total: Node): Node {
  if (!passes().summarise) return total;
  const terms = summands(total, (x) => rowSumOf(x) !== undefined);
  if (!terms) return total;
  const rest: Part[] = [];
  for (const [node, times] of terms) {
    const rows = rowSumOf(node);
    if (rows && times !== 0) rest.push({ node, rows, times });
  }
  const replaced = new Map<Node, Node>();
  while (rest.length > 1) {
    const [first] = rest.splice(0, 1) as [Part];
    const alike = rest.filter((p) => sameForm(p.rows, first.rows));
    const joined = alike.length > 0 ? sumOverRows(concatenated([first, ...alike]), (x) => sum(x, [0])) : undefined;
    if (!joined) continue;
    replaced.set(first.node, joined);
    for (const part of alike) {
      replaced.set(part.node, scalar(0));
      rest.splice(rest.indexOf(part), 1);
    }
  }
  if (replaced.size === 0) return total;
  // Inputs first, so that what is shared is built once.
  const opens = (x: Node): boolean => isSum(x) && !replaced.has(x) && !terms.has(x);
  for (const x of topological([total], opens)) {
    if (!opens(x)) continue;
    const [a, b] = x.inputs.map((y) => replaced.get(y) ?? y) as [Node, Node];
    if (a === x.inputs[0] && b === x.inputs[1]) continue;
    replaced.set(x, x.op === arithmeticOps.neg ? neg(a) : (x.op === arithmeticOps.add ? add : sub)(a, b));
  }
  return replaced.get(total) ?? total;
}

const matching = (term: Term, terms: readonly Term[]): Term | undefined =>
  terms.find((t) => t.variable === term.variable && t.kind === term.kind);
const sameForm = (a: RowSum, b: RowSum): boolean =>
  a.op === b.op &&
  a.affine.terms.length === b.affine.terms.length &&
  a.affine.terms.every((term) => matching(term, b.affine.terms));

/** The rows of all parts, with weights that carry how often they count relative to the first, in whose place they stand. */
function concatenated(parts: readonly Part[]): RowSum {
  const [first] = parts as [Part];
  const weights = parts.map((p) => p.rows.weights.map((w) => w * (p.times / first.times)));
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
