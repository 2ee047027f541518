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
  reflect(reduced, rows, columns);
  const centre = solution(reduced, columns);
  if (!centre) return read(reduced, rows, columns, new Float64Array(columns));
  const centred = matrix.slice();
  for (let i = 0; i < rows; i++) {
    let total = matrix[i * width + columns]!;
    for (let j = 0; j < columns; j++) total += matrix[i * width + j]! * centre[j]!;
    centred[i * width + columns] = total;
  }
  reflect(centred, rows, columns);
  return read(centred, rows, columns, centre);
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

/**
 * Householder reflections applied in place to [D | c], rows × (columns + 1), until D is upper triangular
 * (Golub & Van Loan, Matrix Computations, algorithm 5.2.1).
 */
function reflect(a: Float64Array, rows: number, columns: number): void {
  const width = columns + 1;
  const v = new Float64Array(rows);
  const dots = new Float64Array(width);
  for (let k = 0; k < columns; k++) {
    let norm = 0;
    for (let i = k; i < rows; i++) norm += squared(a[i * width + k]!);
    if (norm === 0) continue;
    const alpha = a[k * width + k]! > 0 ? -Math.sqrt(norm) : Math.sqrt(norm);
    let length = 0;
    for (let i = k; i < rows; i++) {
      v[i] = i === k ? a[i * width + k]! - alpha : a[i * width + k]!;
      length += squared(v[i]!);
    }
    // Row by row, as the numbers lie in memory.
    dots.fill(0, k);
    for (let i = k; i < rows; i++) for (let j = k; j < width; j++) dots[j]! += v[i]! * a[i * width + j]!;
    for (let j = k; j < width; j++) dots[j]! *= 2 / length;
    for (let i = k; i < rows; i++) for (let j = k; j < width; j++) a[i * width + j]! -= dots[j]! * v[i]!;
  }
}
