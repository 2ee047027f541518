/** Autocovariances of chains. */
import type { Chains } from "./draws.ts";
import { fourierTransform } from "./fourier.ts";
import { mean } from "./moments.ts";

/** From this lag on, one Fourier transform of everything is cheaper than sums four by four. */
const spectralLag = 64;

/**
 * Adds Σ_i x_i x_{i+lag} to `sums[lag]`, for the given lag and the three after it: four sums for little more than the
 * time of one, which the latency of additions and the bounds checks of loads dominate.
 */
function addLaggedProducts(x: Float64Array, lag: number, sums: Float64Array): void {
  const length = x.length;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let x0 = lag < length ? x[lag] : 0;
  let x1 = lag + 1 < length ? x[lag + 1] : 0;
  let x2 = lag + 2 < length ? x[lag + 2] : 0;
  let i = 0;
  for (; i + lag + 3 < length; i++) {
    const y = x[i];
    const x3 = x[i + lag + 3];
    a += y * x0;
    b += y * x1;
    c += y * x2;
    d += y * x3;
    x0 = x1;
    x1 = x2;
    x2 = x3;
  }
  for (; i + lag < length; i++) {
    const y = x[i];
    a += y * x0;
    b += y * x1;
    c += y * x2;
    x0 = x1;
    x1 = x2;
    x2 = 0;
  }
  sums[lag] += a;
  sums[lag + 1] += b;
  sums[lag + 2] += c;
  sums[lag + 3] += d;
}

/** Σ over chains of Σ_i x_i x_{i+lag} for every lag, through the power spectrum (Wiener–Khinchin). */
function allLaggedProducts(centred: Chains): Float64Array {
  const length = centred[0].length;
  let size = 2;
  while (size < 2 * length) size *= 2;
  const power = new Float64Array(size);
  const re = new Float64Array(size);
  const im = new Float64Array(size);
  for (let c = 0; c < centred.length; c += 2) {
    // Two real chains ride in one complex transform: |A_k|² + |B_k|² = (|Z_k|² + |Z_−k|²)/2.
    re.set(centred[c]);
    re.fill(0, length);
    if (c + 1 < centred.length) im.set(centred[c + 1]);
    else im.fill(0, 0, length);
    im.fill(0, length);
    fourierTransform(re, im);
    for (let k = 0; k < size; k++) power[k] += re[k] * re[k] + im[k] * im[k];
  }
  // The spectrum is real and even, so the transform is its own inverse up to the factor `size`.
  re[0] = power[0];
  for (let k = 1; k < size; k++) re[k] = (power[k] + power[size - k]) / 2;
  im.fill(0);
  fourierTransform(re, im);
  for (let lag = 0; lag < length; lag++) re[lag] /= size;
  return re;
}

/** The same chains, each with its mean removed. */
export function centre(chains: Chains, means: ArrayLike<number>): Float64Array[] {
  return chains.map((chain, c) => {
    const shift = means[c];
    const centred = new Float64Array(chain.length);
    for (let i = 0; i < chain.length; i++) centred[i] = chain[i] - shift;
    return centred;
  });
}

/**
 * Mean over chains of the biased autocovariance, lag by lag and on demand: effective sample sizes of
 * well-mixed chains need only the first few lags.
 *
 * @param centred `[chain][draw]`, every chain with mean zero.
 * @returns a function of the lag, 0 ≤ lag < draws. Lag 0 is the mean of the variances with divisor `draws`.
 */
export function meanAutocovariance(centred: Chains): (lag: number) => number {
  const count = centred.length * centred[0].length;
  let sums: Float64Array = new Float64Array(spectralLag);
  let known = 0;
  return (lag) => {
    if (lag >= spectralLag && known !== Number.POSITIVE_INFINITY) {
      sums = allLaggedProducts(centred);
      known = Number.POSITIVE_INFINITY;
    }
    for (; known <= lag; known += 4) {
      for (const chain of centred) addLaggedProducts(chain, known, sums);
    }
    return sums[lag] / count;
  };
}

/**
 * Autocovariance of a series at every lag, with divisor `length` at all lags ("biased", as recommended by
 * Geyer, Statistical Science 7 (1992)).
 *
 * @example
 * autocovariance([1, -1, 1, -1]); // [1, -0.75, 0.5, -0.25]
 */
export function autocovariance(series: ArrayLike<number>): Float64Array {
  const chain = Float64Array.from(series);
  const at = meanAutocovariance(centre([chain], [mean([chain])]));
  return Float64Array.from({ length: chain.length }, (_, lag) => at(lag));
}
