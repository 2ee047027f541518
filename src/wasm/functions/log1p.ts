/** log(1 + x). */
import type { Algebra } from "../algebra.ts";
import { logOfParts, logOfSum, logOfTwo, logParts } from "./log.ts";

/**
 * log(1 + x), accurate near 0.
 *
 * u = 1 + x is rounded; what the rounding left, divided by u, is the first-order correction of log(u).
 * log1p(-1) = -Infinity, log1p(x < -1) = NaN, log1p(Infinity) = Infinity, log1p(±0) = 0.
 * Source: FreeBSD msun `s_log1p.c`; the correction without its case distinctions.
 *
 * @example
 * log1p(numberAlgebra, 1e-10); // 9.9999999995e-11
 */
export function log1p<V>(m: Algebra<V>, x: V): V {
  const u = m.add(m.constant(1), x);
  const lost = m.sub(x, m.sub(u, m.constant(1)));
  const { f, k } = logParts(m, u);
  const value = logOfParts(m, f, k, m.div(lost, u));
  const inside = m.select(m.lt(x, m.constant(Infinity)), value, x);
  const outside = m.select(m.eq(x, m.constant(-1)), m.constant(-Infinity), m.constant(NaN));
  return m.select(m.lt(m.constant(-1), x), inside, outside);
}

/**
 * log(1 + x) for x in [0, 1] or NaN, without the cases of `log1p`.
 *
 * @example
 * log1pUnit(numberAlgebra, 1); // 0.6931471805599453
 */
export function log1pUnit<V>(m: Algebra<V>, x: V): V {
  // Beyond √2 - 1, 1 + x = 2 (1 + f) with f = (x - 1) / 2, which is exact.
  const large = m.lt(m.constant(Math.SQRT2 - 1), x);
  const f = m.select(large, m.mul(m.sub(x, m.constant(1)), m.constant(0.5)), x);
  return logOfSum(m, f, logOfTwo(m, large));
}
