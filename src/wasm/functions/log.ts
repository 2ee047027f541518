/** The natural logarithm. */
import type { Algebra } from "../algebra.ts";
import { powerOfTwo } from "../numberAlgebra.ts";
import { horner } from "./polynomial.ts";

/** ln 2 in two parts; the first has 33 bits, so its product with an exponent is exact. */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
const SMALLEST_NORMAL = 2.2250738585072014e-308;

const ODD = [0.6666666666666735, 0.2857142874366239, 0.1818357216161805, 0.14798198605116586];
const EVEN = [0.3999999999940942, 0.22222198432149784, 0.15313837699209373];

/** A logarithm as an unevaluated sum. */
export interface LogSum<V> {
  readonly high: V;
  readonly low: V;
}

/** log 2^k. */
const logOfPower = <V>(m: Algebra<V>, k: V): LogSum<V> => ({
  high: m.mul(k, m.constant(LN2_HIGH)),
  low: m.mul(k, m.constant(LN2_LOW)),
});
/** log 2 where a truth value holds, else 0. */
export const logOfTwo = <V>(m: Algebra<V>, truth: V): LogSum<V> => ({
  high: m.select(truth, m.constant(LN2_HIGH), m.constant(0)),
  low: m.select(truth, m.constant(LN2_LOW), m.constant(0)),
});

/**
 * log(1 + f) + base for 1 + f in [√½, √2] and a base that is zero or at least log 2, up to what is below an ulp of its high part.
 *
 * log(1 + f) = f - f²/2 + s (f²/2 + R(s²)) with s = f / (2 + f). Relative error below one ulp, also near f = 0.
 * Source: FreeBSD msun `e_log.c` (Sun Microsystems, 1993), whose minimax polynomial R this is.
 */
export function logOfSum<V>(m: Algebra<V>, f: V, base: LogSum<V>): V {
  const s = m.div(f, m.add(m.constant(2), f));
  const z = m.mul(s, s);
  const w = m.mul(z, z);
  const half = m.mul(m.mul(f, f), m.constant(0.5));
  const remainder = m.add(m.mul(z, horner(m, w, ODD)), m.mul(w, horner(m, w, EVEN)));
  const tail = m.add(m.mul(s, m.add(half, remainder)), base.low);
  return m.sub(base.high, m.sub(m.sub(half, tail), f));
}

/** log(2^k (1 + f)) + low for 1 + f in [√½, √2], k an integer and |low| at most about an ulp of 1. */
export function logOfParts<V>(m: Algebra<V>, f: V, k: V, low?: V): V {
  const power = logOfPower(m, k);
  return logOfSum(m, f, low === undefined ? power : { high: power.high, low: m.add(power.low, low) });
}

/** The double above √½. */
const CENTRED = 0.7071067811865477;

/** Splits a positive normal x into 2^k (1 + f) with 1 + f in (√½, √2]. */
export function logParts<V>(m: Algebra<V>, x: V): { f: V; k: V } {
  return { f: m.sub(m.mantissa(x, CENTRED), m.constant(1)), k: m.exponent(x, CENTRED) };
}

/**
 * log(x) for a positive, normal, finite x; any other argument, NaN included, gives an unspecified number.
 *
 * @example
 * logPositive(numberAlgebra, 10); // 2.302585092994046
 */
export function logPositive<V>(m: Algebra<V>, x: V): V {
  const { f, k } = logParts(m, x);
  return logOfParts(m, f, k);
}

/**
 * The exponent that makes `logOfParts` give the logarithm of x also where that is not finite: -Infinity at `zero`, Infinity at
 * Infinity, NaN below `zero` and at NaN; elsewhere `k`.
 */
export function outsideExponent<V>(m: Algebra<V>, x: V, zero: V, k: V): V {
  const none = m.constant(0);
  const low = m.sub(k, m.select(m.eq(x, zero), m.constant(Infinity), none));
  const high = m.add(low, m.select(m.lt(x, m.constant(Infinity)), none, x));
  return m.select(m.lt(x, zero), m.constant(NaN), high);
}

/**
 * The natural logarithm.
 *
 * Below 1 ulp for every positive argument, subnormal ones included. log(±0) = -Infinity, log(x < 0) = NaN,
 * log(Infinity) = Infinity.
 *
 * @example
 * log(numberAlgebra, 10); // 2.302585092994046
 */
export function log<V>(m: Algebra<V>, x: V): V {
  const zero = m.constant(0);
  const tiny = m.lt(x, m.constant(SMALLEST_NORMAL));
  const { f, k } = logParts(m, m.select(tiny, m.mul(x, m.constant(powerOfTwo(54))), x));
  const normal = m.sub(k, m.select(tiny, m.constant(54), zero));
  return logOfParts(m, f, outsideExponent(m, x, zero, normal));
}
