/** Sums over the data that become sums over groups, cells and distinct rows: where they do, where they must not, and what they give. */
import fc from "fast-check";
import { dist, factor, logDensity, sample } from "lapilli";
import { describe, expect, test } from "vitest";
import { pullback } from "../../src/autodiff/reverse.ts";
import { compile } from "../../src/compiler/compile.ts";
import { scalar } from "../../src/compiler/node.ts";
import { topological } from "../../src/compiler/simplify.ts";
import { joinSums } from "../../src/ops/joinSums.ts";
import { matmul } from "../../src/tensor/linalg.ts";
import * as math from "../../src/tensor/math.ts";
import * as shape from "../../src/tensor/shape.ts";
import { type Tensor, wrap } from "../../src/tensor/tensor.ts";
import { seeds } from "../ops/draw.ts";
import { agree, bothWays, column, indices, table, widest } from "./bothWays.ts";
import { variables } from "./check.ts";

type Case = [string, number[][], (...x: Tensor[]) => Tensor];

const groups = indices(200, 25);
const y = column(200, 1);

describe("effects of groups leave one square for each group", () => {
  test.each<Case>([
    ["intercepts alone", [[25]], (a) => shape.take(a!, groups).sub(y).square().sum()],
    [
      "intercepts and a slope in common",
      [[25], []],
      (a, b) =>
        shape
          .take(a!, groups)
          .add(b!.mul(column(200)))
          .sub(y)
          .square()
          .sum(),
    ],
    [
      "intercepts, slopes by group, and a regression",
      [[25], [25], [3]],
      (a, b, c) =>
        shape
          .take(a!, groups)
          .add(shape.take(b!, groups).mul(column(200)))
          .add(matmul(table(200, 3), c!))
          .sub(y)
          .square()
          .sum(),
    ],
    [
      "a covariate that is the same within groups, one that is the same everywhere",
      [[25], [], []],
      (a, b, c) =>
        shape
          .take(a!, groups)
          .add(b!.mul(groups.map((g) => Math.sin(g))))
          .add(c!)
          .sub(y)
          .square()
          .sum(),
    ],
    [
      "weights, some of them zero, and a group without weight",
      [[25], []],
      (a, b) =>
        shape
          .take(a!, groups)
          .add(b!.mul(column(200)))
          .sub(y)
          .square()
          .mul(groups.map((g, i) => (g === 3 ? 0 : i % 3)))
          .sum(),
    ],
    [
      "groups without rows",
      [[25], []],
      (a, b) =>
        shape
          .take(
            a!,
            groups.map((g) => g - (g % 2)),
          )
          .sub(b!.mul(column(200)))
          .sub(y)
          .square()
          .sum(),
    ],
    [
      "slopes that the intercepts explain",
      [[25], [25]],
      (a, b) => shape.take(a!, groups).add(shape.take(b!, groups).mul(0.1)).sub(y).square().sum(),
    ],
    [
      "rows that are all equal",
      [[25], []],
      (a, b) =>
        shape
          .take(a!, new Array(200).fill(7))
          .add(b!.mul(new Array(200).fill(0.3)))
          .sub(1.7)
          .square()
          .sum(),
    ],
  ])("%s", (_name, shapes, f) => {
    agree(shapes, (...x) => f(...x));
    expect(widest(shapes, f)).toBeLessThanOrEqual(25);
  });
  test.each<Case>([
    [
      "two groupings",
      [[25], [30]],
      (a, b) =>
        shape
          .take(a!, groups)
          .add(
            shape.take(
              b!,
              groups.map((_, i) => (i * 7) % 30),
            ),
          )
          .square()
          .sum(),
    ],
    ["weights of both signs", [[25]], (a) => shape.take(a!, groups).sub(y).square().mul(column(200, 3)).sum()],
    ["groups of one row", [[120]], (a) => shape.take(a!, indices(200, 120)).sub(y).square().sum()],
    [
      "data that are not numbers",
      [[25]],
      (a) =>
        shape
          .take(a!, groups)
          .sub(y.map((v, i) => (i === 9 ? NaN : v)))
          .square()
          .sum(),
    ],
  ])("not %s", (_name, shapes, f) => {
    agree(shapes, (...x) => f(...x));
    expect(widest(shapes, f)).toBeGreaterThan(100);
  });
  test("data far from zero lose no digits", () => {
    const far = y.map((v) => v + 1e6);
    const { compiled, plain } = bothWays(
      [[25], []],
      (a, b) =>
        shape
          .take(a!, groups)
          .add(b!.mul(column(200)))
          .sub(far)
          .square()
          .sum(),
      [Float64Array.from({ length: 25 }, (_, g) => 1e6 + g / 50), Float64Array.of(0.3)],
    );
    plain.forEach((x, k) =>
      x.forEach((v, i) => expect(Math.abs(compiled[k]![i]! - v)).toBeLessThan(1e-8 * Math.max(1, Math.abs(v)))),
    );
  });
  test("any groups, effects, designs and weights", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 17, max: 40 }),
        fc.integer({ min: 0, max: 4 }),
        fc.nat(15),
        seeds,
        (size, columns, mask, seed) => {
          const n = size * 5;
          const g = indices(n, size);
          const bit = (i: number): boolean => ((mask >> i) & 1) === 1;
          agree(
            [[size], [size], [Math.max(columns, 1)]],
            (a, b, c) => {
              let x = shape.take(a!, g).sub(column(n, seed));
              if (bit(0)) x = x.add(shape.take(b!, g).mul(column(n, 3)));
              if (columns > 0) x = x.add(matmul(table(n, columns, seed), c!));
              if (bit(1)) x = x.neg().mul(column(n, 4));
              return bit(2)
                ? x
                    .square()
                    .mul(math.square(column(n, 5)))
                    .sum()
                : x.square().sum();
            },
            seed,
          );
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe("costly functions run over distinct rows", () => {
  const time = indices(200, 20).map((k) => k + 1);
  const group = indices(200, 200).map((i) => (i * 7) % 4);
  const dose = indices(200, 200).map((i) => (i % 5) / 3);
  test.each<[...Case, number]>([
    ["counts of a negative binomial", [[]], (r) => math.lgamma(r!.exp().add(time)).sum(), 20],
    [
      "softplus of two covariates",
      [[], [], []],
      (a, b, c) => math.softplus(a!.add(b!.mul(dose)).add(c!.mul(group))).sum(),
      20,
    ],
    [
      "weights of both signs, some zero",
      [[4]],
      (a) => math.tanh(shape.take(a!, group).add(dose)).mul(column(200)).mul(group).sum(),
      20,
    ],
    ["an exponential by group", [[4]], (a) => shape.take(a!, group).exp().sum(), 4],
    ["an exposure", [[4]], (a) => shape.take(a!, group).add(column(200)).exp().sum(), 4],
    ["times and groups apart", [[], [4]], (r, a) => r!.mul(math.log(time)).add(shape.take(a!, group)).exp().sum(), 20],
    [
      "a hazard as a power",
      [[], [4]],
      (r, a) =>
        math
          .pow(math.div(time, shape.take(a!.exp(), group)), r!.exp())
          .mul(column(200))
          .sum(),
      20,
    ],
    [
      "a design and a group",
      [[3], [4]],
      (b, a) =>
        matmul(shape.stack([time.map((t) => t / 10), time.map((t) => t % 3), time.map(() => 1)], 1), b!)
          .sub(shape.take(a!, group))
          .exp()
          .sum(),
      20,
    ],
    ["an intercept and a covariate", [[], []], (a, b) => a!.add(b!.mul(dose)).exp().sum(), 5],
    [
      "rows that are all equal",
      [[], []],
      (a, b) =>
        a!
          .add(b!.mul(new Array(200).fill(0.7)))
          .exp()
          .sum(),
      1,
    ],
    [
      "many groups",
      [[], [40]],
      (a, b) =>
        a!
          .mul(dose)
          .add(shape.take(b!, indices(200, 40)))
          .exp()
          .sum(),
      40,
    ],
  ])("%s", (_name, shapes, f, rows) => {
    agree(shapes, (...x) => f(...x));
    expect(widest(shapes, f)).toBeLessThanOrEqual(rows);
  });
  test.each<Case>([
    [
      "rows that all differ",
      [[], []],
      (a, b) =>
        a!
          .add(b!.mul(column(200)))
          .exp()
          .sum(),
    ],
    ["softplus of rows that all differ", [[], []], (a, b) => math.softplus(a!.add(b!.mul(column(200)))).sum()],
    ["a cheap function", [[]], (a) => a!.add(dose).abs().sum()],
    ["what is not affine", [[], []], (a, b) => a!.mul(dose).add(b!).square().add(dose).exp().sum()],
    [
      "data that are not numbers",
      [[]],
      (a) =>
        a!
          .mul(dose.map((d, i) => (i === 7 ? NaN : d)))
          .exp()
          .sum(),
    ],
    [
      "data whose exponentials overflow",
      [[]],
      (a) =>
        a!
          .mul(dose)
          .add(dose.map((d) => 600 * d))
          .exp()
          .sum(),
    ],
    ["times of zero", [[], [4]], (r, a) => r!.exp().mul(math.log(dose)).add(shape.take(a!, group)).exp().sum()],
  ])("not %s", (_name, shapes, f) => {
    agree(shapes, (...x) => f(...x));
    expect(widest(shapes, f)).toBe(200);
  });
  test("neither factor of an exponential overflows where the product does not", () => {
    const far = time.map((t) => 30 + t / 100);
    const f = (r: Tensor, a: Tensor): Tensor => r.mul(far).add(shape.take(a, group)).exp().sum();
    expect(widest([[], [4]], f as never)).toBeLessThanOrEqual(20);
    const { compiled, plain } = bothWays([[], [4]], f as never, [
      Float64Array.of(50),
      Float64Array.of(-1500, -1505, -1490, -1510),
    ]);
    plain.forEach((x, k) => x.forEach((v, i) => expect(compiled[k]![i]! / v).toBeCloseTo(1, 10)));
  });
  test("any covariates, groups, exposures and weights", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 4, max: 90 }),
        fc.integer({ min: 1, max: 12 }),
        fc.nat(31),
        seeds,
        (n, levels, mask, seed) => {
          const bit = (i: number): boolean => ((mask >> i) & 1) === 1;
          const level = indices(n, levels);
          const x = column(n, seed).map((v) => Math.round(v * (bit(0) ? 2 : 20)) / 2);
          agree(
            [[], [levels], []],
            (a, b, c) => {
              let eta = a!.mul(x).add(shape.take(b!, level));
              if (bit(1)) eta = eta.add(c!);
              if (bit(2)) eta = eta.sub(column(n, 2));
              const y = bit(3) ? eta.exp() : math.softplus(eta);
              return bit(4) ? y.mul(column(n, 3)).sum() : y.sum();
            },
            seed,
          );
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("triangles of constant matrices are summed without their zeros", () => {
  const triangle = (keep: (i: number, j: number) => boolean): Tensor =>
    shape.reshape(
      column(400).map((v, k) => (keep(Math.floor(k / 20), k % 20) ? v : 0)),
      [20, 20],
    );
  test.each<[string, Tensor, string[]]>([
    ["upper", triangle((i, j) => j >= i), ["gemvTLower", "gemvTUpper"]],
    ["lower", triangle((i, j) => j <= i), ["gemvTUpper", "gemvTLower"]],
    ["full", triangle((i, j) => (i + j) % 3 > 0), ["blockProduct", "blockProduct"]],
  ])("%s", (_name, matrix, kernels) => {
    const f = (x: Tensor): Tensor => matmul(matrix, x).square().square().sum();
    agree([[20]], f as never);
    const inputs = variables([[20]]);
    const out = f(wrap(inputs[0]!)).node;
    const { schedule } = compile([out, ...pullback([out], [scalar(1)], inputs).filter((g) => g !== undefined)], inputs);
    expect(schedule.steps.flatMap((step) => (step.kind === "call" ? [step.call.kernel.name] : []))).toEqual(kernels);
  });
});

describe("sums over the rows of several sites are joined", () => {
  const [t1, g1] = [indices(80, 12).map((t) => t + 1), indices(80, 80).map((i) => (i * 7) % 4)];
  const [t2, g2] = [t1.slice(0, 30).reverse(), g1.slice(0, 30)];
  const hazard = (times: number[], groups: number[]) => (r: Tensor, a: Tensor) =>
    r.mul(math.log(times)).add(shape.take(a, groups)).exp().sum();
  const [died, censored] = [hazard(t1, g1), hazard(t2, g2)];
  /** Exponentials and the like in the joined sum. */
  const functions = (f: (...x: Tensor[]) => Tensor, shapes: number[][], name: string): number => {
    const joined = joinSums(f(...variables(shapes).map(wrap)).node);
    return topological([joined]).filter((x) => x.op.name === name).length;
  };
  const cases: [...Case, string, number][] = [
    ["observed and censored times", [[], [4]], (r, a) => r!.sub(died(r!, a!)).sub(censored(r!, a!)), "exp", 2],
    ["of both signs", [[], [4]], (r, a) => died(r!, a!).neg().add(r!).sub(censored(r!, a!).neg()), "exp", 2],
    [
      "counts of two studies",
      [[]],
      (r) =>
        ((k) =>
          math
            .lgamma(k.add(t1))
            .sum()
            .sub(math.lgamma(math.add(t2, k)).sum()))(r!.square()),
      "lgammaPositive",
      1,
    ],
    ["not of other variables", [[], [4], [4]], (r, a, b) => died(r!, a!).add(censored(r!, b!)), "exp", 4],
    ["not of other functions", [[]], (r) => math.tanh(r!.add(t1)).sum().add(r!.add(t1).exp().sum()), "tanh", 1],
    ["not one sum twice", [[], [4]], (r, a) => ((x) => x.add(r!).add(x))(died(r!, a!)), "exp", 2],
    ["not factors", [[], [4]], (r, a) => died(r!, a!).mul(censored(r!, a!)), "exp", 4],
  ];
  test.each(cases)("%s", (_name, shapes, f, name, count) => {
    agree(shapes, (...x) => wrap(joinSums(f(...x).node)));
    expect(functions(f, shapes, name)).toBe(count);
  });
  test("in a model, and not when statistics are off", () => {
    const model = (): void => {
      const r = sample("r", dist.LogNormal(0, 1));
      const a = sample("a", dist.Normal(0, 1).expand([4]));
      const scale = a.neg().div(r).exp();
      sample("died", dist.Weibull(shape.take(scale, g1), r), { obs: t1 });
      factor("censored", math.pow(math.div(t2, shape.take(scale, g2)), r).neg());
    };
    const at = Float64Array.of(0.4, 0.1, -0.2, 0.3, -0.4);
    const [joined, plain] = [{}, { passes: { summarise: false } }].map((options) => {
      const gradient = new Float64Array(5);
      const ld = logDensity(model, undefined, options);
      return [ld.valueAndGrad(at, gradient), ...gradient];
    });
    joined!.forEach((x, i) => expect(x / plain![i]!).toBeCloseTo(1, 11));
  });
});
