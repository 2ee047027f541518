/**
 * What a gradient-based sampler sees of a model: a flat unconstrained vector in, log density and gradient out.
 * A compiled program implements it; so does any plain object.
 */
export interface Density {
  /** Length of the position vector. */
  readonly dim: number;
  /**
   * The log density at `x` up to a constant; writes its gradient into `grad` (both of length `dim`). It must not keep
   * or change `x`. `-Infinity` and `NaN` mean "outside the support": the sampler rejects the point.
   */
  valueAndGrad(x: Float64Array, grad: Float64Array): number;
}
