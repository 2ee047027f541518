/** Sine, cosine, tangent. */
import type { Algebra } from "../algebra.ts";
import { powerOfTwo } from "../numberAlgebra.ts";
import { evenOdd, horner } from "./polynomial.ts";

const INVERSE_PI = 0.3183098861837907;
/** π in three parts. The first two have 29 bits, so their products with multiples up to 2^24 are exact. */
const PI_HIGH = 3.141592651605606;
const PI_MIDDLE = 1.9841871548575973e-9;
const PI_LOW = 4.503483548312435e-18;
/** Beyond this the reduction has lost nine of sixteen digits, and NaN is the honest answer. */
const LARGEST = powerOfTwo(30);

/** sin r = r + r³ P(r²) for |r| ≤ π/2, relative error 2^-61. */
const SINE = [
  -0.16666666666666666, 0.008333333333333207, -0.00019841269841212476, 2.755731921156863e-6, -2.5052106904286534e-8,
  1.6058940991998991e-10, -7.643019000922098e-13, 2.721414445869587e-15,
];

/** sin(π r) = r P(r²) for |r| ≤ 1/2, relative error 2^-54. */
const SINE_PI = [
  Math.PI,
  -5.16771278004991,
  2.5501640398724645,
  -0.5992645291687999,
  0.08214588427179582,
  -0.007370411274629466,
  0.00046621050844095405,
  -2.1687007251705557e-5,
  5.561632056819744e-7,
];

/** atan t = t + t³ P(t²) for |t| ≤ √2 − 1, relative error 2^-59. */
const ARCTANGENT = [
  -0.333333333333332, 0.19999999999953247, -0.14285714280166606, 0.1111111078215692, -0.09090897725300326,
  0.07692059718213885, -0.06663099212000684, 0.05847859329431453, -0.05039190665367099, 0.03806214570563949,
  -0.01790504561616952,
];
/** π/2 less its nearest double. */
const HALF_PI_LOW = 6.123233995736766e-17;

/** (-1)^count sin(x - multiple π). */
function reducedSine<V>(m: Algebra<V>, x: V, count: V, multiple: V): V {
  const part = (pi: number): V => m.mul(multiple, m.constant(pi));
  const r = m.sub(m.sub(m.sub(x, part(PI_HIGH)), part(PI_MIDDLE)), part(PI_LOW));
  const square = m.mul(r, r);
  // One Horner chain: its roundings leave the maximum exactly 1, which two chains miss by an ulp.
  const sine = m.add(r, m.mul(square, m.mul(r, horner(m, square, SINE))));
  const half = m.mul(count, m.constant(0.5));
  const signed = m.select(m.eq(half, m.floor(half)), sine, m.neg(sine));
  return m.select(m.lt(m.abs(x), m.constant(LARGEST)), signed, m.constant(NaN));
}

/**
 * The sine of an angle in radians.
 *
 * Reduction by multiples of π in three parts (Cody and Waite), one polynomial on [-π/2, π/2]. Within 2.2 ulp for |x| up
 * to 5e7; beyond, the absolute error grows to about 1e-7 at 2^30, and larger arguments give NaN.
 * Source: W. J. Cody and W. Waite, "Software Manual for the Elementary Functions" (1980); own minimax coefficients.
 *
 * @example
 * sin(numberAlgebra, 1); // 0.8414709848078965
 */
export function sin<V>(m: Algebra<V>, x: V): V {
  const n = m.nearest(m.mul(x, m.constant(INVERSE_PI)));
  return reducedSine(m, x, n, n);
}

/**
 * The cosine of an angle in radians: the sine of x + π/2, with the accuracy of `sin` up to 2.5e7 and the same range.
 *
 * @example
 * cos(numberAlgebra, 1); // 0.5403023058681398
 */
export function cos<V>(m: Algebra<V>, x: V): V {
  const n = m.nearest(m.add(m.mul(x, m.constant(INVERSE_PI)), m.constant(0.5)));
  return reducedSine(m, x, n, m.sub(n, m.constant(0.5)));
}

/**
 * The tangent of an angle in radians: sin(x) / cos(x), with their range.
 *
 * @example
 * tan(numberAlgebra, 1); // 1.5574077246549023
 */
export function tan<V>(m: Algebra<V>, x: V): V {
  return m.div(sin(m, x), cos(m, x));
}

/**
 * sin(π r) for |r| ≤ 1/2.
 *
 * @example
 * sinPi(numberAlgebra, 0.5); // 1
 */
export function sinPi<V>(m: Algebra<V>, r: V): V {
  return m.mul(r, horner(m, m.mul(r, r), SINE_PI));
}

/**
 * The angle in [-π/2, π/2] whose tangent is x.
 *
 * One quotient carries |x| below √2 − 1: |x| itself, (|x| − 1) / (|x| + 1) from there to √2 + 1 and −1/|x| beyond, which are the tangents
 * of the angle less 0, π/4 and π/2.
 *
 * @example
 * atan(numberAlgebra, 1); // 0.7853981633974483
 */
export function atan<V>(m: Algebra<V>, x: V): V {
  const size = m.abs(x);
  const one = m.constant(1);
  const beyond = (bound: number, yes: V, no: V): V => m.select(m.lt(m.constant(bound), size), yes, no);
  const pick = (small: V, middle: V, large: V): V =>
    beyond(Math.SQRT2 + 1, large, beyond(Math.SQRT2 - 1, middle, small));
  const t = m.div(pick(size, m.sub(size, one), m.neg(one)), pick(one, m.add(size, one), size));
  const angle = (part: number): V => pick(m.constant(0), m.constant(part / 2), m.constant(part));
  const square = m.mul(t, t);
  const rest = m.add(m.mul(square, m.mul(t, evenOdd(m, square, ARCTANGENT))), angle(HALF_PI_LOW));
  return m.copysign(m.add(angle(Math.PI / 2), m.add(t, rest)), x);
}
