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

  /** The unbiased exponent field of `a`, as a double: for a normal `a`, floor(log2 |a|). The sign is ignored. */
  exponent(a: V): V;
  /** The significand of `a` with exponent zero: for a normal `a`, |a| scaled into [1, 2). The sign is dropped. */
  mantissa(a: V): V;
  /** 2^k for an integral double k in [-1022, 1023]. */
  exp2i(k: V): V;
  /** 2^(1 − exponent of `a`), from the bits of a normal `a`; 0 for infinities and NaN, Infinity for zeros and subnormals. */
  inverseScale(a: V): V;
  /** `table[index]` for an integral double index in [0, table.length). Identical tables are stored once. */
  table(table: Float64Array, index: V): V;
}
