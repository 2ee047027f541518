/** Incomplete gamma and beta functions and their inverses as records: evaluated by reference definitions, not compiled. */
import type { Node, Op } from "../compiler/graph.ts";
import { apply } from "../compiler/node.ts";
import { allocate, broadcastStrides, eachOffset, sizeOf } from "../compiler/shapes.ts";
import { add, mul, neg, reciprocal, scalarLike, sub } from "./arithmetic.ts";
import { exp, lgamma, log, log1p } from "./elementary.ts";
import { defineMap, type Partial } from "./map.ts";
import { betainc } from "./special/betainc.ts";
import { betaincinv } from "./special/betaincinv.ts";
import { gammainc, gammaincc } from "./special/gammainc.ts";
import { gammaincinv } from "./special/gammaincinv.ts";

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

export type SpecialName = "gammainc" | "gammaincc" | "betainc" | "gammaincinv" | "betaincinv";

const ops: Readonly<Record<SpecialName, Op>> = {
  gammainc: defineInterpreted("gammainc", gammainc, [undefined, ([a, x]) => exp(logGammaDensity(a!, x!))]),
  gammaincc: defineInterpreted("gammaincc", gammaincc, [undefined, ([a, x]) => neg(exp(logGammaDensity(a!, x!)))]),
  betainc: defineInterpreted("betainc", betainc, [
    undefined,
    undefined,
    ([a, b, x]) => exp(logBetaDensity(a!, b!, x!)),
  ]),
  gammaincinv: defineInterpreted("gammaincinv", gammaincinv, [
    undefined,
    ([a], out) => reciprocal(exp(logGammaDensity(a!, out))),
  ]),
  betaincinv: defineInterpreted("betaincinv", betaincinv, [
    undefined,
    undefined,
    ([a, b], out) => reciprocal(exp(logBetaDensity(a!, b!, out))),
  ]),
};

export const special = (name: SpecialName, inputs: readonly Node[]): Node => apply(ops[name], inputs);
