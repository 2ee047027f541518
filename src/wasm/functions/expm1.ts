/** e^x − 1. */
import type { Algebra } from "../algebra.ts";
import type { ExpParts } from "./exp.ts";
import { expParts, FINE_GROWTH, powerRemainder } from "./exp.ts";

/** e^x - 1 and e^x from one reduction with `FINE_GROWTH`. */
export function expm1FromParts<V>(m: Algebra<V>, parts: ExpParts<V>): { expm1: V; exp: V } {
  // e^x - 1 = ((power - 1/scale) + (remainder + power·growth))·scale. The first difference is exact wherever it
  // cancels, and multiplying by the scale last keeps the sum from overflowing before the result does.
  const { power, scale, growth } = parts;
  const inverse = m.inversePower(scale);
  const rest = m.add(powerRemainder(m, parts), m.mul(power, growth));
  return {
    expm1: m.mul(m.add(m.sub(power, inverse), rest), scale),
    exp: m.mul(m.add(power, rest), scale),
  };
}

/**
 * e^x - 1, accurate near 0.
 *
 * The table of `exp` with the rounding errors of its entries in a second table. expm1(-Infinity) = -1, overflow gives
 * Infinity, expm1(±0) = 0.
 *
 * @example
 * expm1(numberAlgebra, 1e-10); // 1.00000000005e-10
 */
export function expm1<V>(m: Algebra<V>, x: V): V {
  return expm1FromParts(m, expParts(m, m.max(m.min(x, m.constant(710)), m.constant(-746)), FINE_GROWTH)).expm1;
}

/**
 * e^x - 1 for x from -700 to 700 or NaN: `expm1` without the tests for its ends.
 *
 * @example
 * expm1Bounded(numberAlgebra, -1); // -0.6321205588285577
 */
export function expm1Bounded<V>(m: Algebra<V>, x: V): V {
  return expm1FromParts(m, expParts(m, x, FINE_GROWTH)).expm1;
}
