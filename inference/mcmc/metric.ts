/**
 * A linear change of coordinates x = F y under which the target looks closer to a standard normal. All dynamics run in y with
 * unit mass, so this is the only place where a metric exists (Seyboldt, Carlson & Carpenter, arXiv:2603.18845).
 */
export interface Metric {
  readonly dim: number;
  /** x = F y. */
  toPosition(y: Float64Array, x: Float64Array): void;
  /** y = F⁻¹ x. */
  toWhitened(x: Float64Array, y: Float64Array): void;
  /** The gradient with respect to y, Fᵀ ∇ₓ. */
  pullBack(gradient: Float64Array, force: Float64Array): void;
}

/** F = diag(scale): coordinate i moves on the length `scale[i]`. */
export interface DiagonalMetric extends Metric {
  readonly scale: Float64Array;
}

/**
 * The diagonal metric with the given scales (standard deviations, length `dim`; all ones by default). The array is used,
 * not copied: adaptation writes into it.
 */
export function diagonalMetric(dim: number, scale: Float64Array = new Float64Array(dim).fill(1)): DiagonalMetric {
  return {
    dim,
    scale,
    toPosition(y, x) {
      for (let i = 0; i < dim; i++) x[i] = scale[i] * y[i];
    },
    toWhitened(x, y) {
      for (let i = 0; i < dim; i++) y[i] = x[i] / scale[i];
    },
    pullBack(gradient, force) {
      for (let i = 0; i < dim; i++) force[i] = scale[i] * gradient[i];
    },
  };
}

/** How far one initial variance may be from the median of all of them. */
const SPREAD = 1e6;

/**
 * Fills `scale` from a single gradient: σᵢ² = 1/|gᵢ| (nutpie's first guess: the curvature of a normal one standard deviation out),
 * bounded to within a factor 10⁶ of the median, so that a point far in a steep tail cannot freeze coordinates.
 */
export function scaleFromGradient(gradient: Float64Array, scale: Float64Array): void {
  const variances: number[] = [];
  for (let i = 0; i < gradient.length; i++) {
    const variance = 1 / Math.abs(gradient[i]);
    if (variance > 0 && variance < Infinity) variances.push(variance);
  }
  variances.sort((a, b) => a - b);
  const median = variances.length > 0 ? variances[variances.length >> 1] : 1;
  for (let i = 0; i < gradient.length; i++) {
    const variance = 1 / Math.abs(gradient[i]);
    const bounded = variance > 0 && variance < Infinity ? variance : median;
    scale[i] = Math.sqrt(Math.min(Math.max(bounded, median / SPREAD), median * SPREAD));
  }
}

/** Whether every entry is a finite number. */
export function allFinite(values: Float64Array): boolean {
  for (let i = 0; i < values.length; i++) if (!(Math.abs(values[i]) < Infinity)) return false;
  return true;
}
