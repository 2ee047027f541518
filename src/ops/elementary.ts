/** Elementary and special functions as records: the definitions live in src/wasm/functions, the derivatives here. */
import type { Node, Op } from "../compiler/graph.ts";
import { apply, isConstant, scalar } from "../compiler/node.ts";
import type { Algebra } from "../wasm/algebra.ts";
import { erfc as erfcOf, erf as erfOf } from "../wasm/functions/erf.ts";
import { exp as expOf } from "../wasm/functions/exp.ts";
import { expm1 as expm1Of } from "../wasm/functions/expm1.ts";
import {
  digamma as digammaOf,
  digammaPositive as digammaPositiveOf,
  lgamma as lgammaOf,
  lgammaPositive as lgammaPositiveOf,
  trigamma as trigammaOf,
  trigammaPositive as trigammaPositiveOf,
} from "../wasm/functions/gamma.ts";
import { log as logOf } from "../wasm/functions/log.ts";
import { log1p as log1pOf } from "../wasm/functions/log1p.ts";
import {
  log1mexp as log1mexpOf,
  logaddexp as logaddexpOf,
  logaddexpShare as logaddexpShareOf,
  sigmoid as sigmoidOf,
  softplus as softplusOf,
  tanh as tanhOf,
} from "../wasm/functions/logistic.ts";
import {
  inverseMillsRatio as inverseMillsRatioOf,
  logNormalCdf as logNormalCdfOf,
  normalCdf as normalCdfOf,
  normalQuantile as normalQuantileOf,
} from "../wasm/functions/normal.ts";
import { pow as powOf } from "../wasm/functions/pow.ts";
import { atan as atanOf, cos as cosOf, sin as sinOf } from "../wasm/functions/trigonometric.ts";
import { add, arithmeticOps, div, division, mul, neg, reciprocal, square, sub } from "./arithmetic.ts";
import { uniformValue } from "./broadcast.ts";
import { equal, where } from "./comparison.ts";
import { applyMap, broadcastTo, defineMap, type MapDefinition, type Partial } from "./map.ts";

type Unary = <V>(m: Algebra<V>, x: V) => V;

const unary = (
  name: string,
  f: Unary,
  cost: number,
  derivative: (x: Node, out: Node) => Node,
  simplify?: MapDefinition["simplify"],
): Op =>
  defineMap({
    name,
    arity: 1,
    cost,
    scalar: (m, [x]) => f(m, x!),
    partials: [([x], out) => derivative(x!, out)],
    ...(simplify && { simplify }),
  });

const constant = (x: number, like: Node): Node => scalar(x, like.dtype === "float32" ? "float32" : "float64");

const expOp: Op = defineMap({
  name: "exp",
  arity: 1,
  cost: 20,
  scalar: (m, [x]) => expOf(m, x!),
  partials: [(_x, out) => out],
  simplify: ([x]) => (x!.op === logOp && isNonNegative(x!.inputs[0]!) ? x!.inputs[0]! : undefined),
  // Where e^x is computed, e^−x is a division.
  lower: ([x], _attrs, _type, find) => {
    const opposite = x!.op === arithmeticOps.neg ? find(expOp, [x!.inputs[0]!]) : undefined;
    return opposite && division(opposite);
  },
});
export const exp = (x: Node): Node => applyMap(expOp, x);

const logOp: Op = unary(
  "log",
  logOf,
  20,
  (x) => reciprocal(x),
  ([x]) => {
    if (x!.op === arithmeticOps.reciprocal) return neg(log(x!.inputs[0]!));
    if (x!.op === arithmeticOps.sqrt) return mul(constant(0.5, x!), log(x!.inputs[0]!));
    return knownLog(x!);
  },
);
/**
 * The logarithm of what was exponentiated, of positive data, and of products, quotients and selections of such: rates with an
 * exposure, scales by group. Nothing is lost on the way to e^u and back.
 */
function knownLog(x: Node): Node | undefined {
  if (x.op === expOp) return x.inputs[0];
  if (isConstant(x)) return x.value!.every((v) => v > 0) ? log(x) : undefined;
  const [a, b] = x.inputs as [Node, Node];
  const { kind } = x.op.lowering;
  if (x.op === arithmeticOps.mul || x.op === arithmeticOps.div) {
    const [left, right] = [knownLog(a), knownLog(b)];
    return left && right && (x.op === arithmeticOps.mul ? add : sub)(left, right);
  }
  const inner =
    x.op === arithmeticOps.reciprocal || kind === "gather" || kind === "view" || kind === "reshape"
      ? knownLog(a)
      : undefined;
  if (!inner) return undefined;
  return x.op === arithmeticOps.reciprocal ? neg(inner) : apply(x.op, [inner, ...x.inputs.slice(1)], x.attrs);
}
export const log = (x: Node): Node => applyMap(logOp, x);

const expm1Op: Op = unary("expm1", expm1Of, 25, (_x, out) => add(out, constant(1, out)));
export const expm1 = (x: Node): Node => applyMap(expm1Op, x);

const log1pOp: Op = unary("log1p", log1pOf, 25, (x) => reciprocal(add(x, constant(1, x))));
export const log1p = (x: Node): Node => applyMap(log1pOp, x);

const sinOp: Op = unary("sin", sinOf, 25, (x) => cos(x));
export const sin = (x: Node): Node => applyMap(sinOp, x);

const cosOp: Op = unary("cos", cosOf, 25, (x) => neg(sin(x)));
export const cos = (x: Node): Node => applyMap(cosOp, x);

const atanOp: Op = unary("atan", atanOf, 30, (x) => reciprocal(add(constant(1, x), square(x))));
export const atan = (x: Node): Node => applyMap(atanOp, x);

const tanhOp: Op = unary("tanh", tanhOf, 30, (_x, out) => sub(constant(1, out), square(out)));
export const tanh = (x: Node): Node => applyMap(tanhOp, x);

const sigmoidOp: Op = unary("sigmoid", sigmoidOf, 25, (_x, out) => mul(out, sub(constant(1, out), out)));
export const sigmoid = (x: Node): Node => applyMap(sigmoidOp, x);

const softplusOp: Op = unary("softplus", softplusOf, 45, (x) => sigmoid(x));
export const softplus = (x: Node): Node => applyMap(softplusOp, x);

/** log sigmoid(x) = −softplus(−x). */
export const logSigmoid = (x: Node): Node => neg(softplus(neg(x)));

/** log(1 − e^x) for x < 0; derivative −1/(e^(−x) − 1). */
const log1mexpOp: Op = unary("log1mexp", log1mexpOf, 50, (x) => neg(reciprocal(expm1(neg(x)))));
export const log1mexp = (x: Node): Node => applyMap(log1mexpOp, x);

const logaddexpOp: Op = defineMap({
  name: "logaddexp",
  arity: 2,
  cost: 45,
  scalar: (m, [a, b]) => logaddexpOf(m, a!, b!),
  partials: [([a, b]) => share(a!, b!), ([a, b]) => sub(constant(1, a!), share(a!, b!))],
});
/** The share p of e^a in e^a + e^b; its own derivatives are ±p(1 − p). */
const shareOp: Op = defineMap({
  name: "logaddexpShare",
  arity: 2,
  cost: 30,
  scalar: (m, [a, b]) => logaddexpShareOf(m, a!, b!),
  partials: [(_x, out) => mul(out, sub(constant(1, out), out)), (_x, out) => neg(mul(out, sub(constant(1, out), out)))],
});
const share = (a: Node, b: Node): Node => applyMap(shareOp, a, b);
export const logaddexp = (a: Node, b: Node): Node => applyMap(logaddexpOp, a, b);

const powPartials: readonly Partial[] = [
  ([x, y]) => {
    const slope = mul(y!, pow(x!, sub(y!, constant(1, y!))));
    // x^0 is flat, and its slope not 0 · ∞, at x = 0 too.
    return uniformValue(y!) === undefined ? where(equal(y!, constant(0, y!)), constant(0, x!), slope) : slope;
  },
  // x^y log x, which is 0 and not 0 · −∞ at x = 0
  ([x], out) => where(equal(x!, constant(0, x!)), constant(0, x!), mul(out, log(x!))),
];
const powOp: Op = defineMap({
  name: "pow",
  arity: 2,
  cost: 60,
  scalar: (m, [x, y]) => powOf(m, x!, y!),
  partials: powPartials,
  simplify: ([x, y], _attrs, type) => {
    const exponent = uniformValue(y!);
    if (x!.dtype !== type.dtype) return undefined;
    if (exponent === undefined) {
      const logarithm = isConstant(x!) ? undefined : knownLog(x!);
      return logarithm && broadcastTo(exp(mul(y!, logarithm)), type.shape);
    }
    const product = integerPowers[exponent]?.(x!);
    return product && broadcastTo(product, type.shape);
  },
});
const integerPowers: Readonly<Record<number, (x: Node) => Node>> = {
  0: (x) => constant(1, x),
  1: (x) => x,
  2: (x) => square(x),
  3: (x) => mul(square(x), x),
  4: (x) => square(square(x)),
  [-1]: (x) => reciprocal(x),
  [-2]: (x) => reciprocal(square(x)),
};
export const pow = (x: Node, y: Node): Node => applyMap(powOp, x, y);

/** A function that leaves out the reflection where its argument cannot be negative. */
const reflected = (
  name: string,
  [whole, positive]: readonly [Unary, Unary],
  cost: number,
  derivative: (x: Node) => Node,
): Op => {
  const half = unary(`${name}Positive`, positive, cost / 2, derivative);
  return unary(name, whole, cost, derivative, ([x]) => (isNonNegative(x!) ? applyMap(half, x!) : undefined));
};

const lgammaOp: Op = reflected("lgamma", [lgammaOf, lgammaPositiveOf], 80, (x) => digamma(x));
export const lgamma = (x: Node): Node => applyMap(lgammaOp, x);

const digammaOp: Op = reflected("digamma", [digammaOf, digammaPositiveOf], 80, (x) => trigamma(x));
export const digamma = (x: Node): Node => applyMap(digammaOp, x);

/** ψ₁; its own derivative is not provided (third derivatives of lgamma). */
const trigammaOp: Op = reflected("trigamma", [trigammaOf, trigammaPositiveOf], 80, noThirdDerivative);
function noThirdDerivative(): never {
  throw new Error(
    "trigamma has no derivative: the third derivative of lgamma was asked for; rewrite the model or use stopGradient.",
  );
}
export const trigamma = (x: Node): Node => applyMap(trigammaOp, x);

const twoOverSqrtPi = 1.1283791670955126;
const oneOverSqrtTwoPi = 0.3989422804014327;

const gauss = (x: Node): Node => exp(neg(square(x)));
const erfOp: Op = unary("erf", erfOf, 50, (x) => mul(constant(twoOverSqrtPi, x), gauss(x)));
export const erf = (x: Node): Node => applyMap(erfOp, x);

const erfcOp: Op = unary("erfc", erfcOf, 60, (x) => mul(constant(-twoOverSqrtPi, x), gauss(x)));
export const erfc = (x: Node): Node => applyMap(erfcOp, x);

const normalCdfOp: Op = unary("normalCdf", normalCdfOf, 60, (x) =>
  mul(constant(oneOverSqrtTwoPi, x), exp(mul(constant(-0.5, x), square(x)))),
);
export const normalCdf = (x: Node): Node => applyMap(normalCdfOp, x);

/** d/dx log Φ(x) = φ(x)/Φ(x) = h(x), the inverse Mills ratio, whose own derivative is −h(x)·(x + h(x)). */
const logNormalCdfOp: Op = unary("logNormalCdf", logNormalCdfOf, 80, (x) => inverseMillsRatio(x));
const inverseMillsRatioOp: Op = unary("inverseMillsRatio", inverseMillsRatioOf, 70, (x, out) =>
  neg(mul(out, add(x, out))),
);
const inverseMillsRatio = (x: Node): Node => applyMap(inverseMillsRatioOp, x);
export const logNormalCdf = (x: Node): Node => applyMap(logNormalCdfOp, x);

const normalQuantileOp: Op = unary("normalQuantile", normalQuantileOf, 80, (_x, out) =>
  div(exp(mul(constant(0.5, out), square(out))), constant(oneOverSqrtTwoPi, out)),
);
export const normalQuantile = (x: Node): Node => applyMap(normalQuantileOp, x);

/** x f(y) with 0 where x is 0, also where f(y) is infinite; the slope along y is x f′(y), and 0 there as well. */
const timesLogarithm = (name: string, f: Unary, node: (y: Node) => Node, slope: (x: Node, y: Node) => Node): Op =>
  defineMap({
    name,
    arity: 2,
    cost: 25,
    scalar: (m, [x, y]) => m.select(m.eq(x!, m.constant(0)), m.constant(0), m.mul(x!, f(m, y!))),
    partials: [([, y]) => node(y!), ([x, y]) => where(equal(x!, constant(0, x!)), constant(0, x!), slope(x!, y!))],
  });
const xlogyOp: Op = timesLogarithm(
  "xlogy",
  logOf,
  (y) => log(y),
  (x, y) => div(x, y),
);
/** x log y, and 0 where x is 0. */
export const xlogy = (x: Node, y: Node): Node => applyMap(xlogyOp, x, y);
const xlog1pyOp: Op = timesLogarithm(
  "xlog1py",
  log1pOf,
  (y) => log1p(y),
  (x, y) => div(x, add(y, constant(1, y))),
);
/** x log1p(y), and 0 where x is 0. */
export const xlog1py = (x: Node, y: Node): Node => applyMap(xlog1pyOp, x, y);

/** Whether no element can be negative, as far as the operations say. */
export function isNonNegative(x: Node): boolean {
  if (isConstant(x)) return x.value!.every((v) => v >= 0);
  if (nonNegative.has(x.op.name)) return true;
  const keepsSigns =
    ["view", "reshape", "gather", "concat"].includes(x.op.lowering.kind) || combinesSigns.has(x.op.name);
  return keepsSigns && x.inputs.every((y) => y.dtype === "int32" || isNonNegative(y));
}
const nonNegative: ReadonlySet<string> = new Set(["exp", "sigmoid", "softplus", "square", "abs", "sqrt", "normalCdf"]);
const combinesSigns: ReadonlySet<string> = new Set(["mul", "add", "div", "reciprocal", "sum"]);

/** Which operation a node applies, for rules elsewhere that look for logarithms. */
export const elementaryOps: Readonly<Record<"exp" | "log" | "log1p" | "softplus" | "logaddexp", Op>> = {
  exp: expOp,
  log: logOp,
  log1p: log1pOp,
  softplus: softplusOp,
  logaddexp: logaddexpOp,
};
