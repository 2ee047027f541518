/** Powers. */
import { type Algebra, STEPS } from "../algebra.ts";
import { powerOfTwo } from "../numberAlgebra.ts";
import { expOfSum } from "./exp.ts";
import { horner } from "./polynomial.ts";

const SMALLEST_NORMAL = 2.2250738585072014e-308;
/** Intervals of the significand, [1, 2). */
const INTERVALS = 128;
/** ln 2 in two parts; the first is a multiple of 2^-42, so sums with exponents and table entries are exact. */
const GRID = powerOfTwo(42);

/** Reciprocals of the centres 1 + i/128 with 9 bits, and minus their logarithms in two parts. */
const reciprocals = new Float64Array(INTERVALS + 1);
const logHigh = new Float64Array(INTERVALS + 1);
const logLow = new Float64Array(INTERVALS + 1);
fillTables();
const LN2_HIGH = logHigh[INTERVALS];
const LN2_LOW = logLow[INTERVALS];

/** Logarithms of integers as fixed-point numbers, so that every engine gets the same bits. */
function fillTables(): void {
  const bits = 128n;
  const unit = powerOfTwo(-Number(bits));
  // logOf[j] = log(j / 256) for j in [256, 512], from log((j + 1) / j) = 2 artanh(1 / (2 j + 1)).
  const logOf: bigint[] = new Array(513).fill(0n);
  for (let j = 256; j < 512; j++) {
    const odd = BigInt(2 * j + 1);
    let power = (2n << bits) / odd;
    let sum = 0n;
    for (let n = 1n; power > 0n; n += 2n) {
      sum += power / n;
      power /= odd * odd;
    }
    logOf[j + 1] = logOf[j] + sum;
  }
  for (let i = 0; i <= INTERVALS; i++) {
    const j = roundHalfUp((512 * INTERVALS) / (INTERVALS + i));
    reciprocals[i] = j / 512;
    const value = logOf[512] - logOf[j];
    logHigh[i] = roundHalfUp(Number(value) * unit * GRID) / GRID;
    logLow[i] = Number(value - BigInt(logHigh[i] * GRID) * (1n << (bits - 42n))) * unit;
  }
}

function roundHalfUp(x: number): number {
  return Math.floor(x + 0.5);
}

/** log(1 + r) = r - r²/2 + r³ P(r) for |r| ≤ 0.0065, relative error 2^-67. */
const CUBE_ON = [
  0.33333333333333487, -0.2500000000000031, 0.199999999779367, -0.16666666635437172, 0.1428661575032536,
  -0.12500988999093293,
];

/** Rounds a significand to 24 fractional bits. */
const SPLIT = 1.5 * powerOfTwo(28);
/** Veltkamp's constant: splits a double into halves of 26 bits. */
const HALVES = powerOfTwo(27) + 1;
/** Larger exponents are even integers that take everything but ±1 to 0 or Infinity. */
const LARGEST_EXPONENT = powerOfTwo(100);

/** log(x) for x > 0, normal and finite, as an unevaluated sum with a relative error of about 2^-66. */
function logTwice<V>(m: Algebra<V>, k: V, significand: V): { high: V; low: V } {
  const one = m.constant(1);
  const index = m.add(m.mul(m.sub(significand, one), m.constant(INTERVALS)), m.constant(STEPS));
  const reciprocal = m.table(reciprocals, index);
  // significand · reciprocal - 1 = t + u: t has 26 bits, so that t² is exact, and u is exact and below 2^-24.
  const short = m.sub(m.add(significand, m.constant(SPLIT)), m.constant(SPLIT));
  const t = m.sub(m.mul(short, reciprocal), one);
  const u = m.mul(m.sub(significand, short), reciprocal);
  const r = m.add(t, u);
  const half = m.constant(0.5);
  const square = m.mul(m.mul(t, t), half);
  // Fast two-sums; each keeps what the previous one rounded away.
  const a = m.sub(t, square);
  const aLost = m.sub(m.sub(t, a), square);
  const b = m.add(a, u);
  const bLost = m.add(m.sub(a, b), u);
  const cubes = m.mul(m.mul(r, m.mul(r, r)), horner(m, r, CUBE_ON));
  const rest = m.sub(cubes, m.mul(u, m.add(t, m.mul(u, half))));
  const base = m.add(m.mul(k, m.constant(LN2_HIGH)), m.table(logHigh, index));
  const baseLow = m.add(m.mul(k, m.constant(LN2_LOW)), m.table(logLow, index));
  const high = m.add(base, b);
  const highLost = m.add(m.sub(base, high), b);
  const low = m.add(m.add(highLost, baseLow), m.add(m.add(aLost, bLost), rest));
  const sum = m.add(high, low);
  return { high: sum, low: m.add(m.sub(high, sum), low) };
}

/** The first 26 bits of x; what remains of x after them is exact. */
function firstHalf<V>(m: Algebra<V>, x: V): V {
  const scaled = m.mul(x, m.constant(HALVES));
  return m.sub(scaled, m.sub(scaled, x));
}

/**
 * x^y.
 *
 * A logarithm in two doubles (a table of 129 short reciprocals and a sextic), an exact product with y and the table-based `exp`:
 * within 1 ulp over the whole range. Special values as in IEEE 754 and C: x^0 = 1 and 1^y = 1 whatever the other
 * argument, NaN included; a negative x needs an integer y and gives NaN otherwise; signed zeros and infinities of x keep
 * their sign under odd y; (-1)^±Infinity = 1.
 * Source: the error-free transformations are T. J. Dekker's, Numer. Math. 18 (1971).
 *
 * @example
 * pow(numberAlgebra, 2, 0.5); // 1.4142135623730951
 */
export function pow<V>(m: Algebra<V>, x: V, y: V): V {
  const zero = m.constant(0);
  const one = m.constant(1);
  const infinity = m.constant(Infinity);
  const size = m.abs(x);

  const tiny = m.lt(size, m.constant(SMALLEST_NORMAL));
  const normal = m.select(tiny, m.mul(size, m.constant(powerOfTwo(54))), size);
  const k = m.sub(m.exponent(normal, 1), m.select(tiny, m.constant(54), zero));
  const log = logTwice(m, k, m.mantissa(normal, 1));

  const exponent = m.max(m.min(y, m.constant(LARGEST_EXPONENT)), m.constant(-LARGEST_EXPONENT));
  const product = m.mul(exponent, log.high);
  const e = firstHalf(m, exponent);
  const eRest = m.sub(exponent, e);
  const l = firstHalf(m, log.high);
  const lRest = m.sub(log.high, l);
  const cross = m.add(m.sub(m.mul(e, l), product), m.add(m.mul(e, lRest), m.mul(eRest, l)));
  const lost = m.add(m.add(cross, m.mul(eRest, lRest)), m.mul(exponent, log.low));
  // Where `product` itself saturates, its error may be large and must not matter.
  const low = m.max(m.min(lost, m.constant(1e-4)), m.constant(-1e-4));

  const regular = m.and(m.lt(zero, size), m.lt(size, infinity));
  const edge = m.mul(y, m.select(m.eq(size, zero), m.constant(-Infinity), size));
  const magnitude = expOfSum(m, m.select(regular, product, edge), low);

  const integer = m.eq(y, m.floor(y));
  const half = m.mul(y, m.constant(0.5));
  const odd = m.and(integer, m.ne(half, m.floor(half)));
  const signed = m.select(odd, m.copysign(magnitude, x), magnitude);
  const undefinedPower = m.and(m.and(m.lt(x, zero), regular), m.not(integer));
  const value = m.select(undefinedPower, m.constant(NaN), signed);
  return m.select(m.or(m.eq(y, zero), m.eq(x, one)), one, value);
}
