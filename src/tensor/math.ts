/** Elementwise functions on tensors; operands broadcast as in NumPy. */
import type { DType, Node } from "../compiler/graph.ts";
import * as arithmetic from "../ops/arithmetic.ts";
import * as casts from "../ops/casts.ts";
import * as comparison from "../ops/comparison.ts";
import * as elementary from "../ops/elementary.ts";
import { asNode, type Binary, binary, type Tensor, type TensorLike, type Unary, unary, wrap } from "./tensor.ts";

/** a + b. @example add([1, 2], 1).toArray(); // [2, 3] */
export const add: Binary = binary(arithmetic.add);
/** a − b. @example sub(3, [1, 2]).toArray(); // [2, 1] */
export const sub: Binary = binary(arithmetic.sub);
/** a · b, element by element. @example mul([1, 2], [3, 4]).toArray(); // [3, 8] */
export const mul: Binary = binary(arithmetic.mul);
/** a / b, as floats. @example div([1, 2], 4).toArray(); // [0.25, 0.5] */
export const div: Binary = binary(arithmetic.div);
/** x to the power y; small integer powers become products. */
export const pow: Binary = binary(elementary.pow);
/** The larger of a and b; NaN where either is. @example maximum([1, 5], 3).toArray(); // [3, 5] */
export const maximum: Binary = binary(arithmetic.maximum);
/** The smaller of a and b; NaN where either is. @example minimum([1, 5], 3).toArray(); // [1, 3] */
export const minimum: Binary = binary(arithmetic.minimum);
/** log(e^a + e^b) without overflow. */
export const logaddexp: Binary = binary(elementary.logaddexp);
/** x log y, and 0 where x is 0. */
export const xlogy: Binary = binary(elementary.xlogy);
/** x log1p(y), and 0 where x is 0. */
export const xlog1py: Binary = binary(elementary.xlog1py);

/** −x. */
export const neg: Unary = unary(arithmetic.neg);
/** |x|. */
export const abs: Unary = unary(arithmetic.abs);
/** −1, 0 or 1 by the sign of x. @example sign([-2, 0, 3]).toArray(); // [-1, 0, 1] */
export const sign: Unary = unary(arithmetic.sign);
/** √x; NaN for negative x. */
export const sqrt: Unary = unary(arithmetic.sqrt);
/** x². @example square([1, -3]).toArray(); // [1, 9] */
export const square: Unary = unary(arithmetic.square);
/** 1 / x. */
export const reciprocal: Unary = unary(arithmetic.reciprocal);
/** The largest integer not above x. */
export const floor: Unary = unary(arithmetic.floor);
/** The smallest integer not below x. */
export const ceil: Unary = unary(arithmetic.ceil);
/** To the nearest integer, ties to even. */
export const round: Unary = unary(arithmetic.round);
/** e^x. Error below 1.1 ulp. */
export const exp: Unary = unary(elementary.exp);
/** e^x − 1, accurate near 0. */
export const expm1: Unary = unary(elementary.expm1);
/** The natural logarithm; −∞ at 0, NaN below. Error below 0.8 ulp. */
export const log: Unary = unary(elementary.log);
/** log(1 + x), accurate near 0. */
export const log1p: Unary = unary(elementary.log1p);
/** Sine of x in radians. */
export const sin: Unary = unary(elementary.sin);
/** Cosine of x in radians. */
export const cos: Unary = unary(elementary.cos);
/** The angle in [−π/2, π/2] whose tangent is x. */
export const atan: Unary = unary(elementary.atan);
/** The hyperbolic tangent. */
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
/** The error function. */
export const erf: Unary = unary(elementary.erf);
/** 1 − erf(x), accurate for large x. */
export const erfc: Unary = unary(elementary.erfc);
/** Φ(x), the standard normal distribution function. */
export const normalCdf: Unary = unary(elementary.normalCdf);
/** log Φ(x), accurate far in the left tail. */
export const logNormalCdf: Unary = unary(elementary.logNormalCdf);
/** Φ⁻¹(p). */
export const normalQuantile: Unary = unary(elementary.normalQuantile);

/** Where a = b, as truth values. @example equal([1, 2], 2).toArray(); // [false, true] */
export const equal: Binary = binary(comparison.equal);
/** Where a ≠ b. */
export const notEqual: Binary = binary(comparison.notEqual);
/** Where a < b. @example less([1, 2], 2).toArray(); // [true, false] */
export const less: Binary = binary(comparison.less);
/** Where a ≤ b. */
export const lessEqual: Binary = binary(comparison.lessEqual);
/** Where a > b. */
export const greater: Binary = binary((a: Node, b: Node) => comparison.less(b, a));
/** Where a ≥ b. */
export const greaterEqual: Binary = binary((a: Node, b: Node) => comparison.lessEqual(b, a));
/** Where both are true. */
export const logicalAnd: Binary = binary(comparison.logicalAnd);
/** Where either is true. */
export const logicalOr: Binary = binary(comparison.logicalOr);
/** Where x is false. */
export const logicalNot: Unary = unary(comparison.logicalNot);
/** Where x is not a number. */
export const isNaN: Unary = unary(comparison.isNaN);
/** Where x is neither infinite nor NaN. */
export const isFinite: Unary = unary(comparison.isFinite);

/** The same values; derivatives stop here. */
export const stopGradient: Unary = unary(casts.stopGradient);

/**
 * `a` where the condition holds, else `b`, elementwise. Both are computed; only the chosen one has a derivative.
 * A condition of numbers holds wherever it is not 0: NaN counts as true.
 * @example where(greater(x, 0), log(x), 0)
 */
export function where(condition: TensorLike, a: TensorLike, b: TensorLike): Tensor {
  const test = asNode(condition);
  const [x, y] = [binary((p) => p)(a, b).node, binary((_p, q) => q)(a, b).node];
  return wrap(comparison.where(test.dtype === "bool" ? test : casts.cast(test, "bool"), x, y));
}

/** x held between `low` and `high`. */
export const clip = (x: TensorLike, low: TensorLike, high: TensorLike): Tensor => minimum(maximum(x, low), high);

/** The same numbers as another dtype; floats are truncated to integers. */
export const cast = (x: TensorLike, dtype: DType): Tensor => wrap(casts.cast(asNode(x), dtype));
