/** Counts: Poisson and binomial numbers, exact for small and for large parameters. */
import { sizeOf } from "../compiler/shapes.ts";
import { deviance, stirlingError } from "../ops/special/deviance.ts";
import { asTensor, fromData, type Shape, type Tensor, type TensorLike } from "../tensor/tensor.ts";
import { exp, log, log1p } from "../wasm/numberFunctions.ts";
import { assertKey, type Key } from "./key.ts";
import { check, column, count, nonNegative, probability, resultShape, tensors } from "./parameters.ts";
import { elementStreams, type Stream } from "./stream.ts";

/** Means from here on use transformed rejection; below, the cdf is searched from zero. */
const REJECTION_FROM = 10;
/** A search that gets here (probability below 2^-52 for means under 10) met the rounding of the cdf, and starts again. */
const SEARCH_LIMIT = 110;

/** One Poisson draw of mean `rate` ≥ 0. */
function drawPoisson(rng: Stream, rate: number): number {
  if (rate >= REJECTION_FROM) return rejectPoisson(rng, rate);
  const none = exp(-rate);
  for (;;) {
    let u = rng.uniform();
    let mass = none;
    let k = 0;
    while (u >= mass && k < SEARCH_LIMIT) {
      u -= mass;
      k++;
      mass *= rate / k;
    }
    if (k < SEARCH_LIMIT) return k;
  }
}

/** W. Hörmann (1993), The transformed rejection method for generating Poisson random variables (PTRS). */
function rejectPoisson(rng: Stream, rate: number): number {
  const b = 0.931 + 2.53 * Math.sqrt(rate);
  const a = -0.059 + 0.02483 * b;
  const inverseAlpha = 1.1239 + 1.1328 / (b - 3.4);
  const squeeze = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    const u = rng.uniform() - 0.5;
    const v = 1 - rng.uniform();
    const us = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / us + b) * u + rate + 0.43);
    if (us >= 0.07 && v <= squeeze) return k;
    if (k < 0 || (us < 0.013 && v > us)) continue;
    if (log((v * inverseAlpha) / (a / (us * us) + b)) <= poissonLogMass(k, rate)) return k;
  }
}

/** log(rate^k e^-rate / k!) without cancellation (C. Loader 2000). */
function poissonLogMass(k: number, rate: number): number {
  if (k === 0) return -rate;
  return -stirlingError(k) - deviance(k, rate) - 0.5 * log(2 * Math.PI * k);
}

/** One binomial draw: successes of `n` trials with probability `p` in [0, 1]. */
function drawBinomial(rng: Stream, n: number, p: number): number {
  if (p > 0.5) return n - drawBinomial(rng, n, 1 - p);
  if (n * p >= REJECTION_FROM) return rejectBinomial(rng, n, p);
  const none = exp(n * log1p(-p));
  const odds = p / (1 - p);
  const limit = Math.min(n, SEARCH_LIMIT);
  for (;;) {
    let u = rng.uniform();
    let mass = none;
    let k = 0;
    while (u >= mass && k <= limit) {
      u -= mass;
      k++;
      mass *= (odds * (n - k + 1)) / k;
    }
    if (k <= limit) return k;
  }
}

/** W. Hörmann (1993), The generation of binomial random variates, J. Stat. Comput. Simul. 46 (BTRS); p ≤ 1/2, n p ≥ 10. */
function rejectBinomial(rng: Stream, n: number, p: number): number {
  const deviation = Math.sqrt(n * p * (1 - p));
  const b = 1.15 + 2.53 * deviation;
  const a = -0.0873 + 0.0248 * b + 0.01 * p;
  const centre = n * p + 0.5;
  const squeeze = 0.92 - 4.2 / b;
  const alpha = (2.83 + 5.1 / b) * deviation;
  const mode = Math.floor((n + 1) * p);
  const atMode = binomialLogMass(mode, n, p);
  for (;;) {
    const u = rng.uniform() - 0.5;
    const v = 1 - rng.uniform();
    const us = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / us + b) * u + centre);
    if (k < 0 || k > n) continue;
    if (us >= 0.07 && v <= squeeze) return k;
    if (log((v * alpha) / (a / (us * us) + b)) <= binomialLogMass(k, n, p) - atMode) return k;
  }
}

/** log of the binomial probability of k, without cancellation (C. Loader 2000). */
function binomialLogMass(k: number, n: number, p: number): number {
  const q = 1 - p;
  if (k === 0) return n * log1p(-p);
  if (k === n) return n * log(p);
  const errors = stirlingError(n) - stirlingError(k) - stirlingError(n - k);
  return errors - deviance(k, n * p) - deviance(n - k, n * q) + 0.5 * log(n / k / (n - k) / (2 * Math.PI));
}

/**
 * Poisson counts. Element i depends on the key, on i and on its own rate only.
 *
 * @param rate - the mean, ≥ 0
 * @param shape - of the whole result; default the shape of `rate`
 * @returns a float64 tensor: counts may exceed 32 bits
 * @throws RangeError when a rate is negative or not finite; TypeError for shapes that do not fit
 * @example poisson(key(0), [0.5, 30, 1e6])
 */
export function poisson(key: Key, rate: TensorLike, shape?: Shape): Tensor {
  const what = "random.poisson";
  assertKey(key, what);
  const mean = asTensor(rate);
  const full = resultShape(what, { rate: mean.shape }, shape);
  check(what, "rate", mean, nonNegative);
  const { data, step } = column(mean, full);
  const element = elementStreams(key);
  const out = new Float64Array(sizeOf(full));
  for (let i = 0; i < out.length; i++) out[i] = drawPoisson(element(i), data[i * step]!);
  return fromData(out, full);
}

/**
 * Binomial counts. Element i depends on the key, on i and on its own parameters only.
 *
 * @param n - number of trials, an integer in [0, 2^53]
 * @param p - probability of success, in [0, 1]
 * @param shape - of the whole result; default what `n` and `p` broadcast to
 * @returns a float64 tensor: counts may exceed 32 bits
 * @throws RangeError when `n` is no count or `p` no probability; TypeError for shapes that do not fit
 * @example binomial(key(0), 10, [0.1, 0.5, 0.9])
 */
export function binomial(key: Key, n: TensorLike, p: TensorLike, shape?: Shape): Tensor {
  const what = "random.binomial";
  assertKey(key, what);
  const named = tensors({ n, p });
  const full = resultShape(what, { n: named.n.shape, p: named.p.shape }, shape);
  check(what, "n", named.n, count);
  check(what, "p", named.p, probability);
  const ns = column(named.n, full);
  const ps = column(named.p, full);
  const element = elementStreams(key);
  const out = new Float64Array(sizeOf(full));
  for (let i = 0; i < out.length; i++) out[i] = drawBinomial(element(i), ns.data[i * ns.step]!, ps.data[i * ps.step]!);
  return fromData(out, full);
}
