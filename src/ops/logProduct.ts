/**
 * Sums of logarithms as logarithms of products: Σ log(1 + e^−|u|) = log Π (1 + e^−|u|), Σ log x = log Π x.
 *
 * The product is kept as a significand and an exponent, and one logarithm at the end replaces one for each element. Factors
 * in [1, 2] are multiplied where they are computed, others, which may have any size, by a kernel. The error is that of a sum of n
 * terms near one: n·ε. A log1p of less than 2^-13 is no factor but a polynomial that is added, so that the relative error of Σ log1p x
 * of x ≥ 0 is below 2^13 ε whatever the sum is multiplied with, and some ε where x is all small or all large. Applied when a program is
 * compiled, after derivatives have been taken: the adjoint of softplus is the sigmoid, which shares the exponential.
 */
import type { Node, Op } from "../compiler/graph.ts";
import { apply, scalar } from "../compiler/node.ts";
import { passes } from "../compiler/passes.ts";
import { sizeOf } from "../compiler/shapes.ts";
import {
  logaddexpFactor as logaddexpFactorOf,
  softplusFactor as softplusFactorOf,
} from "../wasm/functions/logistic.ts";
import { logProduct } from "../wasm/kernels/logProduct.ts";
import { numberAlgebra } from "../wasm/numberAlgebra.ts";
import { add, arithmeticOps, maximum, mul, sub } from "./arithmetic.ts";
import { elementaryOps, isNonNegative, log } from "./elementary.ts";
import { applyMap, broadcastTo, defineMap } from "./map.ts";
import { at, reshape } from "./shape.ts";
import { summands } from "./summands.ts";

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

/** Significand and exponent of the product of any numbers; those of zero, infinity and what has no logarithm are 1 and their logarithm. */
const logProductOp: Op = {
  name: "logProduct",
  infer: () => ({ shape: [2], dtype: "float64" }),
  evaluate: ([x]) => {
    let product = 1;
    let exponent = 0;
    for (const value of x!.data) {
      const scaled = value < 2 ** -1022 ? value * 2 ** 54 : value;
      const isOrdinary = value > 0 && value < Infinity;
      product *= isOrdinary ? numberAlgebra.mantissa(scaled, 1) : 1;
      exponent += isOrdinary ? numberAlgebra.exponent(scaled, 1) - (scaled === value ? 0 : 54) : logarithmOf(value);
      for (; product >= 2; product /= 2) exponent++;
    }
    return Float64Array.of(product, exponent);
  },
  lowering: {
    kind: "kernel",
    call: ({ inputs: [x] }) => ({ kernel: logProduct, dims: [sizeOf(x!.shape)] }),
  },
};
/** The logarithm of what is not positive and finite. */
const logarithmOf = (x: number): number => (x === 0 ? -Infinity : x > 0 ? x : Number.NaN);

/** Of arguments below this, four terms of the series of log1p leave out less than ε / 4 of it. */
const smallLog1p = 2 ** -13;

/** 1 + x where that keeps enough of x for its logarithm, else 1. */
const log1pFactor: Op = defineMap({
  name: "log1pFactor",
  arity: 1,
  cost: 3,
  scalar: (m, [x]) => {
    const one = m.constant(1);
    return m.select(m.lt(x!, m.constant(smallLog1p)), one, m.add(one, x!));
  },
});
/** What that leaves to add: log(1 + x) of a small x, else 0. */
const log1pRest: Op = defineMap({
  name: "log1pRest",
  arity: 1,
  cost: 8,
  scalar: (m, [x]) => {
    const step = (c: number, rest: Parameters<typeof m.sub>[1]) => m.sub(m.constant(c), m.mul(x!, rest));
    const value = m.mul(x!, step(1, step(1 / 2, step(1 / 3, m.constant(1 / 4)))));
    return m.select(m.lt(x!, m.constant(smallLog1p)), value, m.constant(0));
  },
});

/** Some numbers, elementwise, and how often each counts. */
interface Scaled {
  readonly x: Node;
  readonly scale: Node;
}

/** Terms of a sum by sign: those that are logarithms of factors in [1, 2], logarithms of any numbers, and the others. */
interface Terms {
  readonly plain: [Node[], Node[]];
  /** By how often they count. */
  readonly factors: [Map<number, Node[]>, Map<number, Node[]>];
  readonly logs: [Scaled[], Scaled[]];
  /** Elements of the sum. */
  readonly size: number;
}

function collect(x: Node, terms: Terms): void {
  for (const [y, times] of summands(x) ?? [[x, 1] as const]) {
    const [a, b] = y.inputs as [Node, Node];
    const sign = times < 0 ? 1 : 0;
    const count = Math.abs(times);
    const plain = (z: Node): void => {
      terms.plain[sign].push(count === 1 ? z : mul(z, scalar(count)));
    };
    const factor = (f: Node): void => {
      const alike = terms.factors[sign];
      alike.set(count, [...(alike.get(count) ?? []), f]);
    };
    if (y.op === elementaryOps.softplus) {
      plain(maximum(a, scalar(0)));
      factor(applyMap(softplusFactor, a));
    } else if (y.op === elementaryOps.logaddexp) {
      plain(maximum(a, b));
      factor(applyMap(logaddexpFactor, a, b));
    } else if (!collectLog(y, scalar(count), sign, terms)) plain(y);
  }
}

/** Takes the logarithm of any numbers, times one number, into the terms. */
function collectLog(x: Node, scale: Node, sign: 0 | 1, terms: Terms): boolean {
  const [a, b] = x.inputs as [Node, Node];
  if (x.op === arithmeticOps.mul && sizeOf(a.shape) === 1)
    return collectLog(b, mul(scale, reshape(a, [])), sign, terms);
  if (x.op === arithmeticOps.mul && sizeOf(b.shape) === 1)
    return collectLog(a, mul(scale, reshape(b, [])), sign, terms);
  if (sizeOf(x.shape) !== terms.size) return false;
  const isLog1p = x.op === elementaryOps.log1p && isNonNegative(a);
  if (x.op !== elementaryOps.log && !isLog1p) return false;
  if (isLog1p) terms.plain[sign].push(mul(applyMap(log1pRest, a), scale));
  terms.logs[sign].push({ x: isLog1p ? applyMap(log1pFactor, a) : a, scale });
  return true;
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

/** Σ log of all elements of a tensor, times a number. */
function logOfAll({ x, scale }: Scaled): Node {
  const parts = apply(logProductOp, [x]);
  return mul(add(log(at(parts, 0)), mul(at(parts, 1), scalar(Math.LN2))), scale);
}

/** The sum of all elements of `x` with its logarithms taken together, or undefined when there are none. */
export function sumByProduct(x: Node, sum: (x: Node) => Node): Node | undefined {
  if (!passes().logProducts || x.dtype !== "float64" || sizeOf(x.shape) < 8) return undefined;
  const terms: Terms = { plain: [[], []], factors: [new Map(), new Map()], logs: [[], []], size: sizeOf(x.shape) };
  collect(x, terms);
  if (terms.factors.every((f) => f.size === 0) && terms.logs.every((l) => l.length === 0)) return undefined;
  const side = (sign: 0 | 1): Node => {
    const [plain, factors, logs] = [terms.plain[sign], terms.factors[sign], terms.logs[sign]];
    const parts = [
      ...(plain.length > 0 ? [sum(broadcastTo(plain.reduce(add), x.shape))] : []),
      ...Array.from(factors, ([count, alike]) => mul(logOfProduct(alike, x), scalar(count))),
      ...logs.map(logOfAll),
    ];
    return parts.reduce(add, scalar(0));
  };
  return sub(side(0), side(1));
}
