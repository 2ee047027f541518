/**
 * What the effects need of a distribution. Distributions live in a higher layer, so the shape of one is stated here
 * structurally; whatever has these members can stand in a `sample` statement.
 */
import type { Shape } from "../compiler/graph.ts";
import type { Key } from "../random/key.ts";
import type { Tensor, TensorLike } from "../tensor/tensor.ts";

/** A set that values live in, as far as handlers look at it. */
export interface SupportLike {
  /** As the user would write it: `interval(0, 1)`. */
  readonly name: string;
  /** Completes "must be …". */
  readonly description: string;
  /** How many of the rightmost axes make up one member. */
  readonly eventDim: number;
  /** True where the value belongs to the set; shape of the value without its event axes. */
  check(value: TensorLike): Tensor;
}

export interface Samplable {
  readonly name: string;
  readonly batchShape: Shape;
  readonly eventShape: Shape;
  readonly support: SupportLike;
  /** Draws of shape `[…shape, …batchShape, …eventShape]`. */
  sample(key: Key, shape?: Shape): Tensor;
  /** Log density, shape of the batch. */
  logProb(value: TensorLike): Tensor;
  /** The same distribution with a larger batch. */
  expand(batchShape: Shape): Samplable;
  /** The same distribution whose log density is 0 where the mask is false, whatever the value there (NaN included). */
  mask(mask: TensorLike): Samplable;
  /** Throws, naming the site, when a known observed value is NaN or outside the support. */
  checkObservation?(value: Tensor, site: string): void;
}

/** Whether something can stand in a `sample` statement. */
export function isSamplable(x: unknown): x is Samplable {
  if (x === null || typeof x !== "object") return false;
  const d = x as Partial<Samplable>;
  return (
    typeof d.sample === "function" &&
    typeof d.logProb === "function" &&
    Array.isArray(d.batchShape) &&
    Array.isArray(d.eventShape)
  );
}
