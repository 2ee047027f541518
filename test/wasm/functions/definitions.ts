import { erf, erfc } from "../../../src/wasm/functions/erf.ts";
import { exp } from "../../../src/wasm/functions/exp.ts";
import { expm1 } from "../../../src/wasm/functions/expm1.ts";
import {
  digamma,
  digammaPositive,
  lgamma,
  lgammaPositive,
  trigamma,
  trigammaPositive,
} from "../../../src/wasm/functions/gamma.ts";
import { log } from "../../../src/wasm/functions/log.ts";
import { log1p } from "../../../src/wasm/functions/log1p.ts";
import { log1mexp, logaddexp, logSigmoid, sigmoid, softplus, tanh } from "../../../src/wasm/functions/logistic.ts";
import {
  erfinv,
  inverseMillsRatio,
  logNormalCdf,
  normalCdf,
  normalQuantile,
} from "../../../src/wasm/functions/normal.ts";
import { pow } from "../../../src/wasm/functions/pow.ts";
import { atan, cos, sin, tan } from "../../../src/wasm/functions/trigonometric.ts";
import type { Definition } from "../../../src/wasm/sourceAlgebra.ts";

const unary = {
  exp,
  expm1,
  log,
  log1p,
  tanh,
  sigmoid,
  softplus,
  logSigmoid,
  log1mexp,
  sin,
  cos,
  tan,
  atan,
  lgamma,
  lgammaPositive,
  digamma,
  digammaPositive,
  trigamma,
  trigammaPositive,
  erf,
  erfc,
  erfinv,
  normalCdf,
  logNormalCdf,
  inverseMillsRatio,
  normalQuantile,
};
const binary = { pow, logaddexp };

/** Every definition with its number of arguments, by name. */
export const definitions: Readonly<Record<string, { definition: Definition; arity: number }>> = Object.fromEntries([
  ...Object.entries(unary).map(([name, definition]) => [name, { definition: definition as Definition, arity: 1 }]),
  ...Object.entries(binary).map(([name, definition]) => [name, { definition: definition as Definition, arity: 2 }]),
]);
