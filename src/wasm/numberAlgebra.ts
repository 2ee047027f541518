/** The algebra over plain numbers: the reference. */
import { type Algebra, STEPS, tableRoom } from "./algebra.ts";

const float64 = new Float64Array(1);
const words = new Uint32Array(float64.buffer);
float64[0] = 1;
/** Which 32-bit half of a double holds its sign and exponent: 1 on little-endian machines. */
const highWord: number = words[1] === 0x3ff00000 ? 1 : 0;

/** 2^k at k + 1023, for k from -1023 to 1023. Writing half a double and reading the whole stalls the processor. */
const powersOfTwo: Float64Array = new Float64Array(2048);
powersOfTwo[1023] = 1;
for (let k = 1; k <= 1023; k++) {
  powersOfTwo[1023 + k] = 2 * powersOfTwo[1022 + k];
  powersOfTwo[1023 - k] = powersOfTwo[1024 - k] / 2;
}

const TWO_TO_52 = 4503599627370496;

/**
 * The algebra of elementwise definitions over plain numbers: one double at a time, the same bits as a SIMD lane
 * (the sign and payload of a NaN excepted, which no operation here turns into anything but a NaN).
 * Truth values are 1 and 0.
 *
 * Contracts that the definitions in `functions/` rely on, and that every other algebra must share:
 * `table` and `scale` of NaN are numbers; `exponent` and `mantissa` of 0, infinities and NaN are finite.
 *
 * @example
 * import { exp } from "./functions/exp.ts";
 * exp(numberAlgebra, 1); // 2.7182818284590455
 */
export const numberAlgebra: Algebra<number> = {
  constant: (x) => x,

  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  neg: (a) => -a,
  abs: (a) => Math.abs(a),
  sqrt: (a) => Math.sqrt(a),
  // biome-ignore lint/complexity/useMathMinMax: Math.min treats NaN and signed zeros otherwise.
  min: (a, b) => (b < a ? b : a),
  // biome-ignore lint/complexity/useMathMinMax: Math.max treats NaN and signed zeros otherwise.
  max: (a, b) => (a < b ? b : a),
  floor: (a) => Math.floor(a),
  ceil: (a) => Math.ceil(a),
  trunc: (a) => Math.trunc(a),
  nearest: roundToEven,
  copysign: copySign,

  lt: (a, b) => (a < b ? 1 : 0),
  le: (a, b) => (a <= b ? 1 : 0),
  eq: (a, b) => (a === b ? 1 : 0),
  ne: (a, b) => (a !== b ? 1 : 0),
  and: (a, b) => (a !== 0 && b !== 0 ? 1 : 0),
  or: (a, b) => (a !== 0 || b !== 0 ? 1 : 0),
  not: (a) => (a === 0 ? 1 : 0),
  select: (condition, a, b) => (condition !== 0 ? a : b),

  exponent: exponentFrom,
  mantissa: significandFrom,
  inversePower: (a) => 1 / a,
  inverseScale,
  table: (table, steps) => table[stepsOf(steps) & (tableRoom(table.length) - 1)] as number,
  scale: (steps, count) => fieldPower(Math.floor(stepsOf(steps) / count)),
  scaledTable: (table, steps) => numberAlgebra.table(table, steps) * numberAlgebra.scale(steps, table.length),
};

/** The integer in the low bits of a sum with `STEPS`; 0 for NaN. */
const stepsOf = (steps: number): number => (steps - STEPS) | 0;

/**
 * `a` rounded to the nearest integer, ties to even, with the sign of `a` kept on zero results.
 *
 * @example
 * roundToEven(2.5); // 2
 */
export function roundToEven(a: number): number {
  // Adding 2^52 drops the fraction with the processor's own rounding; larger magnitudes are integers already.
  if (a > 0) return a < TWO_TO_52 ? a + TWO_TO_52 - TWO_TO_52 : a;
  if (a < 0) return a > -TWO_TO_52 ? -(TWO_TO_52 - a - TWO_TO_52) : a;
  return a;
}

/**
 * The magnitude of `a` with the sign bit of `b`, signed zeros included.
 *
 * @example
 * copySign(2, -0); // -2
 */
export function copySign(a: number, b: number): number {
  const magnitude = Math.abs(a);
  return b < 0 || (b === 0 && 1 / b < 0) ? -magnitude : magnitude;
}

/**
 * The unbiased exponent field of `a`: floor(log2 |a|) for a normal number, -1023 for zeros and subnormals,
 * 1024 for infinities and NaN.
 *
 * @example
 * exponentField(-12); // 3
 */
export function exponentField(a: number): number {
  float64[0] = a;
  return ((words[highWord] >>> 20) & 0x7ff) - 1023;
}

/**
 * The fraction bits of `a` under exponent zero and positive sign: |a| scaled into [1, 2) for a normal number,
 * 1 for zeros and infinities.
 *
 * @example
 * significand(-12); // 1.5
 */
export function significand(a: number): number {
  const exponent = exponentField(a);
  if (exponent !== -1023 && exponent !== 1024) return Math.abs(a) * powersOfTwo[1023 - exponent];
  words[highWord] = (words[highWord] & 0xfffff) | 0x3ff00000;
  return float64[0];
}

/** The exponent of `a` with its significand in [from, 2 from). */
export function exponentFrom(a: number, from: number): number {
  const exponent = exponentField(a);
  return significand(a) >= 2 * from ? exponent + 1 : exponent;
}

/** The significand of `a` in [from, 2 from). */
export function significandFrom(a: number, from: number): number {
  const z = significand(a);
  return z >= 2 * from ? z / 2 : z;
}

/** The double with an exponent field, from 1 to 2046, and nothing else: 2^(field − 1023). */
export function fieldPower(field: number): number {
  return powersOfTwo[field & 2047];
}

/**
 * 2^k for an integer k from -1022 to 1023.
 *
 * @example
 * powerOfTwo(-1); // 0.5
 */
export function powerOfTwo(k: number): number {
  return powersOfTwo[(k + 1023) | 0];
}

/**
 * 2^(1 − k) for a normal number with exponent k: the exponent field with its bits inverted. 0 for infinities and NaN,
 * Infinity for zeros and subnormals.
 *
 * @example
 * inverseScale(12); // 0.25
 */
export function inverseScale(a: number): number {
  const k = exponentField(a);
  return k === 1024 ? 0 : k === -1023 ? Infinity : powersOfTwo[1024 - k];
}
