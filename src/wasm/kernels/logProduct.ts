/** The logarithm of a product of many numbers, but for its last step: a significand and an exponent. */
import type { Code, Local } from "../code.ts";
import { type Kernel, kernel } from "./kernel.ts";

/** Four numbers in this range, times a significand, neither overflow nor lose bits. */
const ordinary: readonly [low: number, high: number] = [2 ** -200, 2 ** 200];
const smallestNormal = 2 ** -1022;
/** All bits of a fraction. */
const fraction = (2 ** 52 - 1) * Number.MIN_VALUE;

/** The running product, and numbers kept in registers. */
interface Running {
  readonly product: Local;
  readonly exponent: Local;
  readonly held: Readonly<Record<"two52" | "bias" | "fraction" | "one", Local>>;
}

/** Pushes the exponents of the pair in `x`; right for positive normal numbers. */
const pushExponent = (c: Code, x: Local, { held }: Running): Code =>
  c.get(x).i32(52).op("i64x2.shr_u").get(held.two52).op("v128.or").get(held.bias).op("f64x2.sub");
/** Pushes the significands of the pair in `x`, in [1, 2). */
const pushSignificand = (c: Code, x: Local, { held }: Running): Code =>
  c.get(x).get(held.fraction).op("v128.and").get(held.one).op("v128.or");

/** Moves the exponent of the product into the sum. */
function renormalise(c: Code, running: Running): void {
  const { product, exponent } = running;
  pushExponent(c, product, running).get(exponent).op("f64x2.add").set(exponent);
  pushSignificand(c, product, running).set(product);
}

/** Multiplies with a pair of any numbers. Those that have no significand go into the exponent as their logarithms, ±Infinity or NaN. */
function multiplyAny(c: Code, x: Local, running: Running): void {
  const tiny = c.local("v128");
  const normal = c.local("v128");
  c.get(x)
    .f64x2(2 ** 54)
    .op("f64x2.mul")
    .get(x);
  c.get(x).f64x2(smallestNormal).op("f64x2.lt").tee(tiny).op("v128.bitselect").set(normal);
  // Where x is positive: its exponent, or x itself if that is infinite; else what log x is.
  pushExponent(c, normal, running).get(tiny).f64x2(54).op("v128.and").op("f64x2.sub");
  c.get(x).get(x).f64x2(Infinity).op("f64x2.lt").op("v128.bitselect");
  c.f64x2(-Infinity).f64x2(Number.NaN).get(x).f64x2(0).op("f64x2.eq").op("v128.bitselect");
  c.get(x).f64x2(0).op("f64x2.gt").op("v128.bitselect").get(running.exponent).op("f64x2.add").set(running.exponent);
  pushSignificand(c, normal, running).get(running.product).op("f64x2.mul").set(running.product);
  renormalise(c, running);
}

/**
 * `logProduct(a, y, n)`: y[0] in [1, 4) and y[1] with log y[0] + y[1] ln 2 = Σ log a[i] for n numbers of any size; y[1] is -Infinity when one
 * of them is zero, Infinity when one is infinite, NaN when both are there or one is negative or NaN. The relative error of the product is
 * below n ε: that of summing logarithms, for about a tenth of their cost.
 */
export const logProduct: Kernel = kernel("logProduct", ["a", "y", "n"], (c, p) => {
  const constant = (x: number): Local => {
    const local = c.local("v128");
    c.f64x2(x).set(local);
    return local;
  };
  const running = {
    product: constant(1),
    exponent: constant(0),
    held: { two52: constant(2 ** 52), bias: constant(2 ** 52 + 1023), fraction: constant(fraction), one: constant(1) },
  };
  const [low, high] = [constant(ordinary[0]), constant(ordinary[1])];
  const step = c.local("i32", "step");
  const x = [0, 1, 2, 3].map(() => c.local("v128"));
  const single = c.local("v128");
  /** Eight numbers, two or one, in four pairs; the rest are ones. */
  const load = (): void => {
    const { one } = running.held;
    c.get(p.n).i32(8).op("i32.ge_s");
    c.if(
      () => {
        x.forEach((pair, k) =>
          c
            .get(p.a)
            .load("v128.load", 16 * k)
            .set(pair),
        );
        c.i32(8).set(step);
      },
      () => {
        for (const pair of x.slice(1)) c.get(one).set(pair);
        c.get(p.n).i32(2).op("i32.ge_s");
        c.if(
          () => c.get(p.a).load("v128.load", 0).set(x[0]!).i32(2).set(step),
          () => c.get(single).set(x[0]!).i32(1).set(step),
        );
      },
    );
  };
  const turn = (): void => {
    c.get(running.held.one).get(p.a).load("f64.load", 0).op("f64x2.replace_lane", 0).set(single);
    load();
    x.forEach((pair, k) => {
      c.get(pair).get(low).op("f64x2.ge").get(pair).get(high).op("f64x2.le").op("v128.and");
      if (k > 0) c.op("v128.and");
    });
    c.op("v128.not").op("v128.any_true");
    c.if(
      () => {
        multiplyAny(c, single, running);
        c.i32(1).set(step);
      },
      () => {
        c.get(x[0]!).get(x[1]!).op("f64x2.mul").get(x[2]!).get(x[3]!).op("f64x2.mul").op("f64x2.mul");
        c.get(running.product).op("f64x2.mul").set(running.product);
        renormalise(c, running);
      },
    );
    c.get(p.a).get(step).i32(3).op("i32.shl").op("i32.add").set(p.a);
    c.get(p.n).get(step).op("i32.sub").tee(p.n);
  };
  c.get(p.n).if(() => {
    c.loop(() => {
      turn();
      c.brIf(0);
    });
  });
  for (const [at, local, op] of [
    [0, running.product, "f64.mul"],
    [8, running.exponent, "f64.add"],
  ] as const) {
    c.get(p.y).get(local).op("f64x2.extract_lane", 0).get(local).op("f64x2.extract_lane", 1).op(op);
    c.store("f64.store", at);
  }
});
