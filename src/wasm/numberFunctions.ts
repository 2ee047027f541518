/**
 * Every elementary and special function of `functions/` over plain numbers, with the bits of the compiled programs.
 *
 * Each is documented where it is defined; ranges and measured errors are in docs/elementary-functions.md.
 * A function is compiled when it is first called; the variable beside each keeps its call site monomorphic.
 *
 * @example
 * exp(1); // 2.7182818284590455
 */
import { erfc as erfcOf, erf as erfOf } from "./functions/erf.ts";
import { exp as expOf } from "./functions/exp.ts";
import { expm1 as expm1Of } from "./functions/expm1.ts";
import {
  digamma as digammaOf,
  digammaPositive as digammaPositiveOf,
  lgamma as lgammaOf,
  lgammaPositive as lgammaPositiveOf,
  trigamma as trigammaOf,
  trigammaPositive as trigammaPositiveOf,
} from "./functions/gamma.ts";
import { log as logOf } from "./functions/log.ts";
import { log1p as log1pOf } from "./functions/log1p.ts";
import {
  log1mexp as log1mexpOf,
  logaddexp as logaddexpOf,
  logSigmoid as logSigmoidOf,
  sigmoid as sigmoidOf,
  softplus as softplusOf,
  tanh as tanhOf,
} from "./functions/logistic.ts";
import {
  erfinv as erfinvOf,
  inverseMillsRatio as inverseMillsRatioOf,
  logNormalCdf as logNormalCdfOf,
  normalCdf as normalCdfOf,
  normalQuantile as normalQuantileOf,
} from "./functions/normal.ts";
import { pow as powOf } from "./functions/pow.ts";
import { atan as atanOf, cos as cosOf, sin as sinOf, tan as tanOf } from "./functions/trigonometric.ts";
import { numberFunction } from "./sourceAlgebra.ts";

type Unary = (x: number) => number;
type Binary = (x: number, y: number) => number;

let compiledExp: Unary | undefined;
/** e^x. */
export function exp(x: number): number {
  compiledExp ??= numberFunction(expOf, 1);
  return compiledExp(x);
}

let compiledExpm1: Unary | undefined;
/** e^x - 1. */
export function expm1(x: number): number {
  compiledExpm1 ??= numberFunction(expm1Of, 1);
  return compiledExpm1(x);
}

let compiledLog: Unary | undefined;
/** The natural logarithm. */
export function log(x: number): number {
  compiledLog ??= numberFunction(logOf, 1);
  return compiledLog(x);
}

let compiledLog1p: Unary | undefined;
/** log(1 + x). */
export function log1p(x: number): number {
  compiledLog1p ??= numberFunction(log1pOf, 1);
  return compiledLog1p(x);
}

/** The square root, correctly rounded. */
export function sqrt(x: number): number {
  return Math.sqrt(x);
}

let compiledPow: Binary | undefined;
/** x^y. */
export function pow(x: number, y: number): number {
  compiledPow ??= numberFunction(powOf, 2);
  return compiledPow(x, y);
}

let compiledTanh: Unary | undefined;
/** The hyperbolic tangent. */
export function tanh(x: number): number {
  compiledTanh ??= numberFunction(tanhOf, 1);
  return compiledTanh(x);
}

let compiledSigmoid: Unary | undefined;
/** 1 / (1 + e^-x). */
export function sigmoid(x: number): number {
  compiledSigmoid ??= numberFunction(sigmoidOf, 1);
  return compiledSigmoid(x);
}

let compiledSoftplus: Unary | undefined;
/** log(1 + e^x). */
export function softplus(x: number): number {
  compiledSoftplus ??= numberFunction(softplusOf, 1);
  return compiledSoftplus(x);
}

let compiledLogSigmoid: Unary | undefined;
/** log(sigmoid(x)). */
export function logSigmoid(x: number): number {
  compiledLogSigmoid ??= numberFunction(logSigmoidOf, 1);
  return compiledLogSigmoid(x);
}

let compiledLog1mexp: Unary | undefined;
/** log(1 - e^x) for a negative x. */
export function log1mexp(x: number): number {
  compiledLog1mexp ??= numberFunction(log1mexpOf, 1);
  return compiledLog1mexp(x);
}

let compiledLogaddexp: Binary | undefined;
/** log(e^a + e^b). */
export function logaddexp(x: number, y: number): number {
  compiledLogaddexp ??= numberFunction(logaddexpOf, 2);
  return compiledLogaddexp(x, y);
}

let compiledSin: Unary | undefined;
/** The sine; NaN from 2^30. */
export function sin(x: number): number {
  compiledSin ??= numberFunction(sinOf, 1);
  return compiledSin(x);
}

let compiledCos: Unary | undefined;
/** The cosine; NaN from 2^30. */
export function cos(x: number): number {
  compiledCos ??= numberFunction(cosOf, 1);
  return compiledCos(x);
}

let compiledTan: Unary | undefined;
/** The tangent; NaN from 2^30. */
export function tan(x: number): number {
  compiledTan ??= numberFunction(tanOf, 1);
  return compiledTan(x);
}

let compiledAtan: Unary | undefined;
/** The angle in [-π/2, π/2] with the given tangent. */
export function atan(x: number): number {
  compiledAtan ??= numberFunction(atanOf, 1);
  return compiledAtan(x);
}

let compiledLgamma: Unary | undefined;
/** log |Γ(x)|. */
export function lgamma(x: number): number {
  compiledLgamma ??= numberFunction(lgammaOf, 1);
  return compiledLgamma(x);
}

let compiledLgammaPositive: Unary | undefined;
/** log Γ(x) for x ≥ 0. */
export function lgammaPositive(x: number): number {
  compiledLgammaPositive ??= numberFunction(lgammaPositiveOf, 1);
  return compiledLgammaPositive(x);
}

let compiledDigamma: Unary | undefined;
/** ψ(x) = d/dx log Γ(x). */
export function digamma(x: number): number {
  compiledDigamma ??= numberFunction(digammaOf, 1);
  return compiledDigamma(x);
}

let compiledDigammaPositive: Unary | undefined;
/** ψ(x) for x > 0. */
export function digammaPositive(x: number): number {
  compiledDigammaPositive ??= numberFunction(digammaPositiveOf, 1);
  return compiledDigammaPositive(x);
}

let compiledTrigamma: Unary | undefined;
/** ψ'(x). */
export function trigamma(x: number): number {
  compiledTrigamma ??= numberFunction(trigammaOf, 1);
  return compiledTrigamma(x);
}

let compiledTrigammaPositive: Unary | undefined;
/** ψ'(x) for x > 0. */
export function trigammaPositive(x: number): number {
  compiledTrigammaPositive ??= numberFunction(trigammaPositiveOf, 1);
  return compiledTrigammaPositive(x);
}

let compiledErf: Unary | undefined;
/** The error function. */
export function erf(x: number): number {
  compiledErf ??= numberFunction(erfOf, 1);
  return compiledErf(x);
}

let compiledErfc: Unary | undefined;
/** The complementary error function. */
export function erfc(x: number): number {
  compiledErfc ??= numberFunction(erfcOf, 1);
  return compiledErfc(x);
}

let compiledErfinv: Unary | undefined;
/** The inverse of `erf`. */
export function erfinv(x: number): number {
  compiledErfinv ??= numberFunction(erfinvOf, 1);
  return compiledErfinv(x);
}

let compiledNormalCdf: Unary | undefined;
/** The standard normal distribution function Φ. */
export function normalCdf(x: number): number {
  compiledNormalCdf ??= numberFunction(normalCdfOf, 1);
  return compiledNormalCdf(x);
}

let compiledLogNormalCdf: Unary | undefined;
/** log Φ(x). */
export function logNormalCdf(x: number): number {
  compiledLogNormalCdf ??= numberFunction(logNormalCdfOf, 1);
  return compiledLogNormalCdf(x);
}

let compiledInverseMillsRatio: Unary | undefined;
/** φ(x) / Φ(x), the derivative of `logNormalCdf`. */
export function inverseMillsRatio(x: number): number {
  compiledInverseMillsRatio ??= numberFunction(inverseMillsRatioOf, 1);
  return compiledInverseMillsRatio(x);
}

let compiledNormalQuantile: Unary | undefined;
/** The standard normal quantile function Φ⁻¹. */
export function normalQuantile(x: number): number {
  compiledNormalQuantile ??= numberFunction(normalQuantileOf, 1);
  return compiledNormalQuantile(x);
}
