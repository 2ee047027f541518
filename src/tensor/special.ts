/** Special functions on tensors. Those of incomplete integrals are evaluated, not compiled: a program that has them is interpreted. */
import * as special from "../ops/special.ts";
import { add, div, normalQuantile as quantile } from "./math.ts";
import { asNode, type Binary, binary, type Tensor, type TensorLike, wrap } from "./tensor.ts";

/** Regularised lower incomplete gamma P(a, x) = ∫₀ˣ t^(a−1) e^(−t) dt / Γ(a). */
export const gammainc: Binary = binary(special.gammainc);
/** Regularised upper incomplete gamma Q(a, x) = 1 − P(a, x). */
export const gammaincc: Binary = binary(special.gammaincc);
/** Regularised incomplete beta I_x(a, b). */
export const betainc = (a: TensorLike, b: TensorLike, x: TensorLike): Tensor =>
  wrap(special.betainc(asNode(a), asNode(b), asNode(x)));
/** x with P(a, x) = p. */
export const gammaincinv: Binary = binary(special.gammaincinv);
/** x with I_x(a, b) = p. */
export const betaincinv = (a: TensorLike, b: TensorLike, p: TensorLike): Tensor =>
  wrap(special.betaincinv(asNode(a), asNode(b), asNode(p)));

export { quantile as normalQuantile };
/** Inverse of the error function: erf(erfinv(x)) = x. */
export const erfinv = (x: TensorLike): Tensor => div(quantile(div(add(x, 1), 2)), Math.SQRT2);
