/** The pieces of gamma and beta densities that cancel when written with `log` and `lgamma`, without the cancellation. */
import { lgamma, log, log1p } from "../../wasm/numberFunctions.ts";

const HALF_LOG_2PI = 0.91893853320467274178;

/**
 * `log(1 + x) - x` with full relative accuracy near zero, for x > -1.
 *
 * Uses log(1+x) = 2 atanh(r) with r = x / (2 + x), whose first term is x - x r.
 */
export function log1pmx(x: number): number {
  if (!(x > -0.6 && x < 1.5)) return log1p(x) - x;
  const r = x / (2 + x);
  const r2 = r * r;
  let power = 1;
  let sum = 1 / 3;
  for (let n = 5; n < 80; n += 2) {
    power *= r2;
    const next = sum + power / n;
    if (next === sum) break;
    sum = next;
  }
  return r * (2 * r2 * sum - x);
}

/**
 * The deviance `a log(a / m) + m - a` of a Poisson count `a` under mean `m`, for a, m > 0.
 *
 * @param difference - `m - a`, when the caller knows it better than by subtraction
 * Source: C. Loader (2000), Fast and accurate computation of binomial probabilities (`bd0`).
 */
export function deviance(a: number, m: number, difference: number = m - a): number {
  const t = difference / a;
  return t > -0.5 && t < 1.4 ? -a * log1pmx(t) : difference - a * log(m / a);
}

/** Coefficients of n^-1, n^-3, … : B_2k / (2k (2k - 1)). */
const STIRLING: readonly number[] = [
  1 / 12,
  -1 / 360,
  1 / 1260,
  -1 / 1680,
  8.41750841750841751e-4,
  -1.91752691752691753e-3,
  6.41025641025641026e-3,
  -2.95506535947712418e-2,
];

/** From here on eight terms of Stirling's series reach double precision. */
const STIRLING_FROM = 10;

/** The error of Stirling's formula, `lgamma(n + 1) - ((n + 1/2) log n - n + log(2π) / 2)`, for n > 0. */
export function stirlingError(n: number): number {
  if (n < STIRLING_FROM) return lgamma(n + 1) - (n + 0.5) * log(n) + n - HALF_LOG_2PI;
  const s = 1 / (n * n);
  let sum = 0;
  for (let k = STIRLING.length - 1; k >= 0; k--) sum = sum * s + STIRLING[k]!;
  return sum / n;
}

/** `stirlingError(n + d) - stirlingError(n)` for n ≥ 10 and d ≥ 0, relative to d; `grow(c)` is (1 + d/n)^c - 1. */
export function stirlingErrorIncrement(n: number, grow: (c: number) => number): number {
  const s = 1 / (n * n);
  let power = 1 / n;
  let sum = 0;
  for (let k = 0; k < STIRLING.length; k++) {
    sum += STIRLING[k]! * power * grow(-1 - 2 * k);
    power *= s;
  }
  return sum;
}
