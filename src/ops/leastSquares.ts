/** Least squares by orthogonal reflections, on plain arrays: what turns rows of data into a triangular system. */

/** A system of rows [design | constant], row-major with columns + 1 numbers each. */
export interface LinearSystem {
  readonly rows: number;
  readonly columns: number;
  readonly matrix: Float64Array;
}

/** ‖constant + design·θ‖² = ‖q + R (θ − centre)‖² + residual for every θ. */
export interface TriangularForm {
  /** Upper triangular, row-major [columns, columns]. */
  readonly r: Float64Array;
  readonly q: Float64Array;
  readonly centre: Float64Array;
  readonly residual: number;
}

/**
 * Reduces a system to its triangular form, around the least-squares solution where there is one: there the constants are
 * residuals, computed from the data directly, so that data far from zero lose no more digits than in a sum over the rows.
 * A design without full rank is reduced around zero.
 */
export function triangularForm(system: LinearSystem): TriangularForm {
  const { rows, columns, matrix } = system;
  const width = columns + 1;
  const reduced = matrix.slice();
  const reflections = reflect(reduced, rows, columns);
  const centre = solution(reduced, columns);
  if (!centre) return read(reduced, rows, columns, new Float64Array(columns));
  const constants = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    const row = i * width;
    let total = matrix[row + columns]!;
    for (let j = 0; j < columns; j++) total += matrix[row + j]! * centre[j]!;
    constants[i] = total;
  }
  // The design is what it was, and so are its reflections.
  for (const reflection of reflections) applyTo(constants, reflection);
  constants.forEach((c, i) => {
    reduced[i * width + columns] = c;
  });
  return read(reduced, rows, columns, centre);
}

function read(reduced: Float64Array, rows: number, columns: number, centre: Float64Array): TriangularForm {
  const width = columns + 1;
  const r = new Float64Array(columns * columns);
  const q = new Float64Array(columns);
  for (let i = 0; i < columns; i++) {
    for (let j = i; j < columns; j++) r[i * columns + j] = reduced[i * width + j]!;
    q[i] = reduced[i * width + columns]!;
  }
  let residual = 0;
  for (let i = columns; i < rows; i++) residual += squared(reduced[i * width + columns]!);
  return { r, q, centre, residual };
}

/** A product, because powers are not specified to the last bit. */
const squared = (x: number): number => x * x;

/** −R⁻¹q, or undefined when the design is nearly without full rank. */
function solution(reduced: Float64Array, columns: number): Float64Array | undefined {
  const width = columns + 1;
  const diagonal = Array.from({ length: columns }, (_, i) => Math.abs(reduced[i * width + i]!));
  if (Math.min(...diagonal) <= 1e-13 * Math.max(...diagonal)) return undefined;
  const theta = new Float64Array(columns);
  for (let i = columns - 1; i >= 0; i--) {
    let total = -reduced[i * width + columns]!;
    for (let j = i + 1; j < columns; j++) total -= reduced[i * width + j]! * theta[j]!;
    theta[i] = total / reduced[i * width + i]!;
  }
  return theta.every(Number.isFinite) ? theta : undefined;
}

/** Takes x to x − scale·(v·x)·v, where v is zero before `from`. */
interface Reflection {
  readonly from: number;
  readonly v: Float64Array;
  readonly scale: number;
}

/** Applies a reflection to a column that lies by itself. */
function applyTo(x: Float64Array, { from, v, scale }: Reflection): void {
  let dot = 0;
  for (let i = from; i < x.length; i++) dot += v[i]! * x[i]!;
  dot *= scale;
  for (let i = from; i < x.length; i++) x[i]! -= dot * v[i]!;
}

/** Adds `length` numbers times `weight` to others. By itself, because engines soon optimise a function that is called often. */
function addScaled(
  to: Float64Array,
  toAt: number,
  from: Float64Array,
  fromAt: number,
  length: number,
  weight: number,
): void {
  for (let j = 0; j < length; j++) to[toAt + j]! += weight * from[fromAt + j]!;
}

/**
 * Householder reflections applied in place to [D | c], rows × (columns + 1), until D is upper triangular
 * (Golub & Van Loan, Matrix Computations, algorithm 5.2.1); gives them, so that another column can follow.
 */
function reflect(a: Float64Array, rows: number, columns: number): Reflection[] {
  const width = columns + 1;
  const end = rows * width;
  const dots = new Float64Array(width);
  const reflections: Reflection[] = [];
  for (let k = 0; k < columns; k++) {
    let norm = 0;
    for (let at = k * width + k; at < end; at += width) norm += squared(a[at]!);
    if (norm === 0) continue;
    const v = new Float64Array(rows);
    for (let i = k; i < rows; i++) v[i] = a[i * width + k]!;
    v[k]! -= v[k]! > 0 ? -Math.sqrt(norm) : Math.sqrt(norm);
    let length = 0;
    for (let i = k; i < rows; i++) length += squared(v[i]!);
    const scale = 2 / length;
    // Row by row, as the numbers lie in memory.
    dots.fill(0, k);
    for (let i = k; i < rows; i++) addScaled(dots, k, a, i * width + k, width - k, v[i]!);
    for (let j = k; j < width; j++) dots[j]! *= scale;
    for (let i = k; i < rows; i++) addScaled(a, i * width + k, dots, k, width - k, -v[i]!);
    reflections.push({ from: k, v, scale });
  }
  return reflections;
}
