/** Incomplete gamma and beta functions and their inverses as records: evaluated by reference definitions, not compiled. */
import type { Node, Op } from "../compiler/graph.ts";
import { apply } from "../compiler/node.ts";
import { allocate, broadcastStrides, eachOffset, sizeOf } from "../compiler/shapes.ts";
import { add, mul, neg, reciprocal, sub } from "./arithmetic.ts";
import { exp, lgamma, log, log1p } from "./elementary.ts";
import { defineMap, type Partial, scalarLike } from "./map.ts";
import { betainc as betaincOf } from "./special/betainc.ts";
import { betaincinv as betaincinvOf } from "./special/betaincinv.ts";
import { gammaincc as gammainccOf, gammainc as gammaincOf } from "./special/gammainc.ts";
import { gammaincinv as gammaincinvOf } from "./special/gammaincinv.ts";

/** A record around a function of numbers. Derivatives are given for some arguments; the others have none. */
function defineInterpreted(
  name: string,
  f: (...x: number[]) => number,
  partials: readonly (Partial | undefined)[],
): Op {
  const refuse =
    (i: number): Partial =>
    () => {
      throw new Error(
        `${name}: the derivative with respect to argument ${i} is not available; keep parameters out of it, or wrap it in stopGradient.`,
      );
    };
  const record = defineMap({
    name,
    arity: partials.length,
    scalar: (m) => m.constant(Number.NaN),
    partials: partials.map((p, i) => p ?? refuse(i)),
  });
  return {
    ...record,
    evaluate: (inputs, _attrs, output) => {
      const out = allocate(output.dtype, sizeOf(output.shape));
      const args = inputs.map((x) => {
        const values = new Float64Array(out.length);
        eachOffset(output.shape, broadcastStrides(x.shape, output.shape), 0, (at, i) => {
          values[i] = x.data[at]!;
        });
        return values;
      });
      for (let i = 0; i < out.length; i++) out[i] = f(...args.map((values) => values[i]!));
      return out;
    },
    lowering: { kind: "interpret" },
  };
}

/** log of the gamma density x^(a−1) e^(−x) / Γ(a). */
const logGammaDensity = (a: Node, x: Node): Node => sub(sub(mul(sub(a, scalarLike(1, a)), log(x)), x), lgamma(a));
/** log of the beta density. */
const logBetaDensity = (a: Node, b: Node, x: Node): Node => {
  const one = scalarLike(1, a);
  const kernel = add(mul(sub(a, one), log(x)), mul(sub(b, one), log1p(neg(x))));
  return add(kernel, sub(lgamma(add(a, b)), add(lgamma(a), lgamma(b))));
};

const gammaincOp = defineInterpreted("gammainc", gammaincOf, [undefined, ([a, x]) => exp(logGammaDensity(a!, x!))]);
/** Regularised lower incomplete gamma P(a, x). */
export const gammainc = (a: Node, x: Node): Node => apply(gammaincOp, [a, x]);

const gammainccOp = defineInterpreted("gammaincc", gammainccOf, [
  undefined,
  ([a, x]) => neg(exp(logGammaDensity(a!, x!))),
]);
/** Regularised upper incomplete gamma 1 − P(a, x). */
export const gammaincc = (a: Node, x: Node): Node => apply(gammainccOp, [a, x]);

const betaincOp = defineInterpreted("betainc", betaincOf, [
  undefined,
  undefined,
  ([a, b, x]) => exp(logBetaDensity(a!, b!, x!)),
]);
/** Regularised incomplete beta I_x(a, b). */
export const betainc = (a: Node, b: Node, x: Node): Node => apply(betaincOp, [a, b, x]);

const gammaincinvOp = defineInterpreted("gammaincinv", gammaincinvOf, [
  undefined,
  ([a], out) => reciprocal(exp(logGammaDensity(a!, out))),
]);
/** x with P(a, x) = p. */
export const gammaincinv = (a: Node, p: Node): Node => apply(gammaincinvOp, [a, p]);

const betaincinvOp = defineInterpreted("betaincinv", betaincinvOf, [
  undefined,
  undefined,
  ([a, b], out) => reciprocal(exp(logBetaDensity(a!, b!, out))),
]);
/** x with I_x(a, b) = p. */
export const betaincinv = (a: Node, b: Node, p: Node): Node => apply(betaincinvOp, [a, b, p]);
