/** Whole models, with the distributions of the library. */
import { describe, expect, test } from "vitest";
import { positive } from "../../distributions/constraints.ts";
import { Beta } from "../../distributions/continuous/beta.ts";
import { HalfCauchy } from "../../distributions/continuous/halfCauchy.ts";
import { Normal } from "../../distributions/continuous/normal.ts";
import { Bernoulli } from "../../distributions/discrete/bernoulli.ts";
import { grad } from "../../src/autodiff/grad.ts";
import { inputNode } from "../../src/compiler/node.ts";
import { condition } from "../../src/effects/handlers/condition.ts";
import { mask } from "../../src/effects/handlers/mask.ts";
import { seed } from "../../src/effects/handlers/seed.ts";
import { substitute } from "../../src/effects/handlers/substitute.ts";
import { trace } from "../../src/effects/handlers/trace.ts";
import { factor, param, plate, sample } from "../../src/effects/primitives.ts";
import { hasValue, type Tensor, type TensorLike, wrap } from "../../src/tensor/tensor.ts";

const y = [28, 8, -3, 7, -1, 1, 18, 12];
const sigma = [15, 10, 16, 11, 9, 11, 10, 18];
const schools = (data: { y?: TensorLike; sigma: TensorLike }): Tensor => {
  const mu = sample("mu", Normal(0, 5));
  const tau = sample("tau", HalfCauchy(5));
  return plate("school", 8, () => {
    const theta = sample("theta", Normal(mu, tau));
    return sample("y", Normal(theta, data.sigma), { obs: data.y });
  });
};
const logNormal = (x: number, loc: number, scale: number): number =>
  -0.5 * ((x - loc) / scale) ** 2 - Math.log(scale) - 0.5 * Math.log(2 * Math.PI);
const logDensity = (values: Record<string, TensorLike>): Tensor =>
  trace(substitute(schools, values)).get({ y, sigma }).logProbSum();

describe("eight schools", () => {
  const theta = [1, 2, 3, 4, 5, 6, 7, 8];

  test("the log density is the sum of its parts", () => {
    const expected =
      logNormal(4, 0, 5) +
      Math.log(2 / (Math.PI * 5 * (1 + (3 / 5) ** 2))) +
      theta.reduce((total, t, i) => total + logNormal(t, 4, 3) + logNormal(y[i]!, t, sigma[i]!), 0);
    expect(logDensity({ mu: 4, tau: 3, theta }).item()).toBeCloseTo(expected, 11);
  });

  test("its derivatives go through the handlers", () => {
    const g = grad((at: { mu: Tensor; tau: Tensor; theta: Tensor }) => logDensity({ ...at }))({
      mu: 4,
      tau: 3,
      theta,
    });
    expect(g.mu.item()).toBeCloseTo(-4 / 25 + theta.reduce((s, t) => s + (t - 4) / 9, 0), 12);
    theta.forEach((t, i) => {
      expect(g.theta.at(i).item()).toBeCloseTo(-(t - 4) / 9 + (y[i]! - t) / sigma[i]! ** 2, 12);
    });
  });

  test("is traced without any value: every check that needs one waits", () => {
    const unknown = (shape: readonly number[], name: string): Tensor => wrap(inputNode(shape, "float64", name));
    const at = { mu: unknown([], "mu"), tau: unknown([], "tau"), theta: unknown([8], "theta") };
    const total = trace(substitute(schools, at))
      .get({ y: unknown([8], "y"), sigma })
      .logProbSum();
    expect(hasValue(total)).toBe(false);
    expect(total.shape).toEqual([]);
  });

  test("simulates data when they are missing", () => {
    const t = trace(seed(schools, 0)).get({ sigma });
    expect(t.value("y").shape).toEqual([8]);
    expect(t.result).toBe(t.value("y"));
    expect(t.value("tau").item()).toBeGreaterThan(0);
  });
});

describe("observations are checked against the support", () => {
  test("values outside, by site and index", () => {
    expect(() => trace(() => plate("n", 3, () => sample("p", Beta(1, 1), { obs: [0.2, 1.5, 0.3] }))).get()).toThrow(
      /site "p": 1 of 3 .*1\.5 at index \[1\]/,
    );
    expect(() => condition(() => sample("b", Bernoulli(0.5)), { b: 2 })()).toThrow(/site "b".*outside the support/);
  });

  test("NaN, unless masked", () => {
    const model = () => plate("n", 2, () => sample("y", Normal(0, 1), { obs: [Number.NaN, 0] }));
    expect(() => trace(model).get()).toThrow(/site "y": 1 of 2 values is NaN/);
    expect(
      trace(mask(model, [false, true]))
        .get()
        .logProbSum()
        .item(),
    ).toBeCloseTo(logNormal(0, 0, 1), 14);
  });

  test("missing data don't poison gradients", () => {
    const slope = grad((mu) =>
      trace(() => plate("n", 2, () => sample("y", Normal(mu, 1), { obs: [Number.NaN, 3], mask: [false, true] })))
        .get()
        .logProbSum(),
    );
    expect(slope(1).item()).toBeCloseTo(2, 14);
  });
});

test("constraints of params are the library's", () => {
  expect(() => param("s", -1, { constraint: positive })).toThrow('param site "s" starts at -1, which is not');
});

test("events made of batches", () => {
  const t = trace(seed(() => plate("n", 5, () => sample("x", Normal([0, 0, 0], 1).toEvent(1))), 0)).get();
  expect(t.value("x").shape).toEqual([5, 3]);
  expect(t.logProbSum().shape).toEqual([]);
});

test("a factor equals the density it stands for", () => {
  const t = trace(() => factor("f", Normal(0, 1).logProb([0, 1]))).get();
  expect(t.logProbSum().item()).toBeCloseTo(logNormal(0, 0, 1) + logNormal(1, 0, 1), 14);
});
