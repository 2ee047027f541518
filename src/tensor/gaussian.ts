/** Log densities of normal vectors with a given covariance. */
import type { Shape, TypedArray } from "../compiler/graph.ts";
import { isConstant } from "../compiler/node.ts";
import { broadcastShapes, formatShape, sizeOf } from "../compiler/shapes.ts";
import { gaussian } from "../ops/gaussian.ts";
import { transposeMatrix } from "../ops/linalg.ts";
import { broadcastTo } from "../ops/map.ts";
import { expandDims, reshape, squeeze } from "../ops/shape.ts";
import { type Tensor, wrap } from "./tensor.ts";

/** @throws RangeError when something that is computed from the factors of matrices of this shape is NaN. */
export function checkDefinite(values: TypedArray, shape: Shape): void {
  if (!values.some(Number.isNaN)) return;
  throw new RangeError(
    `cholesky: the matrix of shape ${formatShape(shape)} is not positive definite. ` +
      "Check that it is symmetric with a positive diagonal, or add a small multiple of the identity (a jitter such as 1e-9).",
  );
}

/**
 * −½ (dᵀA⁻¹d + log |A|) for vectors d `[…, n]` and covariances A `[…, n, n]`; undefined where a factor of A is better computed
 * by itself, because it is known or serves several vectors.
 * @throws RangeError for known matrices that are not positive definite.
 */
export function centredLogDensity(covariance: Tensor, d: Tensor): Tensor | undefined {
  const [a, x] = [covariance.node, d.node];
  const n = a.shape.at(-1)!;
  if (isConstant(a) || x.shape.at(-1) !== n) return undefined;
  const batch = a.shape.slice(0, -2);
  const lead = broadcastShapes(batch, x.shape.slice(0, -1), "MultivariateNormal");
  const isShared = batch.length === 0;
  if (!isShared && sizeOf(lead) !== sizeOf(batch)) return undefined;
  const vectors = isShared
    ? transposeMatrix(reshape(x, [sizeOf(lead), n]))
    : expandDims(broadcastTo(x, [...lead, n]), -1);
  const { density, factor } = gaussian(isShared ? a : reshape(a, [...lead, n, n]), vectors);
  const result = wrap(isShared ? reshape(density, lead) : squeeze(density, [-1]));
  const width = factor.shape.at(-1)!;
  if (factor.value)
    checkDefinite(
      factor.value.filter((_, i) => i % width < n),
      a.shape,
    );
  return result;
}
