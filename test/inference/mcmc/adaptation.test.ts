import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { runChain } from "../../../inference/mcmc/chain.ts";
import { dualAveraging } from "../../../inference/mcmc/dualAveraging.ts";
import { fisherDiagonal } from "../../../inference/mcmc/fisherDiagonal.ts";
import { hamiltonian, stateAt } from "../../../inference/mcmc/hamiltonian.ts";
import { initialPoint } from "../../../inference/mcmc/initial.ts";
import { transition } from "../../../inference/mcmc/kernel.ts";
import { diagonalMetric, scaleFromGradient } from "../../../inference/mcmc/metric.ts";
import { runningVariance } from "../../../inference/mcmc/runningVariance.ts";
import { chainSettings } from "../../../inference/mcmc/settings.ts";
import { warmup } from "../../../inference/mcmc/warmup.ts";
import { key } from "../../../src/random/key.ts";
import { stream } from "../../../src/random/stream.ts";
import { densityFrom, standardNormal } from "../targets.ts";

const reals = fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 2, maxLength: 50 });

describe("running variance", () => {
  test("equals the two-pass formula", () => {
    fc.assert(
      fc.property(reals, (values) => {
        const running = runningVariance(1);
        for (const v of values) running.add(Float64Array.of(v));
        const mean = values.reduce((a, b) => a + b, 0) / values.length;
        expect(running.mean[0]).toBeCloseTo(mean, 8);
        expect(running.sumOfSquares[0]).toBeCloseTo(
          values.reduce((a, v) => a + (v - mean) ** 2, 0),
          5,
        );
        expect(running.count).toBe(values.length);
      }),
    );
  });
});

describe("Fisher diagonal", () => {
  test("is exact for an independent normal after three draws", () => {
    const scales = [1e-3, 1, 1e3];
    const estimator = fisherDiagonal(3);
    for (const z of [0.3, -1, 2]) {
      estimator.add(
        Float64Array.from(scales, (s) => 7 + s * z),
        Float64Array.from(scales, (s) => -z / s),
      );
    }
    const scale = new Float64Array(3).fill(1);
    estimator.writeScale(scale);
    scales.forEach((s, i) => {
      expect(scale[i] / s).toBeCloseTo(1, 9);
    });
  });

  test("leaves coordinates that did not move as they were", () => {
    const estimator = fisherDiagonal(3);
    for (const z of [1, 2, 3]) estimator.add(Float64Array.of(5, z, z), Float64Array.of(z, 0, Number.NaN));
    const scale = Float64Array.of(0.5, 2, 3);
    estimator.writeScale(scale);
    expect([...scale]).toEqual([0.5, 2, 3]);
  });
});

describe("scale from one gradient", () => {
  test("is the inverse root of the gradient", () => {
    const scale = new Float64Array(3);
    scaleFromGradient(Float64Array.of(4, -0.25, 1), scale);
    expect([...scale]).toEqual([0.5, 2, 1]);
  });

  test("stays within a factor of the median, also for gradients of zero, infinity and astronomical size", () => {
    const scale = new Float64Array(6);
    scaleFromGradient(Float64Array.of(1, 1, 1, 0, Infinity, 1e200), scale);
    expect([...scale]).toEqual([1, 1, 1, 1, 1, 1e-3]);
    scaleFromGradient(new Float64Array(6), scale);
    expect([...scale]).toEqual([1, 1, 1, 1, 1, 1]);
  });
});

describe("dual averaging", () => {
  test("finds the step size at which a known acceptance curve meets the target", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.5, max: 0.95, noNaN: true }),
        fc.double({ min: -6, max: 4, noNaN: true }),
        (target, start) => {
          const steps = dualAveraging(10 ** start, { target });
          for (let i = 0; i < 3000; i++) steps.update(1 / (1 + steps.current()));
          expect(steps.averaged()).toBeCloseTo(1 / target - 1, 1);
        },
      ),
      { numRuns: 30 },
    );
  });

  test("the first step follows the published formula", () => {
    const steps = dualAveraging(0.1);
    steps.update(0.5);
    // x = log(10 · 0.1) - sqrt(1) / 0.05 · (0.8 - 0.5) / 11
    expect(steps.current()).toBeCloseTo(Math.exp((-20 * 0.3) / 11), 12);
    expect(steps.averaged()).toBeCloseTo(steps.current(), 12);
  });
});

describe("warm-up", () => {
  /** Feeds a warm-up of 400 with made-up transitions to draws of the given scale; returns the scale of the metric after each. */
  function scales(scaleAt: (t: number) => number, index = 1): number[] {
    const metric = diagonalMetric(1);
    const random = stream(key(6));
    const h = hamiltonian(standardNormal(1), metric, random);
    const state = stateAt(h, Float64Array.of(1));
    const tuning = warmup(h, metric, state, { length: 400 });
    const last = { ...transition(1), acceptance: 0.8, symmetricAcceptance: 0.8 };
    return Array.from({ length: 400 }, (_, t) => {
      const z = random.normal();
      state.x[0] = scaleAt(t) * z;
      state.gradient[0] = -z / scaleAt(t);
      state.logDensity = -0.5 * z * z;
      state.index = index;
      tuning.update(t, state, last);
      return metric.scale[0];
    });
  }

  test("the metric follows within ten draws early on, and forgets the first half by the end", () => {
    const found = scales((t) => (t < 5 ? 1 : t < 60 ? 100 : t < 150 ? 10 : 1));
    expect(found[29]).toBeCloseTo(100, 6);
    expect(found[99]).toBeCloseTo(10, 6);
    expect(found[399]).toBeGreaterThan(0.999);
    expect(found[399]).toBeLessThan(2.5);
  });

  test("the metric rests for the last 15 %", () => {
    const found = scales((t) => Math.max(1, t - 3));
    expect(found[339]).not.toBe(found[338]);
    expect(new Set(found.slice(339)).size).toBe(1);
  });

  test("draws that did not move say nothing", () => {
    expect(new Set(scales(() => 1, 0))).toEqual(new Set([1]));
  });
});

describe("starting points", () => {
  test("the best of several finite ones", () => {
    const picky = densityFrom(
      1,
      ([x]) => (x < 0 ? Number.NaN : -0.5 * x * x),
      ([x]) => -x,
    );
    for (let seed = 0; seed < 20; seed++) {
      const { x, evaluations } = initialPoint(picky, stream(key(seed)));
      expect(x[0]).toBeGreaterThanOrEqual(0);
      expect(evaluations).toBeGreaterThanOrEqual(10);
    }
  });

  test("none: the error counts what went wrong and names the coordinate", () => {
    const density = (lp: number, g: number) =>
      densityFrom(
        2,
        () => lp,
        (_, i) => (i === 1 ? g : 1),
      );
    const start = (lp: number, g: number) => () =>
      initialPoint(density(lp, g), stream(key(0)), { names: ["mu", "tau"] });
    expect(start(-Infinity, 0)).toThrow(/100 points .* \(-2, 2\) .* log density -Infinity \(100 times\).*`initial`/s);
    expect(start(0, Number.NaN)).toThrow("a gradient of NaN for coordinate 1 (tau) (100 times)");
  });
});

describe("settings", () => {
  test.each([
    [{ warmup: -1 }, "startChain: `warmup` must be a whole number, 0 or more, got -1"],
    [{ draws: 1.5 }, "`draws` must be a whole number"],
    [{ targetAcceptance: 1 }, "`targetAcceptance` must be a number strictly between 0 and 1, got 1"],
    [{ maxDepth: 0 }, "`maxDepth` must be a whole number from 1 to 30"],
    [{ algorithm: "gibbs" }, '`algorithm` must be "nuts" or "hmc", got "gibbs"'],
    [{ warmUp: 3 }, "startChain: unknown setting `warmUp`. There are algorithm"],
  ])("%j is refused", (given, message) => {
    expect(() => chainSettings(given as never)).toThrow(message);
  });

  test("undefined means the default", () => {
    expect(chainSettings({ warmup: undefined } as never)).toEqual(chainSettings());
  });

  test("arrays of the wrong length are refused", () => {
    const density = standardNormal(3);
    expect(() => runChain(density, { initial: [new Float64Array(2)] })).toThrow(
      "`initial` has 2 numbers but the density 3",
    );
    expect(() => runChain(density, { scale: new Float64Array(2) })).toThrow("`scale` has 2 numbers but the density 3");
    expect(() => runChain(density, { initial: [Float64Array.of(0, Number.NaN, 0)] })).toThrow("NaN at coordinate 1");
    expect(() => hamiltonian(density, diagonalMetric(2), stream(key(0)))).toThrow("3 coordinates but the metric 2");
  });
});

describe("chains", () => {
  test("depend on seed and id alone", () => {
    const density = standardNormal(3);
    const run = (seed: number, id: number) => runChain(density, { draws: 50 }, seed, id).draws;
    expect(run(1, 0)).toEqual(run(1, 0));
    expect(run(1, 0)).not.toEqual(run(1, 1));
    expect(run(1, 0)).not.toEqual(run(2, 0));
  });

  test("count every evaluation, warm-up included", () => {
    let calls = 0;
    const inner = standardNormal(3);
    const density = {
      dim: 3,
      valueAndGrad(x: Float64Array, grad: Float64Array) {
        calls++;
        return inner.valueAndGrad(x, grad);
      },
    };
    const { gradients, warmupGradients, stats } = runChain(density, { draws: 200 });
    expect(gradients).toBe(calls);
    expect(gradients - warmupGradients).toBe(stats.n_steps.reduce((a, b) => a + b, 0));
  });

  test("continue from what was adapted", () => {
    const density = standardNormal(5);
    const { adapted } = runChain(density, { draws: 0 }, 3);
    const { position, scale, stepSize } = adapted;
    const more = runChain(density, { warmup: 0, draws: 300, initial: [position], scale, stepSize }, "more");
    expect(more.warmupGradients).toBe(2);
    expect(more.stats.step_size.every((s) => Math.abs(s / stepSize - 1) <= 0.1)).toBe(true);
  });

  test("no warm-up and no step size: one is searched for", () => {
    const { count, adapted } = runChain(standardNormal(2), { warmup: 0, draws: 10 });
    expect(count).toBe(10);
    expect(adapted.stepSize).toBeGreaterThan(0.1);
  });

  test("stop when told to", () => {
    const { count, draws, stats } = runChain(standardNormal(2), { warmup: 10 }, 0, 0, {
      afterTransition: ({ done }) => done < 25,
    });
    expect([count, draws.length, stats.lp.length]).toEqual([15, 30, 15]);
  });
});
