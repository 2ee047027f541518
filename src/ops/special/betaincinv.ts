/** Inverse of the regularised incomplete beta function: beta quantiles. */
import { exp, lgamma, log, normalQuantile } from "../../wasm/numberFunctions.ts";
import { betaPrefactor, betaTail } from "./betainc.ts";
import { logGamma1p, logGammaIncrement } from "./logGamma.ts";
import { solveTail } from "./tailEquation.ts";

/**
 * The x with I_x(a, b) = p: the quantile function of Beta(a, b).
 *
 * @param a - first shape, > 0
 * @param b - second shape, > 0
 * @param p - probability in [0, 1]
 * @returns NaN when a shape is not positive and finite or `p` is outside [0, 1]
 * @example betaincinv(1, 3, 0.875) // 0.5
 */
export const betaincinv = (a: number, b: number, p: number): number =>
  p > 0.5 ? solveLower(b, a, 1 - p)[1] : solveLower(a, b, p)[0];

/**
 * The x with 1 - I_x(a, b) = q, accurate for tiny `q`.
 *
 * @param a - first shape, > 0
 * @param b - second shape, > 0
 * @param q - probability in [0, 1]
 * @returns NaN when a shape is not positive and finite or `q` is outside [0, 1]
 * @example betainccinv(3, 1, 0.875) // 0.5
 */
export const betainccinv = (a: number, b: number, q: number): number =>
  q > 0.5 ? solveLower(a, b, 1 - q)[0] : solveLower(b, a, q)[1];

/** Below this (over 1 + b) the first term of the series, x^a / (a B(a, b)), is I_x to double precision. */
const NEGLIGIBLE = 1e-17;

/** The point x at which I_x(a, b) = p ≤ 1/2, as the pair [x, 1 - x]. */
function solveLower(a: number, b: number, p: number): readonly [number, number] {
  if (!(a > 0 && b > 0 && a < Number.POSITIVE_INFINITY && b < Number.POSITIVE_INFINITY && p >= 0)) {
    return [Number.NaN, Number.NaN];
  }
  if (p === 0) return [0, 1];
  const odds = Math.min(exp((log(p) + logScaledBeta(a, b)) / a), 1e10);
  if (odds < NEGLIGIBLE / (1 + b)) return [odds, 1];
  const start = a > 1 && b > 1 ? (a / b) * exp(normalQuantile(p) * Math.sqrt(1 / a + 1 / b)) : odds;
  let x = start / (1 + start);
  let y = 1 / (1 + start);
  solveTail(
    {
      move: (step) => {
        // Scaled so that a long step to either side cannot overflow.
        const up = step > 0 ? x : x * exp(step);
        const down = step > 0 ? y * exp(-step) : y;
        x = up / (up + down);
        y = down / (up + down);
      },
      tail: () => betaTail(a, b, x, y, false),
      density: () => betaPrefactor(a, b, x, y),
    },
    p,
    1,
  );
  return [x, y];
}

/** log(a B(a, b)). */
function logScaledBeta(a: number, b: number): number {
  if (a <= 1) return logGamma1p(a) - logGammaIncrement(b, a);
  if (b <= 1) return log(a) + logGamma1p(b) - log(b) - logGammaIncrement(a, b);
  return lgamma(a + 1) + lgamma(b) - lgamma(a + b);
}
