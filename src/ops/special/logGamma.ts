/** Log-gamma where its value is small and `lgamma` alone would lose relative accuracy. */
import { expm1, lgamma, log, log1p } from "../../wasm/numberFunctions.ts";
import { stirlingErrorIncrement } from "./deviance.ts";

const ONE_MINUS_EULER = 0.42278433509846713939;

/** ζ(n) - 1 for n = 2, 3, … */
const ZETA_MINUS_ONE: readonly number[] = [
  0.644934066848226436, 0.202056903159594285, 0.0823232337111381915, 0.0369277551433699263, 0.0173430619844491397,
  0.00834927738192282684, 0.00407735619794433938, 0.00200839282608221442, 9.94575127818085337e-4,
  4.94188604119464559e-4, 2.46086553308048299e-4, 1.22713347578489147e-4, 6.12481350587048293e-5,
  3.05882363070204936e-5, 1.52822594086518717e-5, 7.63719763789976227e-6, 3.81729326499983986e-6,
  1.90821271655393893e-6, 9.53962033872796113e-7, 4.76932986787806463e-7, 2.3845050272773299e-7, 1.19219925965311073e-7,
  5.96081890512594796e-8, 2.98035035146522802e-8, 1.49015548283650412e-8, 7.45071178983542949e-9,
  3.72533402478845705e-9,
];

/**
 * `log Γ(1 + a)` with full relative accuracy for -1/2 ≤ a ≤ 3/2 (elsewhere plain `lgamma`).
 *
 * Source: Taylor series of log Γ(2 + a) with ζ(n) - 1 (NIST DLMF 5.7.3).
 */
export function logGamma1p(a: number): number {
  if (!(a >= -0.5 && a <= 1.5)) return lgamma(1 + a);
  const u = a <= 0.5 ? a : a - 1;
  let sum = 0;
  for (let k = ZETA_MINUS_ONE.length - 1; k >= 0; k--) {
    const coefficient = ZETA_MINUS_ONE[k]! / (k + 2);
    sum = (k % 2 === 0 ? coefficient : -coefficient) + u * sum;
  }
  const logGamma2p = u * (ONE_MINUS_EULER + u * sum);
  return a <= 0.5 ? logGamma2p - log1p(u) : logGamma2p;
}

/**
 * `log Γ(b + a) - log Γ(b)` for b > 0 and 0 ≤ a ≤ 1, accurate relative to `a`.
 *
 * Shifts b up to 10 by the recurrence of Γ, then takes the difference of two Stirling series term by term.
 */
export function logGammaIncrement(b: number, a: number): number {
  let shift = 0;
  let z = b;
  for (; z < 10; z++) shift += log1p(a / z);
  const l = log1p(a / z);
  // (z + a - 1/2) log(z + a) - (z - 1/2) log z - a = a log z - a + (z + a - 1/2) l
  const leading = a * (log(z) - 1) + (z + a - 0.5) * l;
  return leading + stirlingErrorIncrement(z, (c) => expm1(c * l)) - shift;
}
