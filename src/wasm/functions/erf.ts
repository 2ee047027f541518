/** The error function and its complement. */
import type { Algebra } from "../algebra.ts";
import { powerOfTwo } from "../numberAlgebra.ts";
import { expNonPositive, expNonPositiveOfSum } from "./exp.ts";
import { evenOdd } from "./polynomial.ts";

/** e^(a²) erfc(a) (1 + 2a) = 1 + (1 + q) P(q) with q = (a - 4) / (a + 4), for every a ≥ 0, relative error 2^-55. */
const SCALED_COMPLEMENT = [
  0.23299511862555253, -0.37261623546611466, 0.38799588756872544, -0.31989883331407265, 0.21885976727819725,
  -0.12512693227868574, 0.058796566458504944, -0.02162905093686352, 0.005431316954563497, -0.0003993468547491613,
  -0.00035842684925498276, 0.00015916957410783004, -8.546483384949788e-6, -1.5850933088646224e-5, 4.6258390260429375e-6,
  1.0802101625007086e-6, -7.82201111050262e-7, -3.828355002739022e-8, 1.0943679750598624e-7, -3.5180759703595663e-9,
  -1.2852249852436002e-8, 6.703259570059167e-10, 9.029940286240656e-10,
];
const SCALED_CENTRE = 4;

/** erf(a) = a + a P(a²) for |a| ≤ 0.85, relative error 2^-56. */
const ERF = [
  0.12837916709551256, -0.37612638903183254, 0.11283791670928185, -0.02686617063944261, 0.005223977563669547,
  -0.0008548323099221186, 0.000120551770587892, -1.4921654232525391e-5, 1.6395873135707433e-6, -1.567527546464903e-7,
  1.0613398604565347e-8,
];
const ERF_SMALL = 0.85;

/** e^(a²) erfc(a) = P(q) with q = (a - 3) / (a + 3), for 0.85 ≤ a ≤ 6, as far as it matters beside 1. */
const ERF_COMPLEMENT = [
  0.1790011511812082, -0.3262335600502367, 0.2456038016995072, -0.15011593385115093, 0.07166588773049755,
  -0.024392030903172685, 0.0042717888609780895, 0.0007176455284029329, -0.0005720541107925128, 8.787661440485708e-5,
  0.00011129295473286795, 1.7848475540637415e-5,
];
const ERF_CENTRE = 3;

/** Adding and subtracting this rounds |a| < 2^6 to multiples of 2^-20, whose squares are exact. */
const SPLIT = 1.5 * powerOfTwo(32);

/** (a - centre) / (a + centre): maps [0, ∞) to [-1, 1). */
function fold<V>(m: Algebra<V>, a: V, centre: number): V {
  return m.div(m.sub(a, m.constant(centre)), m.add(a, m.constant(centre)));
}

/**
 * e^(a²) erfc(a) for 0 ≤ a ≤ 1e300 or NaN. The form of the approximation makes the value at 0 exactly 1.
 *
 * Source: M. M. Shepherd and J. G. Laframboise, "Chebyshev approximation of (1 + 2x) exp(x²) erfc x in 0 ≤ x < ∞",
 * Math. Comp. 36 (1981); own minimax coefficients.
 *
 * @example
 * erfcxPositive(numberAlgebra, 1); // 0.427583576155807
 */
export function erfcxPositive<V>(m: Algebra<V>, a: V): V {
  const one = m.constant(1);
  const q = fold(m, a, SCALED_CENTRE);
  const scaled = m.add(one, m.mul(m.add(one, q), evenOdd(m, q, SCALED_COMPLEMENT)));
  return m.div(scaled, m.add(one, m.add(a, a)));
}

/**
 * e^(-a² scale) for 0 ≤ a < 64 or NaN and a scale of 1 or ½: a² is kept to more than a double, because its error is
 * the relative error of the result.
 *
 * @example
 * gaussian(numberAlgebra, 20, 0.5); // 1.3838965267367376e-87
 */
export function gaussian<V>(m: Algebra<V>, a: V, scale: 1 | 0.5): V {
  const split = m.constant(SPLIT);
  const high = m.sub(m.add(a, split), split);
  const rest = m.mul(m.sub(high, a), m.add(high, a));
  const square = m.neg(m.mul(high, high));
  if (scale === 1) return expNonPositiveOfSum(m, square, rest);
  return expNonPositiveOfSum(m, m.mul(square, m.constant(scale)), m.mul(rest, m.constant(scale)));
}

/**
 * The complementary error function 2/√π ∫ₓ^∞ e^(-t²) dt, accurate in relative terms in both tails; subnormal results included.
 *
 * @example
 * erfc(numberAlgebra, 1); // 0.15729920705028513
 */
export function erfc<V>(m: Algebra<V>, x: V): V {
  const a = m.min(m.abs(x), m.constant(28));
  const tail = m.mul(gaussian(m, a, 1), erfcxPositive(m, a));
  return m.select(m.lt(x, m.constant(0)), m.sub(m.constant(2), tail), tail);
}

/**
 * The error function 2/√π ∫₀^x e^(-t²) dt, accurate in relative terms near 0.
 *
 * @example
 * erf(numberAlgebra, 1); // 0.8427007929497149
 */
export function erf<V>(m: Algebra<V>, x: V): V {
  const a = m.min(m.abs(x), m.constant(6));
  const square = m.mul(a, a);
  const small = m.add(x, m.mul(x, evenOdd(m, square, ERF)));
  const complement = m.mul(expNonPositive(m, m.neg(square)), evenOdd(m, fold(m, a, ERF_CENTRE), ERF_COMPLEMENT));
  const large = m.copysign(m.sub(m.constant(1), complement), x);
  return m.select(m.lt(a, m.constant(ERF_SMALL)), small, large);
}
