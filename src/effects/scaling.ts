/** Scales and masks of log densities, and how they combine. */
import { logicalAnd, mul } from "../tensor/math.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** The product of two scales; stays a number as long as both are. */
export const multiplyScales = (a: number | Tensor, b: number | Tensor): number | Tensor =>
  typeof a === "number" && typeof b === "number" ? a * b : mul(a, b);

/** An entry counts if it does under both masks; undefined counts everything. */
export const combineMasks = (a: Tensor | undefined, b: Tensor): Tensor => (a === undefined ? b : logicalAnd(a, b));
