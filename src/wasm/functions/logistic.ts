/** The logistic function and its relatives. */
import type { Algebra } from "../algebra.ts";
import { expNonPositive, expParts, FINE_GROWTH } from "./exp.ts";
import { expm1Bounded, expm1FromParts } from "./expm1.ts";
import { logOfParts, logParts } from "./log.ts";
import { log1pUnit } from "./log1p.ts";

/**
 * The logistic function 1 / (1 + e^-x), as e^x / (1 + e^x) for negative x. Either way the exponential is e^-|x|, which
 * `softplus` of the same argument needs as well.
 *
 * @example
 * sigmoid(numberAlgebra, 0); // 0.5
 */
export function sigmoid<V>(m: Algebra<V>, x: V): V {
  const one = m.constant(1);
  const small = expNonPositive(m, m.neg(m.abs(x)));
  return m.div(m.select(m.lt(x, m.constant(0)), small, one), m.add(one, small));
}

/** log(1 + e^-|x|). */
function softplusTail<V>(m: Algebra<V>, x: V): V {
  return log1pUnit(m, expNonPositive(m, m.neg(m.abs(x))));
}

/**
 * 1 + e^-|x|, whose logarithm is what `softplus` adds to max(x, 0). It shares the exponential of `softplus` and `sigmoid`.
 *
 * @example
 * softplusFactor(numberAlgebra, 0); // 2
 */
export function softplusFactor<V>(m: Algebra<V>, x: V): V {
  return m.add(m.constant(1), expNonPositive(m, m.neg(m.abs(x))));
}

/**
 * log(1 + e^x) = max(x, 0) + log(1 + e^-|x|), accurate in relative terms on both sides.
 *
 * @example
 * softplus(numberAlgebra, 0); // 0.6931471805599453
 */
export function softplus<V>(m: Algebra<V>, x: V): V {
  return m.add(m.max(x, m.constant(0)), softplusTail(m, x));
}

/**
 * log(sigmoid(x)) = -log(1 + e^-x).
 *
 * @example
 * logSigmoid(numberAlgebra, 0); // -0.6931471805599453
 */
export function logSigmoid<V>(m: Algebra<V>, x: V): V {
  return m.sub(m.min(x, m.constant(0)), softplusTail(m, x));
}

/**
 * The hyperbolic tangent: with t = e^(2|x|) - 1, tanh |x| = t / (2 + t), which is 1 from |x| = 20 on.
 *
 * @example
 * tanh(numberAlgebra, 1); // 0.7615941559557649
 */
export function tanh<V>(m: Algebra<V>, x: V): V {
  const size = m.abs(x);
  const t = expm1Bounded(m, m.min(m.add(size, size), m.constant(60)));
  return m.copysign(m.div(t, m.add(m.constant(2), t)), x);
}

/**
 * log(1 - e^x) for a *negative* x: the sign convention of Stan's `log1m_exp` and of R's `log1mexp(-x)`.
 * log1mexp(0) = -Infinity, log1mexp(-Infinity) = 0, a positive argument gives NaN.
 *
 * Above -ln 2 it is log(-expm1(x)), below log1p(-e^x); both are one logarithm of u = 1 - e^x with a correction
 * for what rounding u lost, and e^x and e^x - 1 share their reduction.
 * Source: M. Mächler, "Accurately computing log(1 - exp(-|a|))" (2012).
 *
 * @example
 * log1mexp(numberAlgebra, -1); // -0.4586751453870819
 */
export function log1mexp<V>(m: Algebra<V>, x: V): V {
  const both = expm1FromParts(m, expParts(m, m.max(x, m.constant(-746)), FINE_GROWTH));
  const u = m.neg(both.expm1);
  const far = m.lt(x, m.constant(-Math.LN2));
  const lost = m.select(far, m.sub(m.sub(m.constant(1), u), both.exp), m.constant(0));
  const { f, k } = logParts(m, u);
  // The correction is lost / u; with u in [½, 1) and `lost` about an ulp, leaving out the division costs half an ulp.
  const value = logOfParts(m, f, k, lost);
  const outside = m.select(m.eq(x, m.constant(0)), m.constant(-Infinity), m.constant(NaN));
  return m.select(m.lt(x, m.constant(0)), value, outside);
}

/**
 * log(e^a + e^b) without overflow. Equal infinities give themselves.
 *
 * @example
 * logaddexp(numberAlgebra, 0, 0); // 0.6931471805599453
 */
export function logaddexp<V>(m: Algebra<V>, a: V, b: V): V {
  return m.add(m.max(a, b), softplusTail(m, finiteDifference(m, a, b)));
}

/** a - b, and 0 for equal infinities. */
const finiteDifference = <V>(m: Algebra<V>, a: V, b: V): V => m.select(m.eq(a, b), m.constant(0), m.sub(a, b));

/**
 * 1 + e^-|a - b|, whose logarithm is what `logaddexp` adds to max(a, b).
 *
 * @example
 * logaddexpFactor(numberAlgebra, 0, 0); // 2
 */
export function logaddexpFactor<V>(m: Algebra<V>, a: V, b: V): V {
  return softplusFactor(m, finiteDifference(m, a, b));
}

/**
 * The share of e^a in e^a + e^b, which is the derivative of `logaddexp` with respect to a. It shares the exponential of
 * `logaddexp(a, b)`.
 *
 * @example
 * logaddexpShare(numberAlgebra, 0, 0); // 0.5
 */
export function logaddexpShare<V>(m: Algebra<V>, a: V, b: V): V {
  return sigmoid(m, finiteDifference(m, a, b));
}
