/**
 * Sufficient statistics: sums over the data whose cost should not depend on the number of data.
 *
 * Σ (c + D θ)² is ‖Q₁ᵀc + R θ‖² + ‖Q₂ᵀc‖² after one QR decomposition of the design D, which is data. The residual part is kept
 * apart, no normal equations are formed, and θ is taken around the least-squares solution, so no digits are lost. Equal rows
 * of a design become one weighted row first.
 * Σ w (c + D θ) is (Dᵀw)·θ + Σ w c. Both are ordinary small expressions in θ, which are differentiated like any other.
 */
import type { Node } from "../compiler/graph.ts";
import { constantNode, isConstant, scalar } from "../compiler/node.ts";
import { sizeOf } from "../compiler/shapes.ts";
import { type Affine, affineForm, type DenseTerm, overRows, type PickedTerm } from "./affine.ts";
import { add, arithmeticOps, mul, square, sub } from "./arithmetic.ts";
import { constantIndices, take } from "./indexing.ts";
import { triangularForm } from "./leastSquares.ts";
import { matmul } from "./linalg.ts";
import { passes } from "./passes.ts";
import { concat, reshape } from "./shape.ts";

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
  if (x.op === arithmeticOps.square) return sumOfSquares(x.inputs[0]!, undefined, sum);
  if (x.op !== arithmeticOps.mul) return undefined;
  const [a, b] = x.inputs as [Node, Node];
  const [weights, rest] = isConstant(a) ? [a, b] : [b, a];
  if (!isConstant(weights) || sizeOf(rest.shape) < sizeOf(x.shape)) return undefined;
  const w = overRows(weights, x.shape);
  if (rest.op === arithmeticOps.square)
    return w.every((v) => v >= 0) ? sumOfSquares(rest.inputs[0]!, w, sum) : undefined;
  return linearSum(rest, w, sum);
}

const vector = (data: Float64Array): Node => constantNode(data, [data.length], "float64");

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
    total = add(total, sum(mul(vector(weights), reshape(term.variable, [size]))));
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

/** Σ w (c + D θ)², when its statistics cost less than its rows. */
function sumOfSquares(x: Node, w: Float64Array | undefined, sum: Sum): Node | undefined {
  const affine = affineForm(x);
  if (!affine?.constant.every(Number.isFinite) || affine.terms.length === 0) return undefined;
  const dense = affine.terms.filter((t) => t.kind === "dense");
  const columns = dense.reduce((n, t) => n + sizeOf(t.variable.shape), 0);
  if (dense.length === affine.terms.length) {
    const isCheap = columns < affine.rows && affine.rows * columns * columns <= reflectionLimit;
    return isCheap ? triangular(eachRow(affine, w), dense, columns, sum) : undefined;
  }
  const cells = collapseRows(affine, w);
  if (cells.rows.length * 2 > affine.rows) return undefined;
  return add(scalar(cells.within), sum(mul(vector(cells.weights), square(cellExpression(affine, cells)))));
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

function collapseRows(affine: Affine, w: Float64Array | undefined): Cells {
  const members = new Map<string, number[]>();
  for (let i = 0; i < affine.rows; i++) {
    const key = affine.terms.map((t) => rowKey(t, i)).join(";");
    const found = members.get(key);
    if (found) found.push(i);
    else members.set(key, [i]);
  }
  const groups = [...members.values()];
  const weightOf = (i: number): number => w?.[i] ?? 1;
  const weights = Float64Array.from(groups, (group) => group.reduce((s, i) => s + weightOf(i), 0));
  const constants = Float64Array.from(groups, (group, g) => {
    const total = group.reduce((s, i) => s + weightOf(i) * affine.constant[i]!, 0);
    return weights[g] === 0 ? 0 : total / weights[g]!;
  });
  const within = groups.reduce(
    (s, group, g) =>
      s +
      group.reduce((t, i) => {
        const distance = affine.constant[i]! - constants[g]!;
        return t + weightOf(i) * distance * distance;
      }, 0),
    0,
  );
  return { rows: groups.map((group) => group[0]!), weights, constants, within };
}
function rowKey(term: DenseTerm | PickedTerm, i: number): string {
  if (term.kind === "picked") return `${term.indices[i]}*${term.coefficients[i]}`;
  const size = sizeOf(term.variable.shape);
  return term.design.subarray(i * size, (i + 1) * size).join();
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
  const theta = concat(
    terms.map((t) => reshape(t.variable, [sizeOf(t.variable.shape)])),
    0,
  );
  const shifted = matmul(constantNode(r, [columns, columns], "float64"), sub(theta, vector(centre)));
  return add(scalar(residual), sum(square(add(vector(q), shifted))));
}

/** The affine expression again, over one row of each cell. */
function cellExpression(affine: Affine, cells: Cells): Node {
  const pick = (values: Float64Array): Float64Array => Float64Array.from(cells.rows, (row) => values[row]!);
  let total: Node = vector(cells.constants);
  for (const term of affine.terms) {
    const size = sizeOf(term.variable.shape);
    const flat = reshape(term.variable, [size]);
    if (term.kind === "picked") {
      const indices = constantIndices(Int32Array.from(cells.rows, (row) => term.indices[row]!));
      total = add(total, mul(vector(pick(term.coefficients)), take(flat, indices)));
    } else {
      const design = new Float64Array(cells.rows.length * size);
      cells.rows.forEach((row, r) => design.set(term.design.subarray(row * size, (row + 1) * size), r * size));
      total = add(total, matmul(constantNode(design, [cells.rows.length, size], "float64"), flat));
    }
  }
  return total;
}
