/** Mean and variance of vectors seen one at a time (Welford 1962), per coordinate. */
export interface RunningVariance {
  readonly count: number;
  add(x: Float64Array): void;
  reset(): void;
  readonly mean: Float64Array;
  /** Sum of squared deviations from the mean: divide by `count - 1` for the unbiased variance. */
  readonly sumOfSquares: Float64Array;
}

/** An empty estimator for vectors of length `dim`. */
export function runningVariance(dim: number): RunningVariance {
  const mean = new Float64Array(dim);
  const sumOfSquares = new Float64Array(dim);
  let count = 0;
  return {
    mean,
    sumOfSquares,
    get count() {
      return count;
    },
    add(x) {
      count++;
      const weight = 1 / count;
      for (let i = 0; i < dim; i++) {
        const difference = x[i] - mean[i];
        mean[i] += difference * weight;
        sumOfSquares[i] += difference * (x[i] - mean[i]);
      }
    },
    reset() {
      count = 0;
      mean.fill(0);
      sumOfSquares.fill(0);
    },
  };
}
