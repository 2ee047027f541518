/** The regularised incomplete beta function. */
import { exp, expm1, log, log1p } from "../../wasm/numberFunctions.ts";
import { deviance, stirlingError } from "./deviance.ts";
import { logGamma1p, logGammaIncrement } from "./logGamma.ts";
import { hasNormalTail, NORMAL_TAIL_FROM, normalTail } from "./normalTail.ts";

const EPSILON = 2 ** -53;
const TINY = 1e-300;

/**
 * The regularised incomplete beta function I_x(a, b) = ∫₀ˣ t^(a-1) (1-t)^(b-1) dt / B(a, b): the cdf of Beta(a, b).
 *
 * @param a - first shape, > 0
 * @param b - second shape, > 0
 * @param x - in [0, 1]
 * @returns a probability; NaN when a shape is not positive and finite or `x` is outside [0, 1]
 * @example betainc(2, 3, 0.5) // 0.6875
 *
 * Source: the continued fraction of A. DiDonato, A. Morris (1992), ACM TOMS 18 (algorithm 708), eq. 9, and `normalTail`
 * when both shapes are large.
 */
export const betainc = (a: number, b: number, x: number): number => betaTail(a, b, x, 1 - x, false);

/**
 * The complement 1 - I_x(a, b), accurate where it is tiny.
 *
 * @param a - first shape, > 0
 * @param b - second shape, > 0
 * @param x - in [0, 1]
 * @returns a probability; NaN when a shape is not positive and finite or `x` is outside [0, 1]
 * @example betaincc(1, 100, 0.5) // 2^-100 = 7.8886090522101e-31
 */
export const betaincc = (a: number, b: number, x: number): number => betaTail(a, b, x, 1 - x, true);

/** `x^a y^b / B(a, b)` with y = 1 - x; only the smaller of `x` and `y` need be known to full relative accuracy. */
export function betaPrefactor(a: number, b: number, x: number, y: number): number {
  if (a < 1 || b < 1) {
    const [small, large, s, l] = a <= b ? [a, b, x, y] : [b, a, y, x];
    // Γ(s + l) / (Γ(s) Γ(l)) = s · Γ(l + s)/Γ(l) / Γ(1 + s)
    const power = small * log(s) + large * (s < 0.5 ? log1p(-s) : log(l));
    return small * exp(power + logGammaIncrement(large, small) - logGamma1p(small));
  }
  const errors = stirlingError(a + b) - stirlingError(a) - stirlingError(b);
  return exp(errors - betaDeviance(a, b, x, y)) * Math.sqrt(((a / (a + b)) * b) / (2 * Math.PI));
}

/** Minus the logarithm of x^a y^b relative to its maximum, at x = a / (a + b). */
function betaDeviance(a: number, b: number, x: number, y: number): number {
  const lead = meanLead(a, b, x, y);
  return deviance(a, (a + b) * x, -lead) + deviance(b, (a + b) * y, lead);
}

/** a - (a + b) x, from the smaller of x and y and rounded once: it vanishes at the mean. */
function meanLead(a: number, b: number, x: number, y: number): number {
  return x <= y ? exactLead(a, b, x) : -exactLead(b, a, y);
}

function exactLead(a: number, b: number, x: number): number {
  if (!(a < 1e150 && b < 1e150)) return a - (a + b) * x;
  const ax = a * x;
  const bx = b * x;
  const first = a - ax;
  const lead = first - bx;
  const error = a - first - ax + differenceError(first, bx, lead);
  return lead + (error - productError(a, x, ax) - productError(b, x, bx));
}

/** `a - b - difference` exactly (D. Knuth's two-sum), where difference = fl(a - b). */
function differenceError(a: number, b: number, difference: number): number {
  const virtual = a - difference;
  return a - (difference + virtual) - (b - virtual);
}

const SPLITTER = 2 ** 27 + 1;

/** `a * b - product` exactly (T. Dekker 1971), where product = fl(a * b). */
function productError(a: number, b: number, product: number): number {
  const ca = SPLITTER * a;
  const ah = ca - (ca - a);
  const al = a - ah;
  const cb = SPLITTER * b;
  const bh = cb - (cb - b);
  const bl = b - bh;
  return ah * bh - product + ah * bl + al * bh + al * bl;
}

/** One tail of Beta(a, b) at x, with y = 1 - x; the smaller of the two carries the accuracy. */
export function betaTail(a: number, b: number, x: number, y: number, upper: boolean): number {
  if (!(a > 0 && b > 0 && a < Number.POSITIVE_INFINITY && b < Number.POSITIVE_INFINITY && x >= 0 && y >= 0)) {
    return Number.NaN;
  }
  if (x === 0) return upper ? 1 : 0;
  if (y === 0) return upper ? 0 : 1;
  const lead = meanLead(a, b, x, y);
  if (a >= NORMAL_TAIL_FROM && b >= NORMAL_TAIL_FROM) {
    const half = betaDeviance(a, b, x, y);
    if (a <= b) {
      if (hasNormalTail(a, half)) return normalTail(a, a / (a + b), half, lead > 0 ? -1 : 1, upper);
    } else if (hasNormalTail(b, half)) {
      return normalTail(b, b / (a + b), half, lead > 0 ? 1 : -1, !upper);
    }
  }
  // lead > -(1 - 2x) is x < (a + 1) / (a + b + 2), where the fraction for the lower tail converges fast.
  return lead > x - y ? lowerSide(a, b, x, y, lead, upper) : lowerSide(b, a, y, x, -lead, !upper);
}

function lowerSide(a: number, b: number, x: number, y: number, lead: number, upper: boolean): number {
  if (a < 0.5) {
    const q = smallUpper(a, b, x);
    if (q < 0.5) return upper ? q : 1 - q;
  }
  const p = betaPrefactor(a, b, x, y) * lowerFraction(a, b, x, y, lead);
  return upper ? 1 - p : p;
}

/** I_x(a, b) B(a, b) / (x^a y^b), by the modified Lentz algorithm. */
function lowerFraction(a: number, b: number, x: number, y: number, lead: number): number {
  let c = (a / (a + 1)) * (lead + 1);
  let d = 0;
  let fraction = c;
  for (let n = 1; n < 1_000_000; n++) {
    const m = a + 2 * n;
    const s = (n * (b - n) * x) / (m - 1);
    const alpha = (s * (a + n - 1) * (a + b + n - 1) * x) / (m - 1);
    const beta = n + s + ((a + n) * (lead + 1 + n * (1 + y))) / (m + 1);
    d = beta + alpha * d;
    if (Math.abs(d) < TINY) d = TINY;
    c = beta + alpha / c;
    if (Math.abs(c) < TINY) c = TINY;
    d = 1 / d;
    const ratio = c * d;
    fraction *= ratio;
    if (Math.abs(ratio - 1) <= 2 * EPSILON) break;
  }
  return 1 / fraction;
}

/** 1 - I_x(a, b) for small a and x below the mean, where it can be a small difference from one: 1 - x^a / (a B) is taken by expm1. */
function smallUpper(a: number, b: number, x: number): number {
  let factor = 1;
  let sum = 0;
  for (let n = 1; n < 10_000; n++) {
    factor *= ((n - b) * x) / n;
    const term = factor / (a + n);
    sum += term;
    if (Math.abs(term) <= EPSILON * Math.abs(sum)) break;
  }
  const logFactor = a * log(x) - logGamma1p(a) + logGammaIncrement(b, a);
  return -expm1(logFactor) - exp(logFactor) * a * sum;
}
