import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Density } from "../../../inference/mcmc/density.ts";
import { type Hamiltonian, hamiltonian, leapfrog, refresh, stateAt } from "../../../inference/mcmc/hamiltonian.ts";
import { hmc } from "../../../inference/mcmc/hmc.ts";
import type { Kernel } from "../../../inference/mcmc/kernel.ts";
import { diagonalMetric } from "../../../inference/mcmc/metric.ts";
import { nuts } from "../../../inference/mcmc/nuts.ts";
import { searchStepSize } from "../../../inference/mcmc/stepSize.ts";
import { key } from "../../../src/random/key.ts";
import { stream } from "../../../src/random/stream.ts";
import { correlatedNormal, densityFrom, eightSchools, funnel, standardNormal, truncatedNormal } from "../targets.ts";

const over = (density: Density, seed: number | string = 1, scale?: number[]): Hamiltonian =>
  hamiltonian(density, diagonalMetric(density.dim, scale && Float64Array.from(scale)), stream(key(seed)));

describe("leapfrog", () => {
  test("running backwards returns to the start", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 10, maxLength: 10 }),
        fc.double({ min: 0.01, max: 0.3, noNaN: true }),
        fc.integer({ min: 1, max: 30 }),
        (x, stepSize, steps) => {
          const h = over(eightSchools());
          const start = stateAt(h, Float64Array.from(x));
          refresh(h, start);
          let state = start;
          for (const direction of [1, -1]) {
            for (let i = 0; i < steps; i++) {
              const next = h.pool.take();
              leapfrog(h, state, next, direction * stepSize);
              state = next;
            }
          }
          for (let i = 0; i < 10; i++) {
            expect(state.x[i]).toBeCloseTo(start.x[i], 8);
            expect(state.velocity[i]).toBeCloseTo(start.velocity[i], 8);
          }
        },
      ),
      { numRuns: 50, seed: 5 },
    );
  });

  test("the energy error is of second order in the step size", () => {
    const worst = (stepSize: number): number => {
      const h = over(eightSchools(), 3);
      let state = stateAt(h, new Float64Array(10).fill(0.5));
      refresh(h, state);
      const { energy } = state;
      let error = 0;
      for (let i = 0; i < Math.round(2 / stepSize); i++) {
        const next = h.pool.take();
        leapfrog(h, state, next, stepSize);
        state = next;
        error = Math.max(error, Math.abs(state.energy - energy));
      }
      return error;
    };
    expect(worst(0.02) / worst(0.01)).toBeCloseTo(4, 0);
    expect(worst(0.01) / worst(0.005)).toBeCloseTo(4, 1);
  });

  test("a scale of the metric is a change of units", () => {
    const unit = over(standardNormal(3), 2);
    const scaled = over({ dim: 3, valueAndGrad: (x, g) => rescaled(x, g) }, 2, [10, 0.1, 4]);
    const units = [10, 0.1, 4];
    function rescaled(x: Float64Array, g: Float64Array): number {
      const lp = standardNormal(3).valueAndGrad(
        x.map((v, i) => v / units[i]),
        g,
      );
      for (let i = 0; i < 3; i++) g[i] /= units[i];
      return lp;
    }
    const [a, b] = [stateAt(unit, Float64Array.of(1, 2, 3)), stateAt(scaled, Float64Array.of(10, 0.2, 12))];
    refresh(unit, a);
    refresh(scaled, b);
    const [c, d] = [unit.pool.take(), scaled.pool.take()];
    leapfrog(unit, a, c, 0.5);
    leapfrog(scaled, b, d, 0.5);
    for (let i = 0; i < 3; i++) expect(d.x[i] / units[i]).toBeCloseTo(c.x[i], 12);
    expect(d.energy).toBeCloseTo(c.energy, 12);
  });
});

/** Standard normal distribution function, by its series. */
function phi(z: number): number {
  if (Math.abs(z) > 6) return z > 0 ? 1 : 0;
  let term = z;
  let sum = z;
  for (let k = 1; Math.abs(term) > 1e-16 * Math.abs(sum); k++) {
    term *= (z * z) / (2 * k + 1);
    sum += term;
  }
  return 0.5 + (sum * Math.exp(-0.5 * z * z)) / Math.sqrt(2 * Math.PI);
}

const distance = (values: number[], cdf: (x: number) => number): number =>
  values
    .sort((a, b) => a - b)
    .reduce(
      (d, v, i) => Math.max(d, Math.abs(cdf(v) - i / values.length), Math.abs(cdf(v) - (i + 1) / values.length)),
      0,
    );

describe("one transition leaves exact draws exact (Dvoretzky-Kiefer-Wolfowitz bound, false alarm 1e-6)", () => {
  const n = 40_000;
  const bound = Math.sqrt(Math.log(2e6) / (2 * n));
  const rho = 0.8;
  const kernels: [string, (h: Hamiltonian) => Kernel, number][] = [
    ["NUTS", (h) => nuts(h), 0.4],
    ["NUTS with coarse steps", (h) => nuts(h), 0.8],
    ["NUTS close to instability", (h) => nuts(h), 1.04],
    ["NUTS cut at depth 2", (h) => nuts(h, { maxDepth: 2 }), 0.3],
    ["HMC", (h) => hmc(h, { trajectoryLength: 1.2 }), 0.4],
  ];
  test.each(kernels)("%s", (_, make, stepSize) => {
    const h = over(correlatedNormal(rho), 8, [1, 0.7]);
    const kernel = make(h);
    const source = stream(key(99));
    const first: number[] = [];
    const second: number[] = [];
    const radius: number[] = [];
    let moved = 0;
    for (let i = 0; i < n; i++) {
      const z1 = source.normal();
      const x = Float64Array.of(z1, rho * z1 + Math.sqrt(1 - rho * rho) * source.normal());
      const state = kernel.step(kernel.init(x), stepSize);
      moved += Math.abs(state.x[0] - x[0]);
      const z2 = (state.x[1] - rho * state.x[0]) / Math.sqrt(1 - rho * rho);
      first.push(state.x[0]);
      second.push(z2);
      radius.push(state.x[0] ** 2 + z2 ** 2);
      h.pool.release(state);
    }
    expect(moved / n).toBeGreaterThan(0.3);
    expect(distance(first, phi)).toBeLessThan(bound);
    expect(distance(second, phi)).toBeLessThan(bound);
    expect(distance(radius, (r) => 1 - Math.exp(-r / 2))).toBeLessThan(bound);
  });
});

describe("trajectories", () => {
  test("a full tree of depth d takes 2^d - 1 steps, and the states of the pool are bounded and all come back", () => {
    const h = over(standardNormal(4));
    const kernel = nuts(h, { maxDepth: 6 });
    let state = kernel.init(new Float64Array(4).fill(0.3));
    for (let i = 0; i < 50; i++) state = kernel.step(state, 1e-4);
    expect(kernel.last).toMatchObject({ depth: 6, steps: 63, truncated: true, diverging: false });
    const { size } = h.pool;
    expect(size).toBeLessThanOrEqual(3 * 6 + 4);
    for (let i = 0; i < 500; i++) state = kernel.step(state, 0.3);
    expect(h.pool.size).toBe(size);
    expect(state.holders).toBe(1);
  });

  test("the gradient of the current state is never computed again", () => {
    const h = over(standardNormal(4));
    const kernel = nuts(h);
    let state = kernel.init(new Float64Array(4));
    let steps = 0;
    for (let i = 0; i < 100; i++) {
      state = kernel.step(state, 0.4);
      steps += kernel.last.steps;
    }
    expect(h.evaluations).toBe(steps + 1);
  });

  test("lengths change smoothly with the step size: no resonance on a normal in 100 dimensions", () => {
    const distance = (stepSize: number): number => {
      const h = over(standardNormal(100), 4);
      const kernel = nuts(h);
      let state = kernel.init(new Float64Array(100).fill(0.7));
      let steps = 0;
      for (let i = 0; i < 200; i++) {
        state = kernel.step(state, stepSize);
        steps += kernel.last.steps;
      }
      return steps / 200;
    };
    for (let stepSize = 0.1; stepSize < 0.7; stepSize += 0.025) expect(distance(stepSize) * stepSize).toBeLessThan(6);
  });

  test("a divergence is flagged, tells where it began, and leaves a draw in the support", () => {
    const h = over(truncatedNormal(0));
    const kernel = nuts(h);
    let state = kernel.init(Float64Array.of(0.1));
    let diverged = 0;
    for (let i = 0; i < 200; i++) {
      state = kernel.step(state, 0.5);
      expect(state.x[0]).toBeGreaterThanOrEqual(0);
      if (!kernel.last.diverging) continue;
      diverged++;
      expect(kernel.last.divergenceStart[0]).toBeGreaterThanOrEqual(0);
    }
    expect(diverged).toBeGreaterThan(20);
  });

  test("a funnel diverges", () => {
    const h = over(funnel(10));
    const kernel = nuts(h);
    let state = kernel.init(new Float64Array(10).fill(0.1));
    let diverged = 0;
    for (let i = 0; i < 2000; i++) {
      state = kernel.step(state, 0.6);
      if (kernel.last.diverging) diverged++;
    }
    expect(diverged).toBeGreaterThan(0);
  });

  test("NaN and +Infinity count as outside the support", () => {
    for (const outside of [Number.NaN, Infinity]) {
      const density = densityFrom(
        1,
        ([x]) => (x > 1 ? outside : -0.5 * x * x),
        ([x]) => -x,
      );
      const kernel = nuts(over(density));
      let state = kernel.init(Float64Array.of(0));
      for (let i = 0; i < 300; i++) {
        state = kernel.step(state, 0.5);
        expect(state.x[0]).toBeLessThanOrEqual(1);
      }
    }
  });
});

describe("memory", () => {
  test("a hundred thousand leapfrog steps leave the heap flat", () => {
    const h = over(standardNormal(10));
    const kernel = nuts(h);
    let state = kernel.init(new Float64Array(10).fill(0.5));
    const run = (steps: number): void => {
      const end = h.evaluations + steps;
      while (h.evaluations < end) state = kernel.step(state, 0.1);
    };
    run(50_000);
    const before = process.memoryUsage();
    run(100_000);
    const after = process.memoryUsage();
    // Only numbers that the engine boxes between functions; one allocated state would be 400 bytes a step.
    expect(after.heapUsed - before.heapUsed).toBeLessThan(100_000 * 120);
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(100_000);
  });
});

describe("search for a step size", () => {
  test("one step with it is about as accurate as 0.8", () => {
    const h = over(standardNormal(50), 4);
    const stepSize = searchStepSize(h, stateAt(h, new Float64Array(50).fill(1)), 1e-4);
    expect(stepSize).toBeGreaterThan(0.2);
    expect(stepSize).toBeLessThan(2);
  });

  test("an improper density is told", () => {
    const h = over(
      densityFrom(
        1,
        () => 0,
        () => 0,
      ),
    );
    expect(() => searchStepSize(h, stateAt(h, new Float64Array(1)))).toThrow(/may not integrate to one.*proper prior/s);
  });

  test("a gradient that does not belong to the density is told", () => {
    const h = over(
      densityFrom(
        1,
        ([x]) => (x === 0 ? 0 : -Infinity),
        () => 1,
      ),
    );
    expect(() => searchStepSize(h, stateAt(h, new Float64Array(1)))).toThrow(/No step size down to .*discontinuities/s);
  });
});
