/** Special functions on tensors. Those of incomplete integrals are evaluated, not compiled: a program that has them is interpreted. */
import { type SpecialName, special } from "../ops/special.ts";
import { add, div, normalQuantile as quantile } from "./math.ts";
import { asNode, type Tensor, type TensorLike, wrap } from "./tensor.ts";

const apply = (name: SpecialName, ...args: TensorLike[]): Tensor => wrap(special(name, args.map(asNode)));

/** Regularised lower incomplete gamma P(a, x) = ∫₀ˣ t^(a−1) e^(−t) dt / Γ(a). */
export const gammainc = (a: TensorLike, x: TensorLike): Tensor => apply("gammainc", a, x);
/** Regularised upper incomplete gamma Q(a, x) = 1 − P(a, x). */
export const gammaincc = (a: TensorLike, x: TensorLike): Tensor => apply("gammaincc", a, x);
/** Regularised incomplete beta I_x(a, b). */
export const betainc = (a: TensorLike, b: TensorLike, x: TensorLike): Tensor => apply("betainc", a, b, x);
/** x with P(a, x) = p. */
export const gammaincinv = (a: TensorLike, p: TensorLike): Tensor => apply("gammaincinv", a, p);
/** x with I_x(a, b) = p. */
export const betaincinv = (a: TensorLike, b: TensorLike, p: TensorLike): Tensor => apply("betaincinv", a, b, p);

export { quantile as normalQuantile };
/** Inverse of the error function: erf(erfinv(x)) = x. */
export const erfinv = (x: TensorLike): Tensor => div(quantile(div(add(x, 1), 2)), Math.SQRT2);
