/**
 * The small algebra in which every elementwise function is written once.
 *
 * A definition such as `exp = <V>(m: Algebra<V>, x: V) => …` runs over plain numbers (the reference evaluator)
 * and over SIMD code that is being emitted (the compiler). Each operation below is a single correctly rounded
 * IEEE-754 double operation or an exact manipulation of bits, so both give the same bits.
 * Truth values are of the same type `V`: 1 or 0 as numbers, a lane mask in SIMD; only `select`, `and`, `or`
 * and `not` may consume them.
 */
export interface Algebra<V> {
  constant(x: number): V;

  add(a: V, b: V): V;
  sub(a: V, b: V): V;
  mul(a: V, b: V): V;
  div(a: V, b: V): V;
  neg(a: V): V;
  abs(a: V): V;
  sqrt(a: V): V;
  /** `b < a ? b : a`: the cheap minimum of SIMD (`pmin`); when either is NaN the answer is `a`. */
  min(a: V, b: V): V;
  /** `a < b ? b : a`: the cheap maximum of SIMD (`pmax`); when either is NaN the answer is `a`. */
  max(a: V, b: V): V;
  floor(a: V): V;
  ceil(a: V): V;
  trunc(a: V): V;
  /** Round to the nearest integer, ties to even. */
  nearest(a: V): V;
  /** The magnitude of `a` with the sign bit of `b`. */
  copysign(a: V, b: V): V;

  lt(a: V, b: V): V;
  le(a: V, b: V): V;
  eq(a: V, b: V): V;
  ne(a: V, b: V): V;
  and(a: V, b: V): V;
  or(a: V, b: V): V;
  not(a: V): V;
  /** `a` where the truth value holds, else `b`. Both sides are always computed. */
  select(condition: V, a: V, b: V): V;

  /** The integer k with a = 2^k z and z in [from, 2 from), for ½ < from ≤ 1; of what is not positive and normal, any finite number. */
  exponent(a: V, from: number): V;
  /** That z; of what is not positive and normal, any finite number. */
  mantissa(a: V, from: number): V;
  /** 1 / a for a power of two between 2^-1023 and 2^1023, as one subtraction of bits. */
  inversePower(a: V): V;
  /** 2^(1 − exponent of `a`), from the bits of a normal `a`; 0 for infinities and NaN, Infinity for zeros and subnormals. */
  inverseScale(a: V): V;

  // In the following, `steps` is STEPS + n for an integer n with |n| < 2^31: a sum that rounds n, and has it in its low bits.
  /** `table[n]` for 0 ≤ n < table.length, and for any n, modulo the length, if that is a power of two. */
  table(table: Float64Array, steps: V): V;
  /** 2^(floor(n / count) − 1023) for a quotient from 1 to 2046; `count` is a power of two. */
  scale(steps: V, count: number): V;
  /** `table(table, steps) · scale(steps, table.length)` as one addition of bits: both factors and the product are positive and normal. */
  scaledTable(table: Float64Array, steps: V): V;
}

/** Adding this rounds to an integer, ties to even, and leaves the integer in the low bits of the sum. */
export const STEPS = 6755399441055744;

/** Entries kept for a table, as many as its indices can reach: the next power of two. */
export const tableRoom = (length: number): number => (length <= 1 ? 1 : 1 << (32 - Math.clz32(length - 1)));
