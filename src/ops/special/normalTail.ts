/**
 * The uniform asymptotic expansion that the incomplete gamma and beta functions share when their parameters are large:
 * a normal tail plus a correction, relatively accurate through the transition and into both tails.
 */
import { erfc, exp } from "../../wasm/numberFunctions.ts";

const TERMS = 30;

/** The expansion needs a (smaller) parameter of at least this size… */
export const NORMAL_TAIL_FROM = 25;
/** …and |η| no larger than this: the series in η have radius √(4π) ≈ 3.54. */
const LARGEST_ETA = 1;

/**
 * Taylor coefficients of f(η) = η / v(η), where v(η) = η + … solves v v' = η (1 + (q - p) / √q · v - p v²), q = 1 - p.
 *
 * p = 0 belongs to the incomplete gamma function, p = a / (a + b) with a ≤ b to the incomplete beta function.
 */
function correctionCoefficients(p: number): Float64Array {
  const linear = (1 - 2 * p) / Math.sqrt(1 - p);
  const v = new Float64Array(TERMS + 2); // v[k]: coefficient of η^k
  const square = new Float64Array(TERMS + 3); // of v²
  v[1] = 1;
  square[2] = 1;
  for (let n = 3; n < TERMS + 3; n++) {
    square[n] = (2 / n) * (linear * v[n - 2]! - p * square[n - 2]!);
    let sum = square[n]!;
    for (let i = 2; i <= n - 2; i++) sum -= v[i]! * v[n - i]!;
    v[n - 1] = sum / 2;
  }
  const f = new Float64Array(TERMS);
  f[0] = 1;
  for (let m = 1; m < TERMS; m++) {
    let sum = 0;
    for (let i = 1; i <= m; i++) sum -= v[i + 1]! * f[m - i]!;
    f[m] = sum;
  }
  return f;
}

let gammaCoefficients: Float64Array | undefined;

/** Whether `normalTail` applies: `half` is its argument, `a` its size. */
export const hasNormalTail = (a: number, half: number): boolean =>
  a >= NORMAL_TAIL_FROM && 2 * half <= a * LARGEST_ETA * LARGEST_ETA;

/**
 * The tail probability beyond `sign · √(2 half)` standard deviations: ½ erfc(η √(a/2)) + R for the upper tail, with
 * half = a η² / 2, and ½ erfc(-η √(a/2)) - R for the lower one.
 *
 * @param a - the large parameter (for beta the smaller of the two)
 * @param p - 0 for gamma, a / (a + b) for beta
 * @param half - half the squared deviance, ≥ 0
 * @param sign - the sign of η: +1 to the right of the mean
 *
 * Source: A. Gil, J. Segura, N. Temme (2012), Efficient and accurate algorithms for the computation and inversion of the
 * incomplete gamma function ratios, SIAM J. Sci. Comput. 34, eqs. 3.1-3.8; for beta the same integration by parts on
 * N. Temme (1992), Asymptotic inversion of the incomplete beta function.
 */
export function normalTail(a: number, p: number, half: number, sign: number, upper: boolean): number {
  let f: Float64Array;
  if (p === 0) {
    gammaCoefficients ??= correctionCoefficients(0);
    f = gammaCoefficients;
  } else {
    f = correctionCoefficients(p);
  }
  const eta = sign * Math.sqrt((2 * half) / a);
  // β_{m-1} = f_m + (m + 1) β_{m+1} / a, run backwards while summing Σ β_m η^m.
  let next = 0; // β_{m+1}
  let current = 0; // β_m
  let sum = 0;
  for (let m = TERMS - 1; m >= 1; m--) {
    const previous = f[m]! + ((m + 1) * next) / a;
    next = current;
    current = previous;
    sum = sum * eta + current;
  }
  // Here current = β_0 and next = β_1.
  const correction = ((sum / (1 + next / a)) * exp(-half)) / Math.sqrt(2 * Math.PI * a);
  const z = sign * Math.sqrt(half);
  return upper ? 0.5 * erfc(z) + correction : 0.5 * erfc(-z) - correction;
}
