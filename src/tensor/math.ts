/** Elementwise functions on tensors; operands broadcast as in NumPy. */
import type { DType, Node } from "../compiler/graph.ts";
import * as arithmetic from "../ops/arithmetic.ts";
import * as elementary from "../ops/elementary.ts";
import { asNode, type Binary, binary, type Tensor, type TensorLike, type Unary, unary, wrap } from "./tensor.ts";

export const add: Binary = binary(arithmetic.add);
export const sub: Binary = binary(arithmetic.sub);
export const mul: Binary = binary(arithmetic.mul);
export const div: Binary = binary(arithmetic.div);
/** x to the power y; small integer powers become products. */
export const pow: Binary = binary(elementary.pow);
export const maximum: Binary = binary(arithmetic.maximum);
export const minimum: Binary = binary(arithmetic.minimum);
/** log(e^a + e^b) without overflow. */
export const logaddexp: Binary = binary(elementary.logaddexp);
/** x log y, and 0 where x is 0. */
export const xlogy: Binary = binary(elementary.xlogy);
/** x log1p(y), and 0 where x is 0. */
export const xlog1py: Binary = binary(elementary.xlog1py);

export const neg: Unary = unary(arithmetic.neg);
export const abs: Unary = unary(arithmetic.abs);
export const sign: Unary = unary(arithmetic.sign);
export const sqrt: Unary = unary(arithmetic.sqrt);
export const square: Unary = unary(arithmetic.square);
export const reciprocal: Unary = unary(arithmetic.reciprocal);
export const floor: Unary = unary(arithmetic.floor);
export const ceil: Unary = unary(arithmetic.ceil);
/** To the nearest integer, ties to even. */
export const round: Unary = unary(arithmetic.round);
export const exp: Unary = unary(elementary.exp);
/** e^x − 1, accurate near 0. */
export const expm1: Unary = unary(elementary.expm1);
export const log: Unary = unary(elementary.log);
/** log(1 + x), accurate near 0. */
export const log1p: Unary = unary(elementary.log1p);
export const sin: Unary = unary(elementary.sin);
export const cos: Unary = unary(elementary.cos);
/** The angle in [−π/2, π/2] whose tangent is x. */
export const atan: Unary = unary(elementary.atan);
export const tanh: Unary = unary(elementary.tanh);
/** 1 / (1 + e^−x). */
export const sigmoid: Unary = unary(elementary.sigmoid);
/** log(1 + e^x). */
export const softplus: Unary = unary(elementary.softplus);
/** log sigmoid(x) = −softplus(−x). */
export const logSigmoid: Unary = unary(elementary.logSigmoid);
/** log(1 − e^x) for x < 0 (Mächler 2012). */
export const log1mexp: Unary = unary(elementary.log1mexp);
/** log |Γ(x)|. */
export const lgamma: Unary = unary(elementary.lgamma);
/** ψ(x), the derivative of lgamma. */
export const digamma: Unary = unary(elementary.digamma);
export const erf: Unary = unary(elementary.erf);
/** 1 − erf(x), accurate for large x. */
export const erfc: Unary = unary(elementary.erfc);
/** Φ(x), the standard normal distribution function. */
export const normalCdf: Unary = unary(elementary.normalCdf);
/** log Φ(x), accurate far in the left tail. */
export const logNormalCdf: Unary = unary(elementary.logNormalCdf);
/** Φ⁻¹(p). */
export const normalQuantile: Unary = unary(elementary.normalQuantile);

export const equal: Binary = binary(arithmetic.equal);
export const notEqual: Binary = binary(arithmetic.notEqual);
export const less: Binary = binary(arithmetic.less);
export const lessEqual: Binary = binary(arithmetic.lessEqual);
export const greater: Binary = binary((a: Node, b: Node) => arithmetic.less(b, a));
export const greaterEqual: Binary = binary((a: Node, b: Node) => arithmetic.lessEqual(b, a));
export const logicalAnd: Binary = binary(arithmetic.logicalAnd);
export const logicalOr: Binary = binary(arithmetic.logicalOr);
export const logicalNot: Unary = unary(arithmetic.logicalNot);
export const isNaN: Unary = unary(arithmetic.isNaN);
export const isFinite: Unary = unary(arithmetic.isFinite);

/** The same values; derivatives stop here. */
export const stopGradient: Unary = unary(arithmetic.stopGradient);

/**
 * `a` where the condition holds, else `b`, elementwise. Both are computed; only the chosen one has a derivative.
 * @example where(greater(x, 0), log(x), 0)
 */
export function where(condition: TensorLike, a: TensorLike, b: TensorLike): Tensor {
  const test = asNode(condition);
  const [x, y] = [binary((p) => p)(a, b).node, binary((_p, q) => q)(a, b).node];
  return wrap(arithmetic.where(test.dtype === "bool" ? test : arithmetic.cast(test, "bool"), x, y));
}

/** x held between `low` and `high`. */
export const clip = (x: TensorLike, low: TensorLike, high: TensorLike): Tensor => minimum(maximum(x, low), high);

/** The same numbers as another dtype; floats are truncated to integers. */
export const cast = (x: TensorLike, dtype: DType): Tensor => wrap(arithmetic.cast(asNode(x), dtype));
