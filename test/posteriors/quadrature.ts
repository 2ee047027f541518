/** Moments of one-dimensional densities, by quadrature. */
import type { Moments } from "./references.ts";

/**
 * Mean, standard deviation and quantiles of a density on an interval that holds all of its mass, by the trapezoidal
 * rule, which is as good as any for smooth densities that vanish at both ends.
 *
 * @param logDensity - up to a constant
 */
export function quadrature(logDensity: (x: number) => number, low: number, high: number, points = 20_001): Moments {
  const step = (high - low) / (points - 1);
  const xs = Float64Array.from({ length: points }, (_, i) => low + i * step);
  const logs = xs.map(logDensity);
  const largest = logs.reduce((a, b) => Math.max(a, b));
  const weights = logs.map((l, i) => Math.exp(l - largest) * (i === 0 || i === points - 1 ? 0.5 : 1));
  const total = weights.reduce((a, b) => a + b);
  const expectation = (f: (x: number) => number): number =>
    weights.reduce((sum, w, i) => sum + w * f(xs[i]!), 0) / total;
  const mean = expectation((x) => x);
  const quantile = (p: number): number => {
    let below = 0;
    for (let i = 0; i < points - 1; i++) {
      const cell = (0.5 * (Math.exp(logs[i]! - largest) + Math.exp(logs[i + 1]! - largest))) / total;
      if (below + cell >= p) return xs[i]! + step * ((p - below) / cell);
      below += cell;
    }
    return high;
  };
  return {
    mean,
    sd: Math.sqrt(expectation((x) => (x - mean) ** 2)),
    q5: quantile(0.05),
    q50: quantile(0.5),
    q95: quantile(0.95),
  };
}
