/** Sums whose terms are shared many times over, and factors among the data that are far from one. */
import { dist, logDensity, sample } from "lapilli";
import { describe, expect, test } from "vitest";
import type { Node } from "../../src/compiler/graph.ts";
import { affineForm } from "../../src/ops/affine.ts";
import { add, neg, sub } from "../../src/ops/arithmetic.ts";
import { joinSums } from "../../src/ops/joinSums.ts";
import { summands } from "../../src/ops/summands.ts";
import * as math from "../../src/tensor/math.ts";
import { type Tensor, wrap } from "../../src/tensor/tensor.ts";
import { agree, bothWays, column } from "./bothWays.ts";
import { variables } from "./check.ts";

const data = column(30);
const doubled = (times: number, t: Tensor, f: (t: Tensor) => Tensor): Tensor => {
  let out = t;
  for (let i = 0; i < times; i++) out = f(out);
  return out;
};

describe("what is shared is walked once", () => {
  test("terms count with their multiplicity and sign", () => {
    const [a, x] = variables([[], []]) as [Node, Node];
    let t = x;
    for (let i = 0; i < 30; i++) t = sub(add(t, a), neg(t));
    expect([...summands(t)!]).toEqual([
      [x, 2 ** 30],
      [a, 2 ** 30 - 1],
    ]);
    expect(joinSums(t)).toBe(t);
    for (let i = 0; i < 60; i++) t = add(t, t);
    expect(summands(t)).toBeUndefined();
    expect([...summands(sub(x, x))!]).toEqual([[x, 0]]);
  });
  test.each<[string, (a: Tensor) => Tensor]>([
    [
      "sums of logarithms",
      (a) =>
        doubled(
          30,
          math.log(
            a
              .square()
              .add(1)
              .mul(data.map((v) => v * v + 1)),
          ),
          (t) => t.add(t.add(a)),
        )
          .mul(1e-9)
          .sum(),
    ],
    [
      "softplus",
      (a) =>
        doubled(30, math.softplus(a.mul(data)), (t) => t.add(t))
          .sum()
          .mul(1e-9),
    ],
    [
      "squares",
      (a) =>
        doubled(30, a.mul(data), (t) => t.add(t.mul(0.1)).add(t))
          .mul(1e-9)
          .square()
          .sum(),
    ],
    [
      "powers of a number",
      (a) =>
        doubled(30, wrap(a.node).mul(0).add(data), (t) => t.sub(t.mul(a).mul(0.01)))
          .square()
          .sum(),
    ],
    [
      "costly functions",
      (a) =>
        doubled(30, a.mul(data), (t) => t.add(t.mul(0.1)).add(t))
          .mul(1e-10)
          .exp()
          .sum(),
    ],
  ])("%s", (_name, f) => agree([[]], (a) => f(a!)));
  test("powers of one number have no affine form, a product of two has", () => {
    const [k, m] = variables([[], []]).map(wrap) as [Tensor, Tensor];
    expect(affineForm(k.mul(m.mul(data)).add(data).node)?.terms.length).toBe(1);
    expect(affineForm(doubled(30, k.mul(data), (t) => t.sub(t.mul(m))).node)).toBeUndefined();
  });
});

describe("exponentials with large constants", () => {
  test.each([
    [-760, 755],
    [-742, 743],
    [-708, 712],
    [760, -755],
  ])("constant %d, variable %d", (c, t) => {
    const f = (x: Tensor): Tensor => x.add(new Float64Array(20).fill(c)).exp().sum();
    const { compiled, plain } = bothWays([[]], f as never, [Float64Array.of(t)]);
    plain.forEach((x, k) => expect(compiled[k]![0]! / x[0]!).toBeCloseTo(1, 11));
  });
  test("a Poisson regression on years", () => {
    const year = Array.from({ length: 20 }, (_, i) => 2000 + (i % 4));
    const model = () => {
      const b = sample("b", dist.Normal(0, 1));
      sample("y", dist.Poisson(math.exp(b.mul(year).sub(1000))), { obs: year.map((v) => v % 5) });
    };
    const [on, off] = [{}, { passes: { summarise: false } }].map((o) =>
      logDensity(model, undefined, o).valueAndGrad(Float64Array.of(0.4999), new Float64Array(1)),
    );
    expect(on! / off!).toBeCloseTo(1, 11);
  });
});

test.each([1e-12, 1e-9, 1e-5, 1e-4, 1])("sums of log1p keep their relative accuracy around %d", (size) => {
  const { compiled, plain } = bothWays([[30]], ((x: Tensor) => math.log1p(x.square().mul(size)).sum()) as never, [
    data,
  ]);
  expect(Math.abs(compiled[0]![0]! / plain[0]![0]! - 1)).toBeLessThan(2e-12);
});
