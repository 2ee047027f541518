/** Goodness of fit for tests with fixed seeds. */
import { gammainccinv } from "../../src/ops/special/gammaincinv.ts";
import { key } from "../../src/random/key.ts";
import { stream } from "../../src/random/stream.ts";

/** The Kolmogorov distance of numbers in [0, 1] from uniform, in units of its critical value at 1 in 1000. */
export function uniformDistance(values: ArrayLike<number>): number {
  const sorted = Float64Array.from(values).sort();
  const n = sorted.length;
  let distance = 0;
  for (let i = 0; i < n; i++) distance = Math.max(distance, (i + 1) / n - sorted[i]!, sorted[i]! - i / n);
  return (distance * Math.sqrt(n)) / 1.95;
}

/** `uniformDistance` of cdf(x). */
export const distance = (values: ArrayLike<number>, cdf: (x: number) => number): number =>
  uniformDistance(Array.from(values, cdf));

/** `uniformDistance` of the randomised cdf of integers: uniform between cdf(k - 1) and cdf(k). */
export function countDistance(values: ArrayLike<number>, cdf: (k: number) => number): number {
  const jitter = stream(key("jitter"));
  return uniformDistance(
    Array.from(values, (k) => {
      const below = cdf(k - 1);
      return below + (cdf(k) - below) * jitter.uniform();
    }),
  );
}

/** Pearson's statistic of observed counts, in units of its critical value at 1 in 1000. */
export function chiSquare(observed: readonly number[], probabilities: readonly number[]): number {
  const n = observed.reduce((a, b) => a + b, 0);
  const statistic = observed.reduce((sum, o, i) => sum + (o - n * probabilities[i]!) ** 2 / (n * probabilities[i]!), 0);
  return statistic / (2 * gammainccinv((observed.length - 1) / 2, 1e-3));
}

export function tally(values: ArrayLike<number>, categories: number): number[] {
  const counts = new Array<number>(categories).fill(0);
  for (let i = 0; i < values.length; i++) counts[values[i]!]!++;
  return counts;
}

export function correlation(x: ArrayLike<number>, y: ArrayLike<number>): number {
  const n = x.length;
  const mean = (v: ArrayLike<number>): number => Array.from(v).reduce((a, b) => a + b, 0) / n;
  const [mx, my] = [mean(x), mean(y)];
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    xy += (x[i]! - mx) * (y[i]! - my);
    xx += (x[i]! - mx) ** 2;
    yy += (y[i]! - my) ** 2;
  }
  return xy / Math.sqrt(xx * yy);
}
