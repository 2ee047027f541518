import { afterAll, describe, expect, test } from "vitest";
import { closeIdleWorkers } from "../../../inference/runner/closeIdleWorkers.ts";
import type { DensityModule } from "../../../inference/runner/density.ts";
import type { Job, Progress } from "../../../inference/runner/job.ts";
import { type RunOptions, runChains } from "../../../inference/runner/runChains.ts";
import { targetsModule } from "../targets.ts";

const target = (name: string, ...args: unknown[]): DensityModule => ({ module: targetsModule, export: name, args });
const job = (density: DensityModule, settings: Job["settings"] = {}, chains = 4): Job => ({
  density,
  settings,
  seed: 7,
  chains: Array.from({ length: chains }, (_, i) => i),
});

afterAll(closeIdleWorkers);

describe("the same draws bit for bit", () => {
  const small = job(target("eightSchools"), { warmup: 100, draws: 100 });
  const reference = runChains(small, { strategy: "inProcess" });
  const ways: [string, RunOptions][] = [
    ["on one worker", { strategy: "workers", workers: 1 }],
    ["on two workers", { strategy: "workers", workers: 2 }],
    ["on four workers", { strategy: "workers", workers: 4 }],
    ["when the library chooses", {}],
  ];
  test.each(ways)("%s", async (_, options) => {
    const expected = await reference;
    const { chains, count, aborted } = await runChains(small, options);
    expect({ count, aborted, n: chains.length }).toEqual({ count: 100, aborted: false, n: 4 });
    chains.forEach((chain, i) => {
      expect(chain.chain).toBe(i);
      expect(chain.draws).toEqual(expected.chains[i].draws);
      expect(chain.stats).toEqual(expected.chains[i].stats);
      expect(chain.gradients).toBe(expected.chains[i].gradients);
      expect(chain.adapted).toEqual(expected.chains[i].adapted);
    });
  });

  test("whatever the other chains are", async () => {
    const [only] = (await runChains({ ...small, chains: [2] })).chains;
    expect(only.draws).toEqual((await reference).chains[2].draws);
  });

  test("when a trial in this thread is given up for workers", async () => {
    const heavy = job(target("slow", 50), { warmup: 700, draws: 700 });
    const [a, b] = await Promise.all([
      runChains(heavy, { workers: 2 }),
      runChains(heavy, { strategy: "workers", workers: 2 }),
    ]);
    expect(a.chains.map(({ draws }) => draws)).toEqual(b.chains.map(({ draws }) => draws));
  });
});

describe.each([
  ["in process", { strategy: "inProcess" }],
  ["in workers", { strategy: "workers", workers: 2 }],
] as [string, RunOptions][])("%s", (_, options) => {
  test("progress runs from warm-up to done, at most ten times a second and chain", async () => {
    const seen: Progress[] = [];
    const start = performance.now();
    await runChains(job(target("slow", 20), { warmup: 300, draws: 300 }), {
      ...options,
      onProgress: (p) => seen.push(p),
    });
    const elapsed = performance.now() - start;
    for (let chain = 0; chain < 4; chain++) {
      const own = seen.filter((p) => p.chain === chain);
      expect(own.at(-1)).toMatchObject({ phase: "done", done: 600, total: 600 });
      expect(own.every((p, i) => i === 0 || p.done >= own[i - 1].done)).toBe(true);
      expect(own.length).toBeLessThan(elapsed / 100 + 4);
      expect(own[0].stepSize).toBeGreaterThan(0);
    }
  });

  test("an abort keeps what was drawn, equally many draws of every chain", async () => {
    const controller = new AbortController();
    const all = job(target("slow", 20), { warmup: 20, draws: 1_000_000 }, 3);
    const { chains, count, aborted } = await runChains(all, {
      ...options,
      signal: controller.signal,
      onProgress: ({ done }) => {
        if (done > 100) controller.abort();
      },
    });
    expect(aborted).toBe(true);
    expect(chains.length).toBeGreaterThan(0);
    expect(count).toBeGreaterThan(0);
    for (const { draws, stats, dim } of chains) {
      expect(draws.length).toBe(count * dim);
      expect(stats.lp.length).toBe(count);
      expect(stats.n_steps.every((n) => n > 0)).toBe(true);
    }
  });

  test("an abort before any draw throws the reason", async () => {
    const signal = AbortSignal.abort(new Error("never mind"));
    await expect(runChains(job(target("slow", 100)), { ...options, signal })).rejects.toThrow("never mind");
  });

  test("an error names the chain, keeps message and stack, and leaves the workers usable", async () => {
    const failing = runChains(job(target("breaking", 2000), {}, 1), options);
    await expect(failing).rejects.toMatchObject({
      name: "ChainError",
      chain: 0,
      message: "Chain 0: the tank is empty",
      stack: expect.stringContaining("targets.ts"),
    });
    const { count } = await runChains(job(target("standardNormal", 2), { draws: 10 }, 1), options);
    expect(count).toBe(10);
  });

  test("a chain that cannot start names itself", async () => {
    await expect(runChains(job(target("truncatedNormal", 5)), options)).rejects.toThrow(
      /^Chain \d: No starting point: 100 points/,
    );
  });

  test("a module without the function is told", async () => {
    await expect(runChains(job(target("cauchy")), options)).rejects.toThrow(
      /has no function `cauchy`. It exports: .*funnel/,
    );
  });
});

test("settings and options are checked before anything starts", async () => {
  await expect(runChains(job(target("standardNormal", 1), { draws: -1 }))).rejects.toThrow("`draws` must be");
  await expect(runChains(job(target("standardNormal", 1)), { workers: 0 })).rejects.toThrow(
    "`workers` must be a whole number, 1 or more",
  );
});

test("a worker that dies while it waits is not given another job", async () => {
  closeIdleWorkers();
  const few = { warmup: 5, draws: 5 };
  await runChains(job(target("failsLater", 300), few, 1), { strategy: "workers" });
  await new Promise((resolve) => setTimeout(resolve, 600));
  const { count } = await runChains(job(target("standardNormal", 1), few, 1), { strategy: "workers" });
  expect(count).toBe(5);
});
