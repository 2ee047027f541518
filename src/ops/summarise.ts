/**
 * Sufficient statistics: sums over the data whose cost should not depend on the number of data.
 *
 * Σ (c + D θ)² is ‖Q₁ᵀc + R θ‖² + ‖Q₂ᵀc‖² after one QR decomposition of the design D, which is data. The residual part is kept
 * apart, no normal equations are formed, and θ is taken around the least-squares solution, so no digits are lost. Equal rows
 * of a design become one weighted row first, and effects of groups leave one square for each group (groupEffects.ts).
 * Σ w (c + D θ) is (Dᵀw)·θ + Σ w c. Both are ordinary small expressions in θ, which are differentiated like any other.
 */
import { isCostly } from "../compiler/costly.ts";
import type { Node } from "../compiler/graph.ts";
import { isConstant, scalar } from "../compiler/node.ts";
import { passes } from "../compiler/passes.ts";
import { sizeOf } from "../compiler/shapes.ts";
import { type Affine, affineForm, type DenseTerm, overRows } from "./affine.ts";
import { add, arithmeticOps, mul, square, sub } from "./arithmetic.ts";
import { columnsOf, designColumns, flat, interleave, overSomeRows, product, vector } from "./designs.ts";
import { sumOverDistinctRows } from "./distinctRowSums.ts";
import { distinctRows } from "./distinctRows.ts";
import { type Between, takeOutEffects } from "./groupEffects.ts";
import { concat } from "./joins.ts";
import { triangularForm } from "./leastSquares.ts";

type Sum = (x: Node) => Node;

const known: WeakMap<Node, { readonly statistic: Node | undefined }> = new WeakMap();

/** A cheaper equal of the sum of all elements of `x`, or undefined. */
export function summarise(x: Node, sum: Sum): Node | undefined {
  if (!passes().summarise) return undefined;
  let found = known.get(x);
  if (!found) {
    found = { statistic: statisticOf(x, sum) };
    known.set(x, found);
  }
  return found.statistic;
}

function statisticOf(x: Node, sum: Sum): Node | undefined {
  // A derivative that runs along with its values is taken once; a decomposition would not pay.
  if (x.value || x.dtype !== "float64" || sizeOf(x.shape) < 4) return undefined;
  const { w, rest } = weighted(x);
  if (rest.op === arithmeticOps.square)
    return !w || w.every((v) => v >= 0) ? sumOfSquares(rest.inputs[0]!, w, sum) : undefined;
  if (isCostly(rest) && rest.inputs.length === 1) return sumOverDistinctRows(rest, w, sum);
  if (!w && !picks.has(rest.op.lowering.kind)) return undefined;
  return linearSum(rest, w ?? new Float64Array(sizeOf(x.shape)).fill(1), sum);
}

/** The factors of `x` that are data, and the rest, which has as many elements. */
function weighted(x: Node): { readonly w: Float64Array | undefined; readonly rest: Node } {
  let w: Float64Array | undefined;
  let rest = x;
  while (rest.op === arithmeticOps.mul) {
    const [a, b] = rest.inputs as [Node, Node];
    const [data, other] = isConstant(a) ? [a, b] : [b, a];
    if (!isConstant(data) || sizeOf(other.shape) < sizeOf(x.shape)) break;
    const values = overRows(data, x.shape);
    w = w ? w.map((v, i) => v * values[i]!) : values;
    rest = other;
  }
  return { w, rest };
}
const picks: ReadonlySet<string> = new Set(["gather", "matmul"]);

/** Σ w (c + Σ D θ): a dot product with every variable. */
function linearSum(x: Node, w: Float64Array, sum: Sum): Node | undefined {
  // A few elements that no row picks cost less than a look-up of those that are.
  const affine = affineForm(x, 2 * w.length);
  if (!affine?.constant.every(Number.isFinite)) return undefined;
  let total: Node = scalar(affine.constant.reduce((t, c, i) => t + w[i]! * c, 0));
  for (const term of affine.terms) {
    const size = sizeOf(term.variable.shape);
    const weights = new Float64Array(size);
    if (term.kind === "picked") term.indices.forEach((j, i) => (weights[j]! += w[i]! * term.coefficients[i]!));
    else addRows(weights, w, term.design);
    if (!weights.every(Number.isFinite)) return undefined;
    total = add(total, sum(mul(vector(weights), flat(term.variable))));
  }
  return total;
}

/** Adds the rows of a design, each times its weight. */
function addRows(total: Float64Array, w: Float64Array, design: Float64Array): void {
  const columns = total.length;
  let at = 0;
  for (let i = 0; i < w.length; i++) {
    const weight = w[i]!;
    for (let j = 0; j < columns; j++) total[j]! += weight * design[at++]!;
  }
}

/** Most multiply-adds that are spent on a decomposition while a model is traced: some tenths of a second. */
const reflectionLimit = 1e8;

const isDecomposable = (rows: number, columns: number): boolean =>
  columns < rows && rows * columns * columns <= reflectionLimit;

/** Σ w (c + D θ)², when its statistics cost less than its rows. */
function sumOfSquares(x: Node, w: Float64Array | undefined, sum: Sum): Node | undefined {
  const affine = affineForm(x);
  if (!affine?.constant.every(Number.isFinite) || affine.terms.length === 0) return undefined;
  const dense = affine.terms.filter((t) => t.kind === "dense");
  const columns = dense.reduce((n, t) => n + sizeOf(t.variable.shape), 0);
  if (dense.length === affine.terms.length) {
    return isDecomposable(affine.rows, columns) ? triangular(eachRow(affine, w), dense, columns, sum) : undefined;
  }
  const grouped = betweenAndWithin(affine, w, sum);
  if (grouped) return grouped;
  const cells = collapseRows(affine, w);
  if (!cells) return undefined;
  const residual = add(vector(cells.constants), overSomeRows(affine.terms, cells.rows));
  return add(scalar(cells.within), sum(mul(vector(cells.weights), square(residual))));
}

/** Rows with one design: their weight, the mean of their constants, and the sum of squares that the means leave out. */
interface Cells {
  /** One row of each cell. */
  readonly rows: readonly number[];
  readonly weights: Float64Array;
  readonly constants: Float64Array;
  readonly within: number;
}

/** Every row a cell of its own. */
function eachRow({ rows, constant }: Affine, w: Float64Array | undefined): Cells {
  const weights = w ?? new Float64Array(rows).fill(1);
  return { rows: Array.from({ length: rows }, (_, i) => i), weights, constants: constant, within: 0 };
}

/** One square for each group and a regression within the groups; undefined when the effects do not share their groups. */
function betweenAndWithin(affine: Affine, w: Float64Array | undefined, sum: Sum): Node | undefined {
  const effects = affine.terms.filter((t) => t.kind === "picked");
  const dense = affine.terms.filter((t) => t.kind === "dense");
  const groups = effects[0]!.indices;
  const count = sizeOf(effects[0]!.variable.shape);
  const isShared = effects.every(
    (t) => sizeOf(t.variable.shape) === count && t.indices.every((g, i) => g === groups[i]),
  );
  if (!isShared || effects.length * count * 2 > affine.rows) return undefined;
  const designs = dense.map(designColumns);
  const width = designs.flat().length;
  if (!isDecomposable(affine.rows, width)) return undefined;
  const weights = w ?? new Float64Array(affine.rows).fill(1);
  const constants = affine.constant.slice();
  const columns = [...effects.map((t) => t.coefficients.slice()), ...designs.flat(), constants];
  const between = takeOutEffects(columns, effects.length, { groups, count, weights });
  const left = dense
    .map((t, k) => ({ ...t, design: interleave(designs[k]!) }))
    .filter((t) => t.design.some((x) => x !== 0));
  const known = [...between.flatMap((b) => [b.weights, ...b.means]), ...left.map((t) => t.design), constants];
  if (!known.every((x) => x.every(Number.isFinite))) return undefined;
  const within = eachRow({ rows: affine.rows, constant: constants, terms: left }, weights);
  const rest = triangular(
    within,
    left,
    left.reduce((n, t) => n + sizeOf(t.variable.shape), 0),
    sum,
  );
  return rest && between.reduce((total, b, k) => add(total, sum(squares(b, k))), rest);

  /** The columns after an effect, in each group, with their means for coefficients. */
  function squares({ weights, means }: Between, k: number): Node {
    const after = means.slice();
    let residual = add(flat(effects[k]!.variable), vector(after.pop()!));
    for (const { variable } of effects.slice(k + 1))
      residual = add(residual, mul(vector(after.shift()!), flat(variable)));
    for (const { variable } of dense)
      residual = add(residual, product(interleave(after.splice(0, sizeOf(variable.shape))), variable));
    return mul(vector(weights), square(residual));
  }
}
/** The rows with equal designs together; undefined when that leaves more than half of the rows. */
function collapseRows(affine: Affine, w: Float64Array | undefined): Cells | undefined {
  const classes = distinctRows(affine.terms.flatMap(columnsOf), affine.rows, Math.floor(affine.rows / 2));
  if (!classes) return undefined;
  const totals = (f: (i: number, k: number) => number): Float64Array => {
    const out = new Float64Array(classes.first.length);
    classes.of.forEach((k, i) => (out[k]! += f(i, k)));
    return out;
  };
  const weightOf = (i: number): number => w?.[i] ?? 1;
  const weights = totals(weightOf);
  const constants = totals((i) => weightOf(i) * affine.constant[i]!).map((c, k) =>
    weights[k] === 0 ? 0 : c / weights[k]!,
  );
  const within = totals((i, k) => {
    const distance = affine.constant[i]! - constants[k]!;
    return weightOf(i) * distance * distance;
  });
  return { rows: classes.first, weights, constants, within: within.reduce((a, b) => a + b, 0) };
}

/** ‖q + R (θ − θ̂)‖² plus the constant residual; undefined for data whose squares overflow. */
function triangular(cells: Cells, terms: readonly DenseTerm[], columns: number, sum: Sum): Node | undefined {
  const n = cells.rows.length;
  const matrix = new Float64Array(n * (columns + 1));
  cells.rows.forEach((row, r) => {
    const root = Math.sqrt(cells.weights[r]!);
    let at = r * (columns + 1);
    for (const { design, variable } of terms) {
      const size = sizeOf(variable.shape);
      for (let j = 0; j < size; j++) matrix[at++] = root * design[row * size + j]!;
    }
    matrix[at] = root * cells.constants[r]!;
  });
  const { r, q, centre, residual } = triangularForm({ rows: n, columns, matrix });
  if (!Number.isFinite(residual) || ![r, q].every((x) => x.every(Number.isFinite))) return undefined;
  if (columns === 0) return scalar(residual);
  const theta = concat(
    terms.map((t) => flat(t.variable)),
    0,
  );
  const shifted = product(r, sub(theta, vector(centre)));
  return add(scalar(residual), sum(square(add(vector(q), shifted))));
}
