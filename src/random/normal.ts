/** Normal numbers and other shifted and scaled standard distributions. */
import { sizeOf } from "../compiler/shapes.ts";
import { asTensor, fromData, type Shape, type Tensor, type TensorLike } from "../tensor/tensor.ts";
import { exp, log, log1p, tan } from "../wasm/numberFunctions.ts";
import { drawLogGamma } from "./gamma.ts";
import { assertKey, type Key } from "./key.ts";
import { check, column, nonNegative, positive, resultShape, tensors } from "./parameters.ts";
import { elementStreams, normalOfUnit } from "./stream.ts";
import { fillUniform } from "./uniform.ts";

/** Location and scale of a draw; they broadcast, and derivatives flow through them. */
export interface LocationScale {
  /** Default 0. */
  readonly loc?: TensorLike;
  /** ≥ 0, default 1. */
  readonly scale?: TensorLike;
}

/**
 * Normal numbers, equal to `jax.random.normal(key, shape, float64)` up to the rounding of the inverse error function.
 *
 * @param shape - of the whole result; default the shape of the options, a scalar
 * @param options - `loc` (default 0) and `scale` (default 1)
 * @throws RangeError when the scale is negative; TypeError for shapes that do not fit
 * @example normal(key(0), [1000], { loc: 1, scale: 2 }).mean()
 */
export function normal(key: Key, shape?: Shape, options: LocationScale = {}): Tensor {
  return locationScale("random.normal", key, shape, options, normalOfUnit);
}

/**
 * Cauchy numbers.
 *
 * @param shape - of the whole result; default the shape of the options, a scalar
 * @param options - `loc` (default 0) and `scale` (default 1)
 * @throws RangeError when the scale is negative; TypeError for shapes that do not fit
 * @example cauchy(key(0), [5])
 */
export function cauchy(key: Key, shape?: Shape, options: LocationScale = {}): Tensor {
  return locationScale("random.cauchy", key, shape, options, cauchyOfUnit);
}

/** tan(π (u - 1/2)), from the nearer zero or pole; u is moved half a step so that the pole is never hit. */
function cauchyOfUnit(unit: number): number {
  const centred = unit - 0.5 + 2 ** -53;
  const size = Math.abs(centred);
  const value = size > 0.25 ? 1 / tan(Math.PI * (0.5 - size)) : tan(Math.PI * size);
  return centred < 0 ? -value : value;
}

/**
 * Exponential numbers, equal to `jax.random.exponential` up to the rounding of log1p.
 *
 * @param shape - of the whole result; default the shape of the rate, a scalar
 * @param options - `rate` (default 1), positive
 * @throws RangeError when a rate is not positive; TypeError for shapes that do not fit
 * @example exponential(key(0), [5], { rate: 2 })
 */
export function exponential(key: Key, shape?: Shape, options: { readonly rate?: TensorLike } = {}): Tensor {
  const what = "random.exponential";
  assertKey(key, what);
  const rate = asTensor(options.rate ?? 1);
  const full = resultShape(what, { rate: rate.shape }, shape);
  check(what, "rate", rate, positive);
  const unit = fromData(
    fillUniform(key, sizeOf(full), (u) => -log1p(-u)),
    full,
  );
  return options.rate === undefined ? unit : unit.div(rate);
}

/**
 * Student t numbers: a normal over the root of an independent gamma.
 *
 * @param df - degrees of freedom, positive
 * @param shape - of the whole result; default the shape of `df`
 * @throws RangeError when `df` is not positive; TypeError for shapes that do not fit
 * @example studentT(key(0), 4, [100])
 */
export function studentT(key: Key, df: TensorLike, shape?: Shape): Tensor {
  const what = "random.studentT";
  assertKey(key, what);
  const freedom = asTensor(df);
  const full = resultShape(what, { df: freedom.shape }, shape);
  check(what, "df", freedom, positive);
  const { data, step } = column(freedom, full);
  const element = elementStreams(key);
  const out = new Float64Array(sizeOf(full));
  for (let i = 0; i < out.length; i++) {
    const rng = element(i);
    const half = data[i * step]! / 2;
    const z = rng.normal();
    // In logarithms, because the gamma underflows long before its root when df is small.
    out[i] = z * exp(0.5 * (log(half) - drawLogGamma(rng, half)));
  }
  return fromData(out, full);
}

function locationScale(
  what: string,
  key: Key,
  shape: Shape | undefined,
  options: LocationScale,
  standard: (u: number) => number,
): Tensor {
  assertKey(key, what);
  const { loc, scale } = tensors({ loc: options.loc ?? 0, scale: options.scale ?? 1 });
  const full = resultShape(what, { loc: loc.shape, scale: scale.shape }, shape);
  check(what, "scale", scale, nonNegative);
  let result = fromData(fillUniform(key, sizeOf(full), standard), full);
  if (options.scale !== undefined) result = result.mul(scale);
  return options.loc === undefined ? result : result.add(loc);
}
