/** The normal distribution function, its logarithm and its inverse. */
import type { Algebra } from "../algebra.ts";
import { erfcxPositive, gaussian } from "./erf.ts";
import { log, logOfParts, logParts } from "./log.ts";
import { horner } from "./polynomial.ts";

const SQRT_HALF = Math.SQRT1_2;
const INVERSE_SQRT_TWO_PI = 0.3989422804014327;

/** Φ(-a) e^(a²/2) for a ≥ 0: Mills' ratio over √2π. */
function scaledTail<V>(m: Algebra<V>, a: V): V {
  return m.mul(erfcxPositive(m, m.mul(a, m.constant(SQRT_HALF))), m.constant(0.5));
}

/**
 * The distribution function Φ(x) of the standard normal, accurate in relative terms down to subnormal results at x = -38.5.
 *
 * Φ(-a) = e^(-a²/2) erfcx(a/√2) / 2, with a²/2 kept to more than a double.
 *
 * @example
 * normalCdf(numberAlgebra, -1); // 0.15865525393145707
 */
export function normalCdf<V>(m: Algebra<V>, x: V): V {
  const a = m.min(m.abs(x), m.constant(40));
  const tail = m.mul(gaussian(m, a, 0.5), scaledTail(m, a));
  return m.select(m.lt(m.constant(0), x), m.sub(m.constant(1), tail), tail);
}

/** The pieces that log Φ and φ / Φ share: for x ≤ 0 the tail without its factor e^(-x²/2), for x > 0 the tail itself. */
function tailParts<V>(m: Algebra<V>, x: V): { upper: V; gauss: V; scaled: V; tail: V } {
  const a = m.min(m.abs(x), m.constant(1e150));
  const gauss = gaussian(m, m.min(a, m.constant(40)), 0.5);
  const scaled = scaledTail(m, a);
  return { upper: m.lt(m.constant(0), x), gauss, scaled, tail: m.mul(gauss, scaled) };
}

/**
 * log Φ(x) of the standard normal, accurate in relative terms in both tails, for any x (about -x²/2 far to the left).
 *
 * For x ≤ 0 it is log(erfcx(-x/√2) / 2) - x²/2, for x > 0 log1p(-Φ(-x)), with one logarithm between them.
 *
 * @example
 * logNormalCdf(numberAlgebra, -40); // -804.6084420137538
 */
export function logNormalCdf<V>(m: Algebra<V>, x: V): V {
  const { upper, scaled, tail } = tailParts(m, x);
  const one = m.constant(1);
  const zero = m.constant(0);
  const complement = m.sub(one, tail);
  const u = m.select(upper, complement, scaled);
  const lost = m.select(upper, m.sub(m.sub(one, complement), tail), zero);
  const { f, k } = logParts(m, u);
  // The correction is lost / u; with u in [½, 1] and `lost` about an ulp, leaving out the division costs half an ulp.
  const value = logOfParts(m, f, k, lost);
  return m.sub(value, m.select(upper, zero, m.mul(m.mul(x, x), m.constant(0.5))));
}

/**
 * The inverse Mills ratio φ(x) / Φ(x) of the standard normal, which is the derivative of `logNormalCdf`.
 *
 * @example
 * inverseMillsRatio(numberAlgebra, 0); // 0.7978845608028654
 */
export function inverseMillsRatio<V>(m: Algebra<V>, x: V): V {
  const { upper, gauss, scaled, tail } = tailParts(m, x);
  const numerator = m.mul(m.select(upper, gauss, m.constant(1)), m.constant(INVERSE_SQRT_TWO_PI));
  return m.div(numerator, m.select(upper, m.sub(m.constant(1), tail), scaled));
}

const CENTRAL = {
  numerator: [
    3.387132872796366608, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125, 45921.953931549871457,
    67265.770927008700853, 33430.575583588128105, 2509.0809287301226727,
  ],
  denominator: [
    1, 42.313330701600911252, 687.1870074920579083, 5394.1960214247511077, 21213.794301586595867, 39307.89580009271061,
    28729.085735721942674, 5226.495278852854561,
  ],
};
const TAIL = {
  numerator: [
    1.42343711074968357734, 4.6303378461565452959, 5.7694972214606914055, 3.64784832476320460504,
    1.27045825245236838258, 0.24178072517745061177, 0.0227238449892691845833, 7.7454501427834140764e-4,
  ],
  denominator: [
    1, 2.05319162663775882187, 1.6763848301838038494, 0.68976733498510000455, 0.14810397642748007459,
    0.0151986665636164571966, 5.475938084995344946e-4, 1.05075007164441684324e-9,
  ],
};
const FAR_TAIL = {
  numerator: [
    6.6579046435011037772, 5.4637849111641143699, 1.7848265399172913358, 0.29656057182850489123,
    0.026532189526576123093, 0.0012426609473880784386, 2.71155556874348757815e-5, 2.01033439929228813265e-7,
  ],
  denominator: [
    1, 0.59983220655588793769, 0.13692988092273580531, 0.0148753612908506148525, 7.868691311456132591e-4,
    1.8463183175100546818e-5, 1.4215117583164458887e-7, 2.04426310338993978564e-15,
  ],
};

/**
 * Φ⁻¹(½ + q), given also the smaller tail probability min(½ + q, ½ - q), which loses digits when it is taken from q.
 *
 * Source: M. J. Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Appl. Statist. 37 (1988),
 * PPND16.
 */
function quantileOfOffset<V>(m: Algebra<V>, q: V, tail: V): V {
  const distance = m.abs(q);
  const central = m.le(distance, m.constant(0.425));
  const r = m.sqrt(m.neg(log(m, tail)));
  const near = m.le(r, m.constant(5));

  const centralArgument = m.sub(m.constant(0.180625), m.mul(q, q));
  const tailArgument = m.sub(r, m.select(near, m.constant(1.6), m.constant(5)));
  const choose = (part: "numerator" | "denominator"): V => {
    const outer = m.select(near, horner(m, tailArgument, TAIL[part]), horner(m, tailArgument, FAR_TAIL[part]));
    return m.select(central, horner(m, centralArgument, CENTRAL[part]), outer);
  };
  const value = m.div(choose("numerator"), choose("denominator"));
  const finite = m.select(m.lt(r, m.constant(Infinity)), value, r);
  return m.select(central, m.mul(finite, q), m.copysign(finite, q));
}

/**
 * The quantile function Φ⁻¹(p) of the standard normal. p = 0 and 1 give ∓Infinity, p outside [0, 1] gives NaN.
 *
 * @example
 * normalQuantile(numberAlgebra, 0.975); // 1.959963984540054
 */
export function normalQuantile<V>(m: Algebra<V>, p: V): V {
  const tail = m.min(p, m.sub(m.constant(1), p));
  return quantileOfOffset(m, m.sub(p, m.constant(0.5)), tail);
}

/**
 * The inverse error function: erf(erfinv(x)) = x. ±1 give ±Infinity, |x| > 1 gives NaN.
 *
 * @example
 * erfinv(numberAlgebra, 0.5); // 0.4769362762044699
 */
export function erfinv<V>(m: Algebra<V>, x: V): V {
  const half = m.constant(0.5);
  const tail = m.sub(half, m.mul(m.abs(x), half));
  return m.mul(quantileOfOffset(m, m.mul(x, half), tail), m.constant(SQRT_HALF));
}
