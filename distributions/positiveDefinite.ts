/** Whether matrices are symmetric and positive definite. */
import { tensor } from "../src/tensor/create.ts";
import { reshape } from "../src/tensor/shape.ts";
import type { Tensor } from "../src/tensor/tensor.ts";

/** How asymmetric a matrix may be, relative to its largest entry. */
const TOLERANCE = 1e-6;

/**
 * Which of the matrices `[…, n, n]` are symmetric and have a Cholesky factor; the result has shape `[…]`. Needs values:
 * it is written out because a membership test may not throw where `cholesky` does.
 */
export function positiveDefiniteCheck(x: Tensor): Tensor {
  const n = x.shape[x.rank - 1]!;
  const count = x.size / (n * n);
  const result = Array.from({ length: count }, (_, i) => isPositiveDefinite(x.data, i * n * n, n));
  return reshape(tensor(result), x.shape.slice(0, -2));
}

function isPositiveDefinite(a: ArrayLike<number>, offset: number, n: number): boolean {
  let largest = 0;
  for (let i = 0; i < n * n; i++) largest = Math.max(largest, Math.abs(a[offset + i]!));
  const l = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const aij = a[offset + i * n + j]!;
      // Negated so that NaN fails.
      if (!(Math.abs(aij - a[offset + j * n + i]!) <= TOLERANCE * largest)) return false;
      let s = aij;
      for (let k = 0; k < j; k++) s -= l[i * n + k]! * l[j * n + k]!;
      if (i === j) {
        if (!(s > 0)) return false;
        l[i * n + i] = Math.sqrt(s);
      } else {
        l[i * n + j] = s / l[j * n + j]!;
      }
    }
  }
  return true;
}
