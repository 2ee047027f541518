import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pullback } from "../../src/autodiff/reverse.ts";
import { compile } from "../../src/compiler/compile.ts";
import { scalar } from "../../src/compiler/node.ts";
import { withPasses } from "../../src/compiler/passes.ts";
import { matmul } from "../../src/tensor/linalg.ts";
import * as math from "../../src/tensor/math.ts";
import * as shape from "../../src/tensor/shape.ts";
import { type Tensor, wrap } from "../../src/tensor/tensor.ts";
import { seeds } from "../ops/draw.ts";
import { difference, runCompiled, within } from "../ops/engines.ts";
import { agree, bothWays, column, indices, table } from "./bothWays.ts";
import { variables } from "./check.ts";

describe("sufficient statistics give the sums they stand for", () => {
  test.each<[string, number[][], (...x: Tensor[]) => Tensor]>([
    ["a normal likelihood", [[], []], (mu, s) => math.sub(column(50), mu!).div(s!.exp()).square().sum()],
    [
      "a regression",
      [[3], []],
      (b, a) =>
        math
          .sub(column(40), matmul(table(40, 3), b!))
          .sub(a!)
          .square()
          .sum(),
    ],
    ["a regression, X on the right", [[3]], (b) => matmul(b!, table(3, 40)).sub(column(40)).square().sum()],
    ["as many rows as columns", [[6]], (b) => matmul(table(6, 6), b!).sub(column(6)).square().sum()],
    ["fewer rows than columns", [[9]], (b) => matmul(table(6, 9), b!).sub(column(6)).square().sum()],
    [
      "a design with equal columns",
      [[2]],
      (b) =>
        matmul(shape.stack([column(30), column(30)], 1), b!)
          .sub(column(30, 1))
          .square()
          .sum(),
    ],
    [
      "a design with a column of zeros",
      [[3]],
      (b) =>
        matmul(shape.stack([column(30), new Float64Array(30), column(30, 1)], 1), b!)
          .square()
          .sum(),
    ],
    [
      "weights",
      [[3]],
      (b) =>
        matmul(table(30, 3), b!)
          .sub(1)
          .square()
          .mul(math.square(column(30, 2)))
          .sum(),
    ],
    ["weights of both signs", [[3]], (b) => matmul(table(30, 3), b!).sub(1).square().mul(column(30, 2)).sum()],
    [
      "groups",
      [[4], []],
      (a, b) =>
        shape
          .take(a!, indices(60, 4))
          .add(b!.mul(column(60)))
          .sub(column(60, 1))
          .square()
          .sum(),
    ],
    [
      "many groups, few covariates",
      [[25], []],
      (a, b) =>
        shape
          .take(a!, indices(200, 25))
          .add(b!.mul(indices(200, 2)))
          .sub(column(200, 1))
          .square()
          .sum(),
    ],
    [
      "groups picked twice",
      [[25]],
      (a) =>
        shape
          .take(a!, indices(200, 25))
          .mul(2)
          .sub(shape.take(a!, indices(200, 25)))
          .square()
          .sum(),
    ],
    ["a linear sum", [[3], []], (b, a) => matmul(table(40, 3), b!).mul(column(40)).sum().mul(a!)],
    ["a matrix of residuals", [[5], [4, 1]], (a, b) => math.sub(table(4, 5), a!).sub(b!).square().sum()],
    [
      "a variable that is itself computed",
      [[3]],
      (b) => matmul(table(40, 3), b!.tanh()).sub(column(40)).square().sum().mul(b!.sum()),
    ],
    [
      "an autoregression",
      [[], []],
      (a, b) =>
        math
          .sub(column(41).slice(1), b!.mul(column(41).slice(0, -1)).add(a!))
          .square()
          .sum(),
    ],
  ])("%s", (_name, shapes, f) => {
    agree(shapes, (...x) => f(...x));
  });
  test("random designs, pieces and weights", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 60 }),
        fc.integer({ min: 1, max: 20 }),
        fc.nat(63),
        seeds,
        (rows, columns, mask, seed) => {
          const bit = (i: number): boolean => ((mask >> i) & 1) === 1;
          agree(
            [[columns], []],
            (b, a) => {
              let eta = bit(0) ? matmul(table(rows, columns, seed), b!) : shape.take(b!, indices(rows, columns));
              if (bit(1)) eta = eta.add(a!.mul(column(rows, seed)));
              if (bit(2)) eta = eta.neg().mul(0.5);
              if (bit(3)) eta = eta.add(column(rows, seed + 1));
              const squares = bit(4) ? eta.square() : eta.mul(column(rows, 4));
              return bit(5) ? squares.mul(math.square(column(rows, 3))).sum() : squares.sum();
            },
            seed,
          );
        },
      ),
      { numRuns: 60 },
    );
  });
  test("no more digits are lost than by a sum over the rows when the data are far from zero", () => {
    const y = Float64Array.from({ length: 100 }, (_, i) => 1e6 + Math.sin(i));
    const { compiled, plain } = bothWays([[]], (mu) => math.sub(y, mu!).square().sum(), [Float64Array.of(1e6 + 0.01)]);
    expect(Math.abs(compiled[0]![0]! / plain[0]![0]! - 1)).toBeLessThan(1e-9);
    expect(Math.abs(compiled[1]![0]! / plain[1]![0]! - 1)).toBeLessThan(1e-8);
  });
});

describe("sums of logarithms as logarithms of products", () => {
  test.each<[string, number[][], (...x: Tensor[]) => Tensor]>([
    ["softplus", [[33]], (x) => math.softplus(x!).sum()],
    ["a logistic likelihood", [[33]], (x) => x!.mul(indices(33, 2)).sub(math.softplus(x!)).sum()],
    ["logSigmoid of both signs", [[33]], (x) => math.logSigmoid(x!).sub(math.logSigmoid(x!.neg())).sum()],
    [
      "three logarithms, one subtracted",
      [[4, 9], [9]],
      (x, y) => math.softplus(x!).add(math.softplus(y!)).sub(math.logaddexp(x!, y!)).sum(),
    ],
    ["large arguments", [[20]], (x) => math.softplus(x!.mul(800)).sum()],
    ["logarithms of numbers of any size", [[33]], (x) => math.log(x!.mul(400).exp().add(1e-200)).sum()],
    ["Student's t", [[33]], (x) => math.log1p(x!.mul(30).square().div(3)).sum().mul(-2)],
    ["log1p of what may be negative", [[33]], (x) => math.log1p(x!.mul(0.5)).sum()],
    ["a long sum", [[5000]], (x) => math.softplus(x!.mul(0.001)).sum()],
    ["logarithms of any numbers", [[33]], (x) => math.log(x!.square().mul(1e30)).sum()],
    [
      "with factors, one subtracted",
      [[33], []],
      (x, s) => math.log(x!.square().add(s!.exp())).mul(s!).sub(math.log(x!.abs())).sum(),
    ],
    [
      "scales by variances that are not data",
      [[40], []],
      (x, s) =>
        math
          .log(math.sqrt(x!.square().add(s!.exp())))
          .add(math.softplus(x!))
          .add(math.sin(x!))
          .sum(),
    ],
  ])("%s", (_name, shapes, f) => {
    agree(shapes, (...x) => f(...x));
  });
  test.each([
    [Infinity, -Infinity],
    [-Infinity, Infinity],
    [-Infinity, -Infinity],
    [Infinity, Infinity],
    [Number.NaN, 0],
    [0, 745],
    [-745, 1e308],
    [5e-324, 1e-310],
  ])("special values %d and %d among others", (a, b) => {
    const x = Float64Array.from({ length: 9 }, (_, i) => (i === 4 ? a : i / 4));
    const y = Float64Array.from({ length: 9 }, (_, i) => (i === 4 ? b : -i / 4));
    for (const f of [
      (p: Tensor) => math.log(p).sum(),
      (p: Tensor) => math.log1p(p.square()).sum(),
      (p: Tensor, q: Tensor) => math.logaddexp(p, q).sum(),
      (p: Tensor) => math.softplus(p).sum(),
      (p: Tensor, q: Tensor) => p.mul(0).sub(math.softplus(q)).sum(),
    ]) {
      const { compiled, plain } = bothWays([[9], [9]], f as never, [x, y]);
      const value = plain[0]![0]!;
      expect(
        difference(
          compiled[0]!,
          plain[0]!,
          within(() => 1e-12 * Math.abs(value)),
        ),
      ).toBeUndefined();
    }
  });
});

test("kernels for logarithms of products run where there are eight and more, and not in loops over steps", () => {
  const kernels = (n: number, passes = {}): string[] =>
    withPasses(passes, () => {
      const inputs = variables([[n]]);
      const { schedule } = compile([math.log(wrap(inputs[0]!).square().add(1)).sum().node], inputs);
      return schedule.steps.flatMap((s) => (s.kind === "call" ? [s.call.kernel.name] : []));
    });
  expect(kernels(8)).toEqual(["logProduct"]);
  expect(kernels(7)).toEqual([]);
  expect(kernels(8, { logProducts: false })).toEqual([]);
});

describe("quotients by roots, squared", () => {
  test.each<[string, number[][], (...x: Tensor[]) => Tensor]>([
    [
      "by row",
      [[20], [20]],
      (d, v) =>
        d!
          .div(math.sqrt(v!.square().add(0.1)))
          .square()
          .sum(),
    ],
    [
      "the divisor first",
      [[20], [20]],
      (d, v) =>
        math
          .div(1, math.sqrt(v!.exp().add(1)))
          .mul(d!)
          .square()
          .sum(),
    ],
    [
      "one variance",
      [[20], []],
      (d, v) =>
        d!
          .sub(v!)
          .div(math.sqrt(v!.square().add(0.1)))
          .square()
          .sum(),
    ],
    [
      "a density",
      [[20], [20]],
      (d, v) =>
        d!
          .div(math.sqrt(v!.exp().add(1)))
          .square()
          .add(math.log(math.sqrt(v!.exp().add(1))))
          .sum(),
    ],
  ])("%s", (_name, shapes, f) => agree(shapes, f));
  test("have no root in the program", () => {
    const inputs = variables([[20], [20]]);
    const [d, v] = inputs.map(wrap) as [Tensor, Tensor];
    const root = math.sqrt(v.exp().add(1));
    const out = d.div(root).square().add(math.log(root)).sum().node;
    const { schedule } = compile([out, ...pullback([out], [scalar(1)], inputs).map((g) => g!)], inputs);
    const names = schedule.steps.flatMap((s) => (s.kind === "nest" ? s.members.map((x) => x.op.name) : []));
    expect(names).not.toContain("sqrt");
  });
  test.each([-1, 0, 1e-300, 1e300, Infinity, NaN])("variance %d", (v) => {
    for (const d of [0, 1.5, -1e160, Infinity]) {
      const f = (a: Tensor, b: Tensor): Tensor => a.div(math.sqrt(b)).square();
      const inputs = variables([[], []]);
      const made = runCompiled([f(wrap(inputs[0]!), wrap(inputs[1]!)).node], inputs, [
        Float64Array.of(d),
        Float64Array.of(v),
      ]);
      if (made instanceof Error) throw made;
      const exact = (d / Math.sqrt(v)) ** 2;
      const [found] = made.values[0]!;
      if (Number.isFinite(exact)) expect(Math.abs(found! - exact)).toBeLessThanOrEqual(1e-15 * exact);
      else expect(found).toBe(exact);
    }
  });
});

test("data whose squares overflow have no statistics", () => {
  const x = Array.from({ length: 50 }, (_, i) => 1e160 * (i + 1));
  const { compiled, plain } = bothWays([[]], (b) => b.mul(x).sub(1).square().sum(), [Float64Array.of(1e-160)]);
  plain.forEach((v, k) => {
    expect(
      difference(
        compiled[k]!,
        v,
        within((_, b) => 1e-12 * Math.abs(b)),
      ),
    ).toBeUndefined();
  });
});
