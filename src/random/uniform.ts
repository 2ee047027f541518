/** Uniform numbers, and what one uniform number decides. */
import { sizeOf } from "../compiler/shapes.ts";
import { asTensor, fromData, type Shape, type Tensor, type TensorLike } from "../tensor/tensor.ts";
import { assertKey, bits, type Key } from "./key.ts";
import { check, column, finite, probability, type Requirement, resultShape, tensors } from "./parameters.ts";
import { elementStreams, type Stream, unitOfWords } from "./stream.ts";
import { threefry2x32 } from "./threefry.ts";

const TWO_TO_32 = 2 ** 32;
const words = new Int32Array(2);

/** Fills a new array with `map(u)`, u uniform on [0, 1) in multiples of 2^-52: JAX's float64 uniforms. */
export function fillUniform(key: Key, size: number, map: (u: number) => number = (u) => u): Float64Array<ArrayBuffer> {
  const out = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    threefry2x32(key.hi, key.lo, i / TWO_TO_32, i, words);
    out[i] = map(unitOfWords(words[0]!, words[1]!));
  }
  return out;
}

/**
 * Uniform float64 numbers in [low, high), the unit interval by default, where they are bit-equal to
 * `jax.random.uniform(key, shape, float64)`. (With bounds JAX may round once where this rounds twice.)
 *
 * @param shape - of the whole result; default the shape of the bounds, a scalar
 * @param options - `low` (default 0) and `high` (default 1), which broadcast
 * @throws RangeError when a bound is not finite or high < low; TypeError for shapes that do not fit
 * @example uniform(key(0), [2, 3], { low: -1, high: 1 })
 */
export function uniform(
  key: Key,
  shape?: Shape,
  options: { readonly low?: TensorLike; readonly high?: TensorLike } = {},
): Tensor {
  const what = "random.uniform";
  assertKey(key, what);
  const { low, high } = tensors({ low: options.low ?? 0, high: options.high ?? 1 });
  const full = resultShape(what, { low: low.shape, high: high.shape }, shape);
  check(what, "low", low, finite);
  check(what, "high", high, finite);
  const unit = fromData(fillUniform(key, sizeOf(full)), full);
  if (options.low === undefined && options.high === undefined) return unit;
  const width = high.sub(low);
  check(what, "high - low", width, {
    holds: (x) => x >= 0 && x < Number.POSITIVE_INFINITY,
    text: "finite and not negative",
  });
  return unit.mul(width).add(low);
}

/**
 * True with probability `p`; agrees with `jax.random.bernoulli` in float64.
 *
 * @param p - probability in [0, 1]
 * @param shape - of the whole result; default the shape of `p`
 * @returns a bool tensor
 * @throws RangeError when `p` is no probability; TypeError for shapes that do not fit
 * @example bernoulli(key(0), 0.3, [10])
 */
export function bernoulli(key: Key, p: TensorLike, shape?: Shape): Tensor {
  const what = "random.bernoulli";
  assertKey(key, what);
  const chance = asTensor(p);
  const full = resultShape(what, { p: chance.shape }, shape);
  check(what, "p", chance, probability);
  const { data, step } = column(chance, full);
  const unit = fillUniform(key, sizeOf(full));
  const out = new Uint8Array(unit.length);
  for (let i = 0; i < out.length; i++) out[i] = unit[i]! < data[i * step]! ? 1 : 0;
  return fromData(out, full, "bool");
}

const int32: Requirement = {
  holds: (x) => Number.isInteger(x) && x >= -(2 ** 31) && x <= 2 ** 31,
  text: "a 32-bit integer",
};

/**
 * Integers uniform on low, …, high - 1, without bias.
 *
 * @param shape - of the whole result; the bounds broadcast to it
 * @returns an int32 tensor
 * @throws RangeError when a bound is not a 32-bit integer or high ≤ low; TypeError for shapes that do not fit
 * @example randint(key(0), [5], 1, 7) // five dice
 */
export function randint(key: Key, shape: Shape, low: TensorLike, high: TensorLike): Tensor {
  const what = "random.randint";
  assertKey(key, what);
  const bounds = { low: asTensor(low, "float64"), high: asTensor(high, "float64") };
  const full = resultShape(what, { low: bounds.low.shape, high: bounds.high.shape }, shape);
  check(what, "low", bounds.low, int32);
  check(what, "high", bounds.high, int32);
  const width = bounds.high.sub(bounds.low);
  check(what, "high - low", width, { holds: (x) => x > 0, text: "positive (high itself is excluded)" });
  const lows = column(bounds.low, full);
  const highs = column(bounds.high, full);
  const element = elementStreams(key);
  const random = bits(key, sizeOf(full));
  const out = new Int32Array(random.length);
  for (let i = 0; i < out.length; i++) {
    const from = lows.data[i * lows.step]!;
    out[i] = from + below(highs.data[i * highs.step]! - from, random[i]!, element, i);
  }
  return fromData(out, full);
}

/** Spans up to here times 32 random bits are exact in a double. */
const NARROW = 2 ** 21;

/**
 * A uniform integer in [0, span), span ≤ 2^32, from the random word of element i; the few words that would favour some
 * numbers are drawn again from the element's own stream.
 *
 * Source: D. Lemire (2019), Fast random integer generation in an interval, ACM TOMACS 29.
 */
function below(span: number, word: number, element: (i: number) => Stream, i: number): number {
  if (span > NARROW) return belowWide(span, element(i));
  let product = word * span;
  let integer = Math.floor(product / TWO_TO_32);
  if (product - integer * TWO_TO_32 < span) {
    const threshold = TWO_TO_32 % span;
    const rng = element(i);
    while (product - integer * TWO_TO_32 < threshold) {
      product = rng.bits() * span;
      integer = Math.floor(product / TWO_TO_32);
    }
  }
  return integer;
}

function belowWide(span: number, rng: Stream): number {
  const limit = 2 ** 52 - (2 ** 52 % span);
  let integer: number;
  do integer = rng.uniform() * 2 ** 52;
  while (integer >= limit);
  return integer % span;
}
