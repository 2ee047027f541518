/**
 * Sums of costly functions over the distinct rows of their design: Σ w f(x·θ + c) takes as many functions as rows differ.
 *
 * An exponential does better: its constants are factors among the data, and where terms come in few combinations it is the product
 * of one exponential for each value of some and one for each value of the others. Σ e^(u[i] + v[j]) is (e^v)ᵀ N e^u with the counts N
 * of the pairs.
 */
import { costly } from "../compiler/costly.ts";
import type { Node, Op } from "../compiler/graph.ts";
import { constantNode, isConstant, scalar } from "../compiler/node.ts";
import { sizeOf } from "../compiler/shapes.ts";
import { exp as expOf } from "../wasm/functions/exp.ts";
import { numberAlgebra } from "../wasm/numberAlgebra.ts";
import { type Affine, affineForm, type Term } from "./affine.ts";
import { add, arithmeticOps, mul } from "./arithmetic.ts";
import { columnsOf, flat, overSomeRows, product, vector } from "./designs.ts";
import { at, type Classes, distinctRows, refine, whole } from "./distinctRows.ts";
import { elementaryOps, exp } from "./elementary.ts";
import { matmul } from "./linalg.ts";
import { applyMap } from "./map.ts";
import { reshape } from "./shape.ts";

type Sum = (x: Node) => Node;

/** Σ w f(x) of a costly function, when it has few distinct arguments. */
export function sumOverDistinctRows(x: Node, w: Float64Array | undefined, sum: Sum): Node | undefined {
  if (hasManyRows(x.inputs[0]!, sizeOf(x.shape))) return undefined;
  const affine = affineForm(x.inputs[0]!);
  if (!affine || affine.terms.length === 0) return undefined;
  const data = [affine.constant, ...affine.terms.map((t) => (t.kind === "dense" ? t.design : t.coefficients))];
  if (!data.every((values) => values.every(Number.isFinite))) return undefined;
  return sumOverRows({ op: x.op, affine, weights: w ?? new Float64Array(affine.rows).fill(1) }, sum);
}

/** Σ w f(x·θ + c), with its rows. */
export interface RowSum {
  readonly op: Op;
  readonly affine: Affine;
  readonly weights: Float64Array;
}
const known: WeakMap<Node, RowSum> = new WeakMap();
/** What a sum that was made here stands for. */
export const rowSumOf = (sum: Node): RowSum | undefined => known.get(sum);

/** The sum over distinct rows, or undefined when that is no cheaper. */
export function sumOverRows(rowSum: RowSum, sum: Sum): Node | undefined {
  const { op, affine, weights } = rowSum;
  const made =
    op === elementaryOps.exp ? sumOfExponentials(affine, weights, sum) : sumOfEqualRows(op, affine, weights, sum);
  if (made) known.set(made, rowSum);
  return made;
}
function sumOfEqualRows(op: Op, affine: Affine, weights: Float64Array, sum: Sum): Node | undefined {
  const columns = [whole(affine.constant), ...affine.terms.flatMap(columnsOf)];
  const classes = distinctRows(columns, affine.rows, Math.floor(affine.rows / 2));
  if (!classes) return undefined;
  const constants = vector(Float64Array.from(classes.first, (row) => affine.constant[row]!));
  const arguments_ = add(overSomeRows(affine.terms, classes.first), constants);
  return sum(mul(vector(totals(classes, weights)), applyMap(op, arguments_)));
}

/** Whether some term, seen before any design is written down, has more distinct rows than pay. */
function hasManyRows(x: Node, rows: number, seen: Set<Node> = new Set()): boolean {
  if (seen.has(x)) return false;
  seen.add(x);
  const { kind } = x.op.lowering;
  const isSum = x.op === arithmeticOps.add || x.op === arithmeticOps.sub || x.op === arithmeticOps.neg;
  if (isSum || kind === "reshape") return x.inputs.some((y) => sizeOf(y.shape) === rows && hasManyRows(y, rows, seen));
  if (kind !== "matmul" && x.op !== arithmeticOps.mul) return false;
  const data = x.inputs.find(isConstant);
  if (!data || data.value!.length % rows !== 0)
    return x.inputs.some((y) => sizeOf(y.shape) === rows && hasManyRows(y, rows, seen));
  const width = data.value!.length / rows;
  const [start, step] = data.shape.at(-1) === rows ? [rows, 1] : [1, width];
  const columns = Array.from({ length: width }, (_, j) => ({ data: data.value!, start: j * start, step }));
  return distinctRows(columns, rows, Math.floor(rows / 2)) === undefined;
}
function totals({ of, first }: Classes, weights: Float64Array): Float64Array {
  const out = new Float64Array(first.length);
  of.forEach((k, i) => (out[k]! += weights[i]!));
  return out;
}

function sumOfExponentials({ rows, constant, terms }: Affine, w: Float64Array, sum: Sum): Node | undefined {
  if (!w.every((v, i) => Number.isFinite(v * expOf(numberAlgebra, constant[i]!)))) return undefined;
  const level = levelOf(constant, w);
  const factors = w.map((v, i) => (v === 0 ? 0 : v * expOf(numberAlgebra, constant[i]! - level)));
  if (!factors.every((f, i) => Number.isFinite(f) && (w[i] === 0 || Math.abs(f) >= smallestNormal))) return undefined;
  const raised = (x: Node): Node => exp(level === 0 ? x : add(x, scalar(level)));
  const split = cheapestSplit(terms, rows);
  if (!split) return undefined;
  const [many, few] = split;
  if (!few) {
    return sum(mul(vector(totals(many.classes, factors)), raised(overSomeRows(many.terms, many.classes.first))));
  }
  const [u, v] = [sorted(many), sorted(few)];
  const m = u.classes.first.length;
  const k = v.classes.first.length;
  const counts = new Float64Array(k * m);
  factors.forEach((f, i) => (counts[v.classes.of[i]! * m + u.classes.of[i]!]! += f));
  const { centred, shift } = centre(u.terms, u.classes.first);
  const wide = exp(overSomeRows(centred, u.classes.first));
  const narrow = raised(shift.reduce(add, overSomeRows(v.terms, v.classes.first)));
  if (k === 1) return mul(sum(mul(vector(counts), wide)), reshape(narrow, []));
  return sum(mul(narrow, flat(matmul(constantNode(counts, [k, m], "float64"), reshape(wide, [m, 1])))));
}

const smallestNormal = 2 ** -1022;

/** Constants up to this size may be factors as they are: what that takes from the range of exponents is little. */
const ordinaryConstant = 32;

/** What is left in the exponent of constants that are large: the largest of them, so that only what overflows does. */
function levelOf(constant: Float64Array, w: Float64Array): number {
  let largest = -Infinity;
  let isLarge = false;
  constant.forEach((c, i) => {
    if (w[i] === 0) return;
    if (c > largest) largest = c;
    if (Math.abs(c) > ordinaryConstant) isLarge = true;
  });
  return isLarge ? largest : 0;
}

/** Some of the terms, and the classes of equal rows of these. */
interface Part {
  readonly terms: readonly Term[];
  readonly classes: Classes;
}

/** Terms beyond this number are not divided: there are too many ways. */
const mostTerms = 6;

/** All terms together, or in two parts with the larger number of distinct rows first; undefined when the rows are cheaper. */
function cheapestSplit(terms: readonly Term[], rows: number): readonly [Part, Part?] | undefined {
  const limit = Math.floor(rows / 2);
  const single = terms.map((t) => distinctRows(columnsOf(t), rows, limit));
  const together = (mask: number): Part | undefined => {
    const chosen = terms.flatMap((_, k) => ((mask >> k) & 1 ? [k] : []));
    const classes = chosen.map((k) => single[k]).reduce((a, b) => a && b && refine(a, whole(b.of), limit));
    return classes && { terms: chosen.map((k) => terms[k]!), classes };
  };
  const all = 2 ** terms.length - 1;
  const size = (part: Part): number => part.classes.first.length;
  let best: readonly [Part, Part?] | undefined;
  let lowest = rows * costly * 0.75;
  const consider = (cost: number, split: readonly [Part, Part?]): void => {
    if (cost < lowest) [lowest, best] = [cost, split];
  };
  const entire = together(all);
  if (entire) consider(size(entire) * costly, [entire]);
  if (terms.length > mostTerms) return best;
  for (let mask = 1; mask < all; mask += 2) {
    const [a, b] = [together(mask), together(all - mask)];
    if (!a || !b) continue;
    const cost = (size(a) + size(b)) * costly + size(a) * size(b);
    consider(cost, size(a) >= size(b) ? [a, b] : [b, a]);
  }
  return best;
}

/** The rows of a part in the order of the elements that they read. */
function sorted({ terms, classes }: Part): Part {
  const sign = terms.flatMap((t) => columnsOf(t).map((column) => ({ column, sign: t.kind === "dense" ? -1 : 1 })));
  const order = classes.first
    .map((_, k) => k)
    .sort((a, b) => {
      for (const { column, sign: s } of sign) {
        const d = at(column, classes.first[a]!) - at(column, classes.first[b]!);
        if (d !== 0) return s * d;
      }
      return 0;
    });
  const place = new Int32Array(order.length);
  order.forEach((k, i) => (place[k] = i));
  return { terms, classes: { of: classes.of.map((k) => place[k]!), first: order.map((k) => classes.first[k]!) } };
}

/**
 * Covariates around the middle of their range, and what that leaves for the other factor, so that neither overflows or vanishes
 * where their product does not, unless the data differ among themselves by as much.
 */
function centre(terms: readonly Term[], rows: readonly number[]): { centred: Term[]; shift: Node[] } {
  const shift: Node[] = [];
  const centred = terms.map((term): Term => {
    const size = sizeOf(term.variable.shape);
    if (term.kind === "picked" || (size > 1 && term.design.some((x) => x === 0))) return term;
    const middle = new Float64Array(size).map((_, j) => {
      const values = rows.map((row) => term.design[row * size + j]!);
      return (Math.min(...values) + Math.max(...values)) / 2;
    });
    shift.push(reshape(product(middle, term.variable), []));
    return { ...term, design: term.design.map((x, i) => x - middle[i % size]!) };
  });
  return { centred, shift };
}
