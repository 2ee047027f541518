/** Polynomials. */
import type { Algebra } from "../algebra.ts";

/**
 * c0 + c1 x + c2 x² + … by Horner's rule: 2n operations for degree n, one chain.
 *
 * @example
 * horner(numberAlgebra, 2, [1, 0, 3]); // 13
 */
export function horner<V>(m: Algebra<V>, x: V, coefficients: readonly number[]): V {
  let value = m.constant(coefficients[coefficients.length - 1]);
  for (let i = coefficients.length - 2; i >= 0; i--) value = m.add(m.constant(coefficients[i]), m.mul(x, value));
  return value;
}

/**
 * The same polynomial as two interleaved chains in x²: two operations more than `horner`, half its latency.
 * For degrees from about 7.
 *
 * @example
 * evenOdd(numberAlgebra, 2, [1, 0, 3]); // 13
 */
export function evenOdd<V>(m: Algebra<V>, x: V, coefficients: readonly number[]): V {
  const square = m.mul(x, x);
  const even = horner(
    m,
    square,
    coefficients.filter((_, i) => i % 2 === 0),
  );
  const odd = horner(
    m,
    square,
    coefficients.filter((_, i) => i % 2 === 1),
  );
  return m.add(even, m.mul(x, odd));
}
