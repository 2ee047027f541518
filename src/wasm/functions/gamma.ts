/** Logarithm of the gamma function and its derivatives. */
import type { Algebra } from "../algebra.ts";
import { log, logPositive } from "./log.ts";
import { evenOdd, horner } from "./polynomial.ts";
import { sinPi } from "./trigonometric.ts";

/** From here on Stirling's series. */
const STIRLING_FROM = 8;

/** log Γ(x) = (x - ½)(log x - 1) + ½ (log 2π - 1) + S(1/x²) / x for x ≥ 8, error of S 2^-48. */
const STIRLING = [
  0.08333333333333033, -0.002777777768072181, 0.0007936457674903185, -0.0005943228679959869, 0.0007728201608583237,
];
const STIRLING_CONSTANT = 0.4189385332046727;

/** log Γ(1 + w) = w (w - 1) P(w - ½) for w in [0, 1], relative error 2^-55. */
const UNIT_INTERVAL = [
  0.4831289505409809, -0.14595989591430591, 0.0629114010745822, -0.0313084875010557, 0.016797098628927594,
  -0.009425622444654015, 0.005446457959125473, -0.0032120742263545532, 0.0019229131960295663, -0.001164411275722562,
  0.0007115655694896487, -0.00043803621125109793, 0.0002708913242359832, -0.00016856524490768102,
  0.00010773014593469876, -6.796156775255331e-5, 3.495755930795801e-5, -2.1438723023553054e-5, 2.8368512316196743e-5,
  -1.8569428991658543e-5,
];

/** log x - 1/(2x) - ψ(x) = z P(z) with z = 1/x², for x ≥ 8, absolute error 2^-52. */
const DIGAMMA = [
  0.08333333333293334, -0.008333332966632422, 0.003968144493679582, -0.004152306265250606, 0.006705070033476052,
];

/** ψ'(x) = 1/x + z/2 + z P(z) / x with z = 1/x², for x ≥ 8. */
const TRIGAMMA = [
  0.16666666666656604, -0.033333333206368373, 0.023809470357885422, -0.033322931676463996, 0.07472176068739102,
  -0.2007577454478992,
];

/** Steps of the recurrences that carry a small argument to where the asymptotic series hold. */
const SHIFT = 8;

/**
 * log Γ(x) for x ≥ 0; a negative x gives NaN, 0 and Infinity give Infinity.
 *
 * Below 8, Γ(x) = (x-1)(x-2)… Γ(1 + w) with w the fraction of x, and one polynomial for log Γ(1 + w) that is exact at both its
 * zeros, so the result is accurate in relative terms at 1 and 2. From 8, Stirling's series. One logarithm serves both.
 *
 * @example
 * lgammaPositive(numberAlgebra, 5); // 3.1780538303479458
 */
export function lgammaPositive<V>(m: Algebra<V>, x: V): V {
  const one = m.constant(1);
  // Factors beyond the fraction are below 1 and become 1. Below x = 1 the only factor is 1/x, hence |log| below.
  let product = m.select(m.lt(x, one), x, m.max(m.sub(x, one), one));
  for (let j = 2; j < STIRLING_FROM - 1; j++) product = m.mul(product, m.max(m.sub(x, m.constant(j)), one));
  const large = m.le(m.constant(STIRLING_FROM), x);
  const logarithm = log(m, m.select(large, x, product));

  const w = m.sub(x, m.floor(x));
  const centred = evenOdd(m, m.sub(w, m.constant(0.5)), UNIT_INTERVAL);
  const small = m.add(m.mul(m.mul(w, m.sub(w, one)), centred), m.abs(logarithm));

  const inverse = m.div(one, x);
  const series = m.mul(inverse, horner(m, m.mul(inverse, inverse), STIRLING));
  const main = m.mul(m.sub(x, m.constant(0.5)), m.sub(logarithm, one));
  return m.select(large, m.add(main, m.add(series, m.constant(STIRLING_CONSTANT))), small);
}

/** x less its nearest integer: exact, in [-½, ½]. */
function offset<V>(m: Algebra<V>, x: V): V {
  return m.sub(x, m.nearest(x));
}

/**
 * log |Γ(x)| on the whole real line. The poles 0, -1, -2, … give Infinity, and so does ±Infinity.
 *
 * Negative arguments by reflection: |Γ(x)| = π / (|sin πx| Γ(1 - x)). There the error is absolute, near the zeros of the
 * result between its poles. `lgammaPositive` costs half as much.
 *
 * @example
 * lgamma(numberAlgebra, -0.5); // 1.2655121234846454
 */
export function lgamma<V>(m: Algebra<V>, x: V): V {
  const negative = m.lt(x, m.constant(0));
  const positive = lgammaPositive(m, m.select(negative, m.sub(m.constant(1), x), x));
  const sine = m.mul(m.abs(sinPi(m, offset(m, x))), m.constant(1 / Math.PI));
  const reflected = m.neg(m.add(log(m, sine), positive));
  return m.select(m.and(negative, m.lt(m.constant(-Infinity), x)), reflected, positive);
}

/**
 * ψ(x) = d/dx log Γ(x) for x > 0; digammaPositive(0) = -Infinity, negative arguments give an unspecified number.
 *
 * Below 8, ψ(x) = ψ(x + 8) - P'(x) / P(x) with P(x) = x (x+1) … (x+7); the rest by the asymptotic series.
 * The error is absolute near the zero 1.4616.
 *
 * @example
 * digammaPositive(numberAlgebra, 1); // -0.5772156649015329
 */
export function digammaPositive<V>(m: Algebra<V>, x: V): V {
  let product = x;
  let derivative = m.constant(1);
  for (let j = 1; j < SHIFT; j++) {
    const factor = m.add(x, m.constant(j));
    derivative = m.add(m.mul(derivative, factor), product);
    product = m.mul(product, factor);
  }
  const small = m.lt(x, m.constant(SHIFT));
  const y = m.select(small, m.add(x, m.constant(SHIFT)), x);
  const inverse = m.div(m.constant(1), y);
  const z = m.mul(inverse, inverse);
  const series = m.add(m.mul(inverse, m.constant(0.5)), m.mul(z, horner(m, z, DIGAMMA)));
  const shifted = m.add(series, m.select(small, m.div(derivative, product), m.constant(0)));
  const finite = m.sub(logPositive(m, y), shifted);
  return m.select(m.lt(x, m.constant(Infinity)), finite, x);
}

/**
 * The digamma function ψ(x) on the whole real line. The poles 0, -1, -2, … and -Infinity give NaN.
 *
 * Negative arguments by reflection: ψ(x) = ψ(1 - x) - π cot πx.
 *
 * @example
 * digamma(numberAlgebra, 0.5); // -1.9635100260214235
 */
export function digamma<V>(m: Algebra<V>, x: V): V {
  const reflect = m.le(x, m.constant(0));
  const positive = digammaPositive(m, m.select(reflect, m.sub(m.constant(1), x), x));
  const r = offset(m, x);
  // cos πr = sin π(½ - |r|).
  const cotangent = m.div(sinPi(m, m.sub(m.constant(0.5), m.abs(r))), sinPi(m, r));
  const reflected = m.sub(positive, m.mul(m.constant(Math.PI), cotangent));
  const regular = m.select(m.eq(r, m.constant(0)), m.constant(NaN), reflected);
  return m.select(reflect, regular, positive);
}

/**
 * ψ'(x) for x > 0; trigammaPositive(0) = Infinity, negative arguments give an unspecified number.
 *
 * Below 8, ψ'(x) = ψ'(x + 8) + Σ 1/(x+j)² over a common denominator; the rest by the asymptotic series.
 *
 * @example
 * trigammaPositive(numberAlgebra, 1); // 1.6449340668482264
 */
export function trigammaPositive<V>(m: Algebra<V>, x: V): V {
  let denominator = m.mul(x, x);
  let numerator = m.constant(1);
  for (let j = 1; j < SHIFT; j++) {
    const factor = m.add(x, m.constant(j));
    const square = m.mul(factor, factor);
    numerator = m.add(m.mul(numerator, square), denominator);
    denominator = m.mul(denominator, square);
  }
  const small = m.lt(x, m.constant(SHIFT));
  const y = m.select(small, m.add(x, m.constant(SHIFT)), x);
  const inverse = m.div(m.constant(1), y);
  const z = m.mul(inverse, inverse);
  const series = m.add(m.mul(z, m.constant(0.5)), m.mul(m.mul(z, inverse), horner(m, z, TRIGAMMA)));
  return m.add(m.add(series, inverse), m.select(small, m.div(numerator, denominator), m.constant(0)));
}

/**
 * The trigamma function ψ'(x), the derivative of `digamma`, on the whole real line. The poles 0, -1, -2, … give
 * Infinity.
 *
 * Negative arguments by reflection: ψ'(x) = (π / sin πx)² - ψ'(1 - x).
 *
 * @example
 * trigamma(numberAlgebra, 1); // 1.6449340668482264
 */
export function trigamma<V>(m: Algebra<V>, x: V): V {
  const reflect = m.le(x, m.constant(0));
  const positive = trigammaPositive(m, m.select(reflect, m.sub(m.constant(1), x), x));
  const ratio = m.div(m.constant(Math.PI), sinPi(m, offset(m, x)));
  return m.select(reflect, m.sub(m.mul(ratio, ratio), positive), positive);
}
