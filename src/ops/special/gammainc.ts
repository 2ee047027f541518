/** The regularised incomplete gamma functions. */
import { exp, expm1, log } from "../../wasm/numberFunctions.ts";
import { deviance, stirlingError } from "./deviance.ts";
import { logGamma1p } from "./logGamma.ts";
import { hasNormalTail, normalTail } from "./normalTail.ts";

const EPSILON = 2 ** -53;
const TINY = 1e-300;

/**
 * The lower regularised incomplete gamma function P(a, x) = ∫₀ˣ t^(a-1) e^-t dt / Γ(a): the cdf of Gamma(a, rate 1).
 *
 * @param a - shape, > 0 (P(0, x) is taken as 1)
 * @param x - ≥ 0; Infinity gives 1
 * @returns a probability; NaN when `a` or `x` is negative or NaN
 * @example gammainc(1, 2) // 1 - exp(-2) = 0.8646647167633873
 *
 * Source: NIST DLMF 8.7.1 (series), 8.9.2 (continued fraction), and `normalTail` for large `a`; regions after
 * W. Gautschi (1979), ACM TOMS 5.
 */
export const gammainc = (a: number, x: number): number => gammaTail(a, x, false);

/**
 * The upper regularised incomplete gamma function Q(a, x) = 1 - P(a, x), accurate where it is tiny.
 *
 * @param a - shape, > 0 (Q(0, x) is taken as 0)
 * @param x - ≥ 0; Infinity gives 0
 * @returns a probability; NaN when `a` or `x` is negative or NaN
 * @example gammaincc(1, 50) // exp(-50) = 1.92874984796392e-22
 */
export const gammaincc = (a: number, x: number): number => gammaTail(a, x, true);

/** `x^a e^-x / Γ(a + 1)` for a, x > 0: the Poisson probability of `a` under mean `x`, continued to real `a`. */
export function gammaPrefactor(a: number, x: number): number {
  if (a <= 1) return exp(a * log(x) - x - logGamma1p(a));
  return exp(-deviance(a, x) - stirlingError(a)) / Math.sqrt(2 * Math.PI * a);
}

function gammaTail(a: number, x: number, upper: boolean): number {
  if (!(a >= 0 && x >= 0)) return Number.NaN;
  if (a === 0 || x === Number.POSITIVE_INFINITY) return upper ? 0 : 1;
  if (x === 0 || a === Number.POSITIVE_INFINITY) return upper ? 1 : 0;
  if (x > 0.25 * a && x < 2.5 * a) {
    const half = deviance(a, x);
    if (hasNormalTail(a, half)) return normalTail(a, 0, half, x < a ? -1 : 1, upper);
  }
  if (x > 1.1 && x >= a) {
    const q = upperFraction(a, x);
    return upper ? q : 1 - q;
  }
  // Below, 1 - P is exact enough unless P is close to one, which takes a small `a`.
  if (upper && x <= 1.1 && a < (x <= 0.5 ? -0.4 / log(x) : 1.1 * x)) return smallUpper(a, x);
  const p = lowerSeries(a, x);
  return upper ? 1 - p : p;
}

/** P(a, x) = x^a e^-x / Γ(a+1) · Σ xⁿ / ((a+1) … (a+n)). */
function lowerSeries(a: number, x: number): number {
  let term = 1;
  let sum = 1;
  for (let n = 1; n < 100_000; n++) {
    term *= x / (a + n);
    sum += term;
    if (term < sum * EPSILON * 0.125) break;
  }
  return gammaPrefactor(a, x) * sum;
}

/** Q(a, x) by Legendre's continued fraction, evaluated by the modified Lentz algorithm. */
function upperFraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = 1 / TINY;
  let d = 1 / b;
  let h = d;
  for (let n = 1; n < 100_000; n++) {
    const numerator = n * (a - n);
    b += 2;
    d = numerator * d + b;
    if (Math.abs(d) < TINY) d = TINY;
    c = b + numerator / c;
    if (Math.abs(c) < TINY) c = TINY;
    d = 1 / d;
    const ratio = d * c;
    h *= ratio;
    if (Math.abs(ratio - 1) <= 2 * EPSILON) break;
  }
  return a * gammaPrefactor(a, x) * h;
}

/** Q(a, x) for small a and x ≤ 1.1, where it is a small difference from one: 1 - x^a/Γ(1+a) is taken by expm1. */
function smallUpper(a: number, x: number): number {
  let power = 1;
  let sum = 0;
  for (let n = 1; n < 100; n++) {
    power *= -x / n;
    const term = power / (a + n);
    sum += term;
    if (Math.abs(term) <= EPSILON * Math.abs(sum)) break;
  }
  const logFactor = a * log(x) - logGamma1p(a);
  return -expm1(logFactor) - exp(logFactor) * a * sum;
}
