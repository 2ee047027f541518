/** The three nouns of this folder: constraints, transforms between them, and distributions over them. */
import type { Shape } from "../src/compiler/graph.ts";
import type { Key } from "../src/random/key.ts";
import type { Tensor, TensorLike } from "../src/tensor/tensor.ts";

/** A set that parameters and values live in. */
export interface Constraint {
  /** What sort of set: two of a kind with the same bounds are the same set. */
  readonly kind: string;
  /** As the user would write it, bounds included: `interval(0, 1)`. */
  readonly name: string;
  /** Completes "must be …" in an error message. */
  readonly description: string;
  /** How many of the rightmost axes make up one member. */
  readonly eventDim: number;
  readonly isDiscrete: boolean;
  /** Bounds of a set of numbers, where it has them. They may be traced. */
  readonly lower?: TensorLike;
  readonly upper?: TensorLike;
  /** What `independent` is made of. */
  readonly base?: Constraint;
  /** How unconstrained numbers are mapped onto it: what `biject` makes a transform of. */
  readonly bijection?: Bijection;
  /** What to do about a value outside, as an imperative sentence. */
  readonly hint?: string;
  /** True where the value belongs to the set; the shape is the value's without its rightmost `eventDim` axes, broadcast with the bounds. NaN belongs nowhere. */
  check(value: TensorLike): Tensor;
  /** Some member of the set, of the given full shape. */
  feasible(shape: Shape): Tensor;
}

/** An invertible map, without the sets that it connects; a `Transform` is one. */
export interface Bijection {
  readonly name: string;
  readonly monotone?: 1 | -1;
  /** How many rightmost axes of `x` make up one point; default 0. */
  readonly domainDim?: number;
  forward(x: Tensor): Tensor;
  inverse(y: Tensor): Tensor;
  logAbsDetJacobian(x: Tensor, y: Tensor): Tensor;
  /** Default: the shape stays. */
  forwardShape?(shape: Shape): Shape;
  inverseShape?(shape: Shape): Shape;
}

/** An invertible map with the logarithm of the absolute determinant of its Jacobian. */
export interface Transform {
  readonly name: string;
  readonly domain: Constraint;
  readonly codomain: Constraint;
  /** For an elementwise transform: whether it increases (1) or decreases (−1), where that is known. */
  readonly monotone?: 1 | -1;
  /** Arguments of an affine map, for the moments of a transformed distribution. */
  readonly affine?: { readonly loc: Tensor; readonly scale: Tensor };
  forward(x: TensorLike): Tensor;
  inverse(y: TensorLike): Tensor;
  /** log |det ∂y/∂x| with one entry a point. `y` must be `forward(x)`; whichever is cheaper is used. */
  logAbsDetJacobian(x: TensorLike, y: TensorLike): Tensor;
  /** Shape of `forward(x)` for an `x` of the given shape. */
  forwardShape(shape: Shape): Shape;
  inverseShape(shape: Shape): Shape;
}

/** A distribution as plain data: what `fromJSON` takes. */
export interface DistributionJSON {
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
}

export interface Distribution {
  readonly name: string;
  /** The arguments it was made from, as tensors (for a wrapper: what it wraps is in `base`). */
  readonly args: Readonly<Record<string, Tensor>>;
  readonly base?: Distribution;
  readonly batchShape: Shape;
  readonly eventShape: Shape;
  readonly support: Constraint;
  readonly isDiscrete: boolean;
  /** Whether `enumerateSupport` works. */
  readonly hasEnumerateSupport: boolean;
  /**
   * Log density (or log probability) at `x`, shape `broadcast(batchShape, x's batch)`; −∞ outside the support, NaN for NaN.
   * @throws RangeError if the rightmost axes of `x` aren't `eventShape`, or the rest doesn't broadcast with `batchShape`.
   */
  logProb(x: TensorLike): Tensor;
  /** Draws of shape `[…shape, …batchShape, …eventShape]`; the same key gives the same draws. */
  sample(key: Key, shape?: Shape): Tensor;
  /** Shape `[…batchShape, …eventShape]`; NaN or ∞ where it doesn't exist. */
  readonly mean: Tensor;
  readonly variance: Tensor;
  /** In nats, shape `batchShape`. */
  entropy(): Tensor;
  /** P(X ≤ x), for distributions of single numbers. */
  cdf(x: TensorLike): Tensor;
  /** The smallest x with P(X ≤ x) ≥ p, for distributions of single numbers. */
  icdf(p: TensorLike): Tensor;
  /** Every value, shape `[n, 1, …, 1]` with one 1 per batch axis. */
  enumerateSupport(): Tensor;
  /**
   * The same family with other arguments, by name, checked like those of a call; itself when it has none.
   * @throws RangeError for arguments that violate their constraints.
   */
  withArguments(args: Readonly<Record<string, TensorLike>>): Distribution;
  /** The same distribution with a larger batch, drawn independently. */
  expand(batchShape: Shape): Distribution;
  /** The rightmost `n` batch axes (default 1) become part of the event, log densities summed over them. */
  toEvent(n?: number): Distribution;
  /** Log densities count only where the mask is true; draws are as before. */
  mask(mask: TensorLike): Distribution;
  /** Throws, naming the site, when a known value is NaN or outside the support; see `checkSupport`. */
  checkObservation(value: TensorLike, site?: string): void;
  toJSON(): DistributionJSON;
  toString(): string;
}
