import { closeIdleWorkers, deterministic, dist, factor, hmc, nuts, type Progress, plate, sample } from "lapilli";
import { afterAll, describe, expect, test } from "vitest";
import { judge, objections, objectionsTwice } from "../posteriors/gate.ts";

const y = [28, 8, -3, 7, -1, 1, 18, 12];
const sigma = [15, 10, 16, 11, 9, 11, 10, 18];
const schools = (data: { readonly y: readonly number[] }): void => {
  const mu = sample("mu", dist.Normal(0, 5));
  const tau = sample("tau", dist.HalfCauchy(5));
  plate("school", 8, () => {
    const z = sample("z", dist.Normal(0, 1));
    const theta = deterministic("theta", mu.add(tau.mul(z)));
    sample("y", dist.Normal(theta, sigma), { obs: data.y });
  });
};
const normal = (): void => {
  sample("x", dist.Normal(1, 2));
};
const normalMoments = {
  x: { mean: 1, sd: 2, q5: 1 - 2 * 1.6448536269514722, q50: 1, q95: 1 + 2 * 1.6448536269514722 },
};
const quiet = { progress: false } as const;

afterAll(closeIdleWorkers);

describe("a fit of eight schools", () => {
  const run = nuts(schools, { y }, { chains: 3, warmup: 300, draws: 200, seed: "schools", ...quiet });

  test("has latent and deterministic sites in the order of the model, by chain and draw", async () => {
    const { posterior, draws } = await run;
    expect(Object.entries(posterior).map(([name, t]) => [name, t.shape])).toEqual([
      ["mu", [3, 200]],
      ["tau", [3, 200]],
      ["z", [3, 200, 8]],
      ["theta", [3, 200, 8]],
    ]);
    const [mu, tau, z, theta] = ["mu", "tau", "z", "theta"].map((name) => draws(name).data);
    for (let i = 0; i < 600; i += 37) {
      expect(theta![8 * i + 3]).toBeCloseTo(mu![i]! + tau![i]! * z![8 * i + 3]!, 12);
      expect(tau![i]).toBeGreaterThan(0);
    }
  });

  test("has the sampler's statistics by chain and draw, and counts its gradients", async () => {
    const { stats, cost } = await run;
    for (const t of Object.values(stats)) expect(t.shape).toEqual([3, 200]);
    const steps = stats.n_steps.sum().item();
    expect(cost.gradients - cost.warmupGradients).toBe(steps);
    expect(cost.warmupGradients).toBeGreaterThan(3 * 300);
    const { acceptance_rate: accepted, tree_depth: depth, step_size: step, energy, lp } = stats;
    expect(accepted.mean().item()).toBeGreaterThan(0.7);
    expect(Math.max(...depth.data)).toBeLessThanOrEqual(10);
    expect(Math.min(...step.data)).toBeGreaterThan(0);
    expect(energy.data.every((e, i) => e >= -lp.data[i]!)).toBe(true);
    for (const ms of [cost.traceMs, cost.compileMs, cost.warmupMs, cost.drawMs]) expect(ms).toBeGreaterThan(0);
  });

  test.each([
    ["in this thread", { strategy: "inProcess" }],
    ["in one worker", { strategy: "workers", workers: 1 }],
    ["in two workers", { strategy: "workers", workers: 2 }],
  ] as const)("is the same bit for bit %s", async (_, options) => {
    const again = await nuts(
      schools,
      { y },
      { chains: 3, warmup: 300, draws: 200, seed: "schools", ...quiet, ...options },
    );
    const first = await run;
    for (const name of Object.keys(first.posterior)) expect(again.draws(name).data).toEqual(first.draws(name).data);
    expect(again.stats.energy.data).toEqual(first.stats.energy.data);
  });

  test("differs with another seed and between chains", async () => {
    const first = (await run).draws("mu").data;
    const other = (await nuts(schools, { y }, { chains: 3, warmup: 300, draws: 200, seed: 1, ...quiet })).draws(
      "mu",
    ).data;
    expect(first.slice(0, 200)).not.toEqual(other.slice(0, 200));
    expect(first.slice(0, 200)).not.toEqual(first.slice(200, 400));
  });

  test("with fewer chains has the same first chains", async () => {
    const one = await nuts(schools, { y }, { chains: 1, warmup: 300, draws: 200, seed: "schools", ...quiet });
    expect(one.draws("theta").data).toEqual((await run).draws("theta").data.slice(0, 1600));
  });
});

test("NUTS, HMC and the interpreted model sample the same distribution", async () => {
  const options = { warmup: 500, draws: 2500, targetAcceptance: 0.9, ...quiet };
  expect(await objectionsTwice((seed) => nuts(normal, undefined, { ...options, seed }), normalMoments)).toEqual([]);
  expect(await objectionsTwice((seed) => hmc(normal, undefined, { ...options, seed }), normalMoments)).toEqual([]);
  const interpreted = (seed: number) => nuts(normal, undefined, { ...options, seed, interpret: true });
  expect(await objectionsTwice(interpreted, normalMoments)).toEqual([]);
});

test("the defaults are four chains of 1000 draws with seed 0", async () => {
  const fit = await nuts(normal, undefined, quiet);
  expect(fit.draws("x").shape).toEqual([4, 1000]);
  expect(fit.draws("x").data).toEqual((await nuts(normal, undefined, { seed: 0, ...quiet })).draws("x").data);
  expect(objections(judge(fit, normalMoments), 500)).toEqual([]);
});

test("a starting point can be given, and no warm-up at all", async () => {
  const fit = await nuts(normal, undefined, {
    chains: 1,
    warmup: 0,
    draws: 5,
    stepSize: 1e-6,
    stepSizeJitter: 0,
    maxDepth: 1,
    initial: [Float64Array.of(3)],
    ...quiet,
  });
  for (const x of fit.draws("x").data) expect(x).toBeCloseTo(3, 3);
  expect([...fit.stats.n_steps.data]).toEqual([1, 1, 1, 1, 1]);
});

test("progress is told, and an abort keeps what was drawn", async () => {
  const controller = new AbortController();
  const seen: Progress[] = [];
  const fit = await nuts(normal, undefined, {
    chains: 2,
    draws: 10_000_000,
    ...quiet,
    strategy: "inProcess",
    signal: controller.signal,
    onProgress: (p) => {
      seen.push(p);
      if (p.done > 1000) controller.abort();
    },
  });
  expect(fit.aborted).toBe(true);
  const [chains, draws] = fit.draws("x").shape;
  expect(chains).toBeGreaterThan(0);
  expect(draws).toBeGreaterThan(0);
  expect(fit.stats.lp.shape).toEqual([chains, draws]);
  expect(seen.length).toBeGreaterThan(0);
});

describe("errors", () => {
  const fails = (options: object, message: string | RegExp) =>
    expect(nuts(normal, undefined, { ...quiet, ...options })).rejects.toThrow(message);

  test("settings that make no sense", async () => {
    await fails({ chains: 0 }, "`chains` must be a whole number, 1 or more, got 0.");
    await fails({ chains: 1.5 }, "`chains` must be a whole number");
    await fails({ draws: -1 }, "`draws` must be a whole number, 0 or more, got -1.");
    await fails({ targetAcceptance: 1 }, "`targetAcceptance` must be a number strictly between 0 and 1");
    await fails({ targetAccept: 0.9 }, 'nuts: unknown option "targetAccept"; did you mean "targetAcceptance"?');
    await fails({ initial: [Float64Array.of(1, 2)] }, "`initial` has 2 numbers but the density 1 unconstrained");
  });

  test("a model without latent sites, and one without a starting point", async () => {
    await expect(nuts(() => {}, undefined, quiet)).rejects.toThrow("no latent sample site");
    const impossible = (): void => {
      const x = sample("x", dist.Normal(0, 1));
      factor("never", x.mul(0).add(-1).log());
    };
    await expect(nuts(impossible, undefined, quiet)).rejects.toThrow(
      /Chain 0: No starting point: 100 points .*log density NaN \(100 times\).*check that the data lie within the support/,
    );
    const steep = (): void => {
      const x = sample("slope", dist.Normal(0, 1));
      factor("edge", x.mul(0).sqrt());
    };
    await expect(nuts(steep, undefined, quiet)).rejects.toThrow(/a gradient of .* for coordinate 0 \(slope\)/);
  });
});
