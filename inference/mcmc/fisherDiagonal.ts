/** Scales of the coordinates from the variances of draws and gradients. */
import { type RunningVariance, runningVariance } from "./runningVariance.ts";

/** Draws and their gradients over a stretch of warm-up. */
export interface FisherEstimator {
  readonly count: number;
  add(x: Float64Array, gradient: Float64Array): void;
  reset(): void;
  /** Writes the estimate into `scale`; leaves coordinates that did not move, or whose gradient did not, as they are. */
  writeScale(scale: Float64Array): void;
}

const SMALLEST = 1e-10;
const LARGEST = 1e10;

/**
 * The diagonal scale that minimises the Fisher divergence between the whitened draws and a standard normal: σ⁴ = Var x / Var g, for
 * draws x and gradients g of the log density (Seyboldt, Carlson & Carpenter, arXiv:2603.18845). For an independent normal target
 * g = (μ - x) / σ², so three draws give it exactly.
 */
export function fisherDiagonal(dim: number): FisherEstimator {
  const draws: RunningVariance = runningVariance(dim);
  const gradients: RunningVariance = runningVariance(dim);
  return {
    get count() {
      return draws.count;
    },
    add(x, gradient) {
      draws.add(x);
      gradients.add(gradient);
    },
    reset() {
      draws.reset();
      gradients.reset();
    },
    writeScale(scale) {
      const a = draws.sumOfSquares;
      const b = gradients.sumOfSquares;
      for (let i = 0; i < dim; i++) {
        const sigma = Math.sqrt(Math.sqrt(a[i] / b[i]));
        if (sigma > 0 && sigma < Infinity) scale[i] = Math.min(Math.max(sigma, SMALLEST), LARGEST);
      }
    },
  };
}
