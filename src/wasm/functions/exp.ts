/** The exponential function. */
import { type Algebra, STEPS } from "../algebra.ts";
import { powerOfTwo } from "../numberAlgebra.ts";
import { horner } from "./polynomial.ts";

/** Table entries per octave, and in all: two octaves. */
const PER_OCTAVE = 256;
const ENTRIES = 2 * PER_OCTAVE;
const FRACTION_BITS = 128n;
const TILT = 480;
const TILT_TWICE = powerOfTwo(2 * TILT);

/** 2^(1/256) as a fixed-point integer: eight integer square roots of 2, so every engine gets the same bits. */
function rootOfTwo(): bigint {
  let root = 2n << FRACTION_BITS;
  for (let level = 1; level < PER_OCTAVE; level *= 2) root = integerSqrt(root << FRACTION_BITS);
  return root;
}

function integerSqrt(n: bigint): bigint {
  let x = 1n << BigInt((n.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (x + n / x) >> 1n;
    if (next >= x) return x;
    x = next;
  }
}

/**
 * 2^(i/256) for i in [0, 512): correctly rounded and times 2^(2 TILT), and what the rounding left.
 *
 * With k = round(256 x / ln 2) = 512 h + i, e^x is 2^h 2^(i/256) 2^h e^r. The first half of the scale is kept larger by 2^TILT and the
 * second smaller: then k + 512 (1023 − TILT) has the exponent field of the one in its upper bits, and that of the other is
 * as far beyond it for every k.
 */
function powersOfTwo(): { high: Float64Array; low: Float64Array } {
  const high = new Float64Array(ENTRIES);
  const low = new Float64Array(ENTRIES);
  const root = rootOfTwo();
  const unit = powerOfTwo(-Number(FRACTION_BITS));
  let power = 1n << FRACTION_BITS;
  for (let i = 0; i < PER_OCTAVE; i++) {
    const rounded = Number(power);
    high[i] = rounded * unit * TILT_TWICE;
    low[i] = Number(power - BigInt(rounded)) * unit;
    high[i + PER_OCTAVE] = 2 * high[i];
    low[i + PER_OCTAVE] = 2 * low[i];
    power = (power * root) >> FRACTION_BITS;
  }
  return { high, low };
}

const powers = powersOfTwo();
/** Rounds k, and leaves k + 512 (1023 − TILT) in the low bits. */
const ROUND = STEPS + ENTRIES * (1023 - TILT);

/** 256 / ln 2, and ln 2 / 256 in two parts; the first has 34 bits, so its product with the step count is exact. */
const STEPS_PER_UNIT = 369.3299304675746;
const STEP_HIGH = 0.0027076061733168899;
const STEP_LOW = 7.453964567463233e-13;

/** e^r = 1 + r + r²/2 + r³ (c0 + c1 r) for |r| ≤ ln 2 / 512, within 2^-57. */
const GROWTH: readonly number[] = [0.16666667994931975, 0.041666673251092204];
/** One coefficient more: e^r - 1 within 2^-60 of itself. */
export const FINE_GROWTH: readonly number[] = [0.1666666666666663, 0.041666668879944614, 0.008333333893182096];

/** e^x = scale power (1 + growth): neither factor overflows or underflows, and only the product with scale may. */
export interface ExpParts<V> {
  /** 2^(h − TILT), for h half the exponent of e^x. */
  readonly scale: V;
  /** 2^(h + TILT + i/256) for i in [0, 512), rounded. */
  readonly power: V;
  /** The integer of the reduction, as the tables want it. */
  readonly steps: V;
  /** e^r − 1 for the rest of the argument, |r| ≤ ln 2 / 512. */
  readonly growth: V;
}

/**
 * The reduction behind `exp` and `expm1` for x already inside [-746, 710] or NaN: the integer k = round(256 x / ln 2) gives the
 * power and the scale, and growth is e^r - 1 for the rest r, by a polynomial with the terms 1, 1/2 exact (minimax, 2^-57).
 *
 * `low` is a correction with |low| ≪ |x|, added to the reduced argument.
 * Source: P. T. P. Tang, "Table-driven implementation of the exponential function in IEEE floating-point arithmetic",
 * ACM TOMS 15 (1989).
 */
export function expParts<V>(m: Algebra<V>, x: V, growthSeries: readonly number[], low?: V): ExpParts<V> {
  const steps = m.add(m.mul(x, m.constant(STEPS_PER_UNIT)), m.constant(ROUND));
  const k = m.sub(steps, m.constant(ROUND));
  const reduced = m.sub(m.sub(x, m.mul(k, m.constant(STEP_HIGH))), m.mul(k, m.constant(STEP_LOW)));
  const r = low === undefined ? reduced : m.add(reduced, low);
  const cubic = m.mul(r, horner(m, r, growthSeries));
  const growth = m.add(r, m.mul(m.mul(r, r), m.add(m.constant(0.5), cubic)));
  const scale = m.scale(steps, ENTRIES);
  return { scale, power: m.scaledTable(powers.high, steps), steps, growth };
}

/** What the rounding of the power left out. */
export function powerRemainder<V>(m: Algebra<V>, { steps, scale }: ExpParts<V>): V {
  return m.mul(m.table(powers.low, steps), m.mul(scale, m.constant(TILT_TWICE)));
}

/** e^x from its parts; the only rounding of a subnormal result is the last multiplication. */
export function expFromParts<V>(m: Algebra<V>, parts: ExpParts<V>): V {
  return m.mul(m.add(parts.power, m.mul(parts.power, parts.growth)), parts.scale);
}

/**
 * e^x.
 *
 * Table of 512 powers of two and a quartic; below 1 ulp, subnormal results included. exp(-Infinity) = 0, overflow gives Infinity, NaN
 * gives NaN.
 *
 * @example
 * exp(numberAlgebra, 1); // 2.718281828459045
 */
export function exp<V>(m: Algebra<V>, x: V): V {
  return expFromParts(m, expParts(m, m.max(m.min(x, m.constant(710)), m.constant(-746)), GROWTH));
}

/**
 * e^x for x ≤ 0 or NaN: `exp` without the test for overflow.
 *
 * @example
 * expNonPositive(numberAlgebra, -1); // 0.36787944117144233
 */
export function expNonPositive<V>(m: Algebra<V>, x: V): V {
  return expFromParts(m, expParts(m, m.max(x, m.constant(-746)), GROWTH));
}

/**
 * e^(high + low) for |low| ≤ 1e-4: for callers that know their argument to more than a double.
 *
 * @example
 * expOfSum(numberAlgebra, 1, 1e-20); // 2.718281828459045
 */
export function expOfSum<V>(m: Algebra<V>, high: V, low: V): V {
  return expFromParts(m, expParts(m, m.max(m.min(high, m.constant(710)), m.constant(-746)), GROWTH, low));
}

/** `expOfSum` for high ≤ 0 or NaN. */
export function expNonPositiveOfSum<V>(m: Algebra<V>, high: V, low: V): V {
  return expFromParts(m, expParts(m, m.max(high, m.constant(-746)), GROWTH, low));
}
