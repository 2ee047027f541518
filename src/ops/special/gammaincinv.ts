/** Inverses of the regularised incomplete gamma functions: gamma quantiles. */
import { exp, log, log1p, normalQuantile } from "../../wasm/numberFunctions.ts";
import { gammainc, gammaincc, gammaPrefactor } from "./gammainc.ts";
import { logGamma1p } from "./logGamma.ts";
import { solveTail } from "./tailEquation.ts";

/**
 * The x with P(a, x) = p: the quantile function of Gamma(a, rate 1).
 *
 * @param a - shape, > 0
 * @param p - probability in [0, 1]; 0 gives 0 and 1 gives Infinity
 * @returns NaN when `a` is not positive or `p` is outside [0, 1]
 * @example gammaincinv(1, 0.5) // log(2) = 0.693147180559945
 */
export const gammaincinv = (a: number, p: number): number => (p > 0.5 ? solveUpper(a, 1 - p) : solveLower(a, p));

/**
 * The x with Q(a, x) = q, accurate for tiny `q`.
 *
 * @param a - shape, > 0
 * @param q - probability in [0, 1]; 0 gives Infinity and 1 gives 0
 * @returns NaN when `a` is not positive or `q` is outside [0, 1]
 * @example gammainccinv(1, 1e-30) // 69.07755278982137
 */
export const gammainccinv = (a: number, q: number): number => (q > 0.5 ? solveLower(a, 1 - q) : solveUpper(a, q));

/** Below this the first term of the series of P, x^a / Γ(a+1), is P to double precision. */
const NEGLIGIBLE = 1e-17;

function solveLower(a: number, p: number): number {
  if (!(a > 0 && a < Number.POSITIVE_INFINITY && p >= 0)) return Number.NaN;
  if (p === 0) return 0;
  const power = exp((log(p) + logGamma1p(a)) / a);
  if (power < NEGLIGIBLE) return power;
  const cube = a > 1 ? wilsonHilferty(a, normalQuantile(p)) : 0;
  return solve(a, p, cube > 0 ? cube : power, 1);
}

function solveUpper(a: number, q: number): number {
  if (!(a > 0 && a < Number.POSITIVE_INFINITY && q >= 0)) return Number.NaN;
  if (q === 0) return Number.POSITIVE_INFINITY;
  if (a > 1) return solve(a, q, wilsonHilferty(a, -normalQuantile(q)), -1);
  const power = exp((log1p(-q) + logGamma1p(a)) / a);
  if (power < NEGLIGIBLE) return power;
  // Beyond x = 1, Q(a, x) behaves as a e^-x up to a slowly varying factor.
  return solve(a, q, q < 0.2 * a ? log(a / q) : power, -1);
}

/** The cube of a normal is nearly gamma: E. Wilson, M. Hilferty (1931), PNAS 17. Zero where the cube is too small to trust. */
function wilsonHilferty(a: number, z: number): number {
  const root = 1 - 1 / (9 * a) + z / (3 * Math.sqrt(a));
  return root > 0.3 ? a * root * root * root : 0;
}

function solve(a: number, target: number, start: number, direction: 1 | -1): number {
  let x = start;
  const tail = direction === 1 ? gammainc : gammaincc;
  solveTail(
    {
      move: (step) => {
        x *= exp(step);
      },
      tail: () => tail(a, x),
      density: () => a * gammaPrefactor(a, x),
    },
    target,
    direction,
  );
  return x;
}
