/**
 * Sums of logarithms as logarithms of products: Σ log(1 + e^−|u|) = log Π (1 + e^−|u|).
 *
 * Every factor lies in [1, 2], so the product is kept as a significand and an exponent, and one logarithm at the end
 * replaces one for each element. The error is that of a sum, n·ε. Applied when a program is compiled, after derivatives
 * have been taken: the adjoint of softplus is the sigmoid, which shares the exponential.
 */
import type { Node, Op } from "../compiler/graph.ts";
import { apply, scalar } from "../compiler/node.ts";
import { sizeOf } from "../compiler/shapes.ts";
import {
  logaddexpFactor as logaddexpFactorOf,
  softplusFactor as softplusFactorOf,
} from "../wasm/functions/logistic.ts";
import { add, arithmeticOps, maximum, mul, sub } from "./arithmetic.ts";
import { elementaryOps, log } from "./elementary.ts";
import { applyMap, broadcastTo, defineMap } from "./map.ts";
import { passes } from "./passes.ts";
import { at } from "./shape.ts";

const softplusFactor: Op = defineMap({
  name: "softplusFactor",
  arity: 1,
  cost: 25,
  scalar: (m, [x]) => softplusFactorOf(m, x!),
});
const logaddexpFactor: Op = defineMap({
  name: "logaddexpFactor",
  arity: 2,
  cost: 25,
  scalar: (m, [a, b]) => logaddexpFactorOf(m, a!, b!),
});

/** Significand and exponent of the product of numbers between 1 and 4. */
const productOp: Op = {
  name: "product",
  infer: () => ({ shape: [2], dtype: "float64" }),
  evaluate: ([x]) => {
    let product = 1;
    let exponent = 0;
    for (const factor of x!.data) {
      product *= factor;
      for (; product >= 2; product /= 2) exponent++;
    }
    return Float64Array.of(product, exponent);
  },
  lowering: { kind: "reduce", combine: "logProduct" },
};

/** Terms of a sum by sign: those that are logarithms of factors in [1, 2], and the others. */
interface Terms {
  readonly plain: [Node[], Node[]];
  readonly factors: [Node[], Node[]];
}

function collect(x: Node, sign: 0 | 1, terms: Terms): void {
  const [a, b] = x.inputs as [Node, Node];
  const other = sign === 0 ? 1 : 0;
  if (x.op === arithmeticOps.add) {
    collect(a, sign, terms);
    collect(b, sign, terms);
  } else if (x.op === arithmeticOps.sub) {
    collect(a, sign, terms);
    collect(b, other, terms);
  } else if (x.op === arithmeticOps.neg) collect(a, other, terms);
  else if (x.op === elementaryOps.softplus) {
    terms.plain[sign].push(maximum(a, scalar(0)));
    terms.factors[sign].push(applyMap(softplusFactor, a));
  } else if (x.op === elementaryOps.logaddexp) {
    terms.plain[sign].push(maximum(a, b));
    terms.factors[sign].push(applyMap(logaddexpFactor, a, b));
  } else terms.plain[sign].push(x);
}

/** The factors of one sign, two to a product so that a product of factors stays below 4. */
function logOfProduct(factors: readonly Node[], x: Node): Node {
  const whole = factors.map((f) => broadcastTo(f, x.shape));
  const pairs = Array.from({ length: Math.ceil(whole.length / 2) }, (_, i) =>
    2 * i + 1 < whole.length ? mul(whole[2 * i]!, whole[2 * i + 1]!) : whole[2 * i]!,
  );
  return pairs
    .map((pair) => {
      const parts = apply(productOp, [pair], { axes: pair.shape.map((_, d) => d) });
      return add(log(at(parts, 0)), mul(at(parts, 1), scalar(Math.LN2)));
    })
    .reduce(add);
}

/** The sum of all elements of `x` with its logarithms taken together, or undefined when there are none. */
export function sumByProduct(x: Node, sum: (x: Node) => Node): Node | undefined {
  if (!passes().logProducts || x.dtype !== "float64" || sizeOf(x.shape) < 8) return undefined;
  const terms: Terms = { plain: [[], []], factors: [[], []] };
  collect(x, 0, terms);
  if (terms.factors[0].length + terms.factors[1].length === 0) return undefined;
  const side = (sign: 0 | 1): Node => {
    const plain = terms.plain[sign].length > 0 ? sum(broadcastTo(terms.plain[sign].reduce(add), x.shape)) : scalar(0);
    return terms.factors[sign].length > 0 ? add(plain, logOfProduct(terms.factors[sign], x)) : plain;
  };
  return sub(side(0), side(1));
}
