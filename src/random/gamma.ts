/** Gamma numbers and those made of gammas: beta and Dirichlet. */
import { sizeOf } from "../compiler/shapes.ts";
import { log1pmx } from "../ops/special/deviance.ts";
import { asTensor, fromData, type Shape, type Tensor, type TensorLike } from "../tensor/tensor.ts";
import { exp, log, log1p } from "../wasm/numberFunctions.ts";
import { assertKey, type Key } from "./key.ts";
import { check, column, positive, resultShape, tensors } from "./parameters.ts";
import { elementStreams, type Stream } from "./stream.ts";

/**
 * One Gamma(a, rate 1) draw, a > 0. Underflows to 0 for tiny `a`, where `drawLogGamma` does not.
 *
 * Source: G. Marsaglia, W. Tsang (2000), A simple method for generating gamma variables, ACM TOMS 26; for a < 1 the draw
 * for a + 1 times U^(1/a).
 */
function drawGamma(rng: Stream, a: number): number {
  if (a >= 1) return marsagliaTsang(rng, a);
  const boosted = marsagliaTsang(rng, a + 1);
  return boosted * exp(log1p(-rng.uniform()) / a);
}

/** The logarithm of one Gamma(a, rate 1) draw, finite for every a > 0 that is not denormal. */
export function drawLogGamma(rng: Stream, a: number): number {
  if (a >= 1) return log(marsagliaTsang(rng, a));
  const boosted = log(marsagliaTsang(rng, a + 1));
  return boosted + log1p(-rng.uniform()) / a;
}

function marsagliaTsang(rng: Stream, a: number): number {
  const d = a - 1 / 3;
  const c = 1 / (3 * Math.sqrt(d));
  for (;;) {
    const x = rng.normal();
    const t = c * x;
    if (t <= -1) continue;
    const excess = t * (3 + t * (3 + t)); // v - 1, with v = (1 + t)³
    const u = 1 - rng.uniform();
    const x2 = x * x;
    if (u < 1 - 0.0331 * x2 * x2 || log(u) < 0.5 * x2 + d * log1pmx(excess)) return d * (1 + excess);
  }
}

/**
 * Gamma numbers of rate 1. Element i depends on the key, on i and on its own concentration only.
 *
 * @param concentration - positive
 * @param shape - of the whole result; default the shape of `concentration`
 * @throws RangeError when a concentration is not positive; TypeError for shapes that do not fit
 * @example gamma(key(0), 2.5, [1000]).mean()
 */
export const gamma = (key: Key, concentration: TensorLike, shape?: Shape): Tensor =>
  eachConcentration("random.gamma", key, concentration, shape, drawGamma);

/**
 * Logarithms of gamma numbers of rate 1, for concentrations so small that the numbers themselves underflow.
 *
 * @param concentration - positive
 * @param shape - of the whole result; default the shape of `concentration`
 * @throws RangeError when a concentration is not positive; TypeError for shapes that do not fit
 * @example logGamma(key(0), 1e-3) // about -1000
 */
export const logGamma = (key: Key, concentration: TensorLike, shape?: Shape): Tensor =>
  eachConcentration("random.logGamma", key, concentration, shape, drawLogGamma);

function eachConcentration(
  what: string,
  key: Key,
  concentration: TensorLike,
  shape: Shape | undefined,
  draw: (rng: Stream, a: number) => number,
): Tensor {
  assertKey(key, what);
  const a = asTensor(concentration);
  const full = resultShape(what, { concentration: a.shape }, shape);
  check(what, "concentration", a, positive);
  const { data, step } = column(a, full);
  const element = elementStreams(key);
  const out = new Float64Array(sizeOf(full));
  for (let i = 0; i < out.length; i++) out[i] = draw(element(i), data[i * step]!);
  return fromData(out, full);
}

/**
 * Beta numbers, in [0, 1]; the ends are reached only by rounding.
 *
 * @param a - first concentration, positive
 * @param b - second concentration, positive
 * @param shape - of the whole result; default what `a` and `b` broadcast to
 * @throws RangeError when a concentration is not positive; TypeError for shapes that do not fit
 * @example beta(key(0), 2, 3, [1000]).mean() // about 0.4
 */
export function beta(key: Key, a: TensorLike, b: TensorLike, shape?: Shape): Tensor {
  const what = "random.beta";
  assertKey(key, what);
  const named = tensors({ a, b });
  const full = resultShape(what, { a: named.a.shape, b: named.b.shape }, shape);
  check(what, "a", named.a, positive);
  check(what, "b", named.b, positive);
  const as = column(named.a, full);
  const bs = column(named.b, full);
  const element = elementStreams(key);
  const out = new Float64Array(sizeOf(full));
  for (let i = 0; i < out.length; i++) {
    const rng = element(i);
    const first = drawLogGamma(rng, as.data[i * as.step]!);
    const second = drawLogGamma(rng, bs.data[i * bs.step]!);
    out[i] = 1 / (1 + exp(second - first));
  }
  return fromData(out, full);
}

/**
 * Dirichlet vectors, normalised from logarithms of gammas so that tiny concentrations give corners of the simplex and
 * never NaN.
 *
 * @param concentration - positive, shape […, K] with the categories last
 * @param shape - of the result without the last axis; default the leading shape of `concentration`
 * @returns shape [...shape, K]; the last axis sums to 1
 * @throws RangeError when a concentration is not positive; TypeError for a scalar or for shapes that do not fit
 * @example dirichlet(key(0), [1, 1, 1], [5]) // shape [5, 3]
 */
export function dirichlet(key: Key, concentration: TensorLike, shape?: Shape): Tensor {
  const what = "random.dirichlet";
  assertKey(key, what);
  const a = asTensor(concentration);
  if (a.rank === 0 || a.shape[a.rank - 1] === 0) {
    throw new TypeError(
      `${what}: concentration must have a last axis of at least one category, e.g. [1, 1, 1]; its shape is [${a.shape.join(", ")}].`,
    );
  }
  const categories = a.shape[a.rank - 1]!;
  const full = [...resultShape(what, { concentration: a.shape.slice(0, -1) }, shape), categories];
  check(what, "concentration", a, positive);
  const { data, step } = column(a, full);
  const element = elementStreams(key);
  const out = new Float64Array(sizeOf(full));
  for (let row = 0; row < out.length; row += categories) {
    let largest = Number.NEGATIVE_INFINITY;
    for (let i = row; i < row + categories; i++) {
      out[i] = drawLogGamma(element(i), data[i * step]!);
      if (out[i]! > largest) largest = out[i]!;
    }
    let total = 0;
    for (let i = row; i < row + categories; i++) {
      out[i] = exp(out[i]! - largest);
      total += out[i]!;
    }
    for (let i = row; i < row + categories; i++) out[i]! /= total;
  }
  return fromData(out, full);
}
