import { afterAll, expect, test } from "vitest";
import { closeIdleWorkers } from "../../../inference/runner/closeIdleWorkers.ts";
import { densityOf } from "../../../inference/runner/density.ts";
import type { Job } from "../../../inference/runner/job.ts";
import { runChains } from "../../../inference/runner/runChains.ts";
import { compile } from "../../../src/compiler/compile.ts";
import { inputNode, scalar } from "../../../src/compiler/node.ts";
import { mul, neg, square } from "../../../src/ops/arithmetic.ts";
import { sum } from "../../../src/ops/reduce.ts";
import { batchMean, standardNormal } from "../targets.ts";

afterAll(closeIdleWorkers);

/** A standard normal in `dim` dimensions, compiled. */
function normalProgram(dim: number) {
  const x = inputNode([dim], "float64", "x");
  return compile([mul(scalar(-0.5), sum(square(x), [0])), neg(x)], [x]).program;
}

test("a compiled program is a density", async () => {
  const density = await densityOf(normalProgram(3));
  const gradient = new Float64Array(3);
  expect(density.dim).toBe(3);
  expect(density.valueAndGrad(Float64Array.of(1, -2, 3), gradient)).toBe(-7);
  expect([...gradient]).toEqual([-1, 2, -3]);
});

test("a compiled program runs in workers as in this thread", async () => {
  const job: Job = { density: normalProgram(3), settings: { draws: 500 }, seed: 3, chains: [0, 1, 2] };
  const here = await runChains(job, { strategy: "inProcess" });
  const there = await runChains(job, { strategy: "workers", workers: 2 });
  expect(there.chains.map(({ draws }) => draws)).toEqual(here.chains.map(({ draws }) => draws));
  const { mean, error } = batchMean(here.chains.flatMap(({ draws }) => [...draws].filter((_, i) => i % 3 === 0)));
  expect(Math.abs(mean)).toBeLessThan(4 * error);
});

test("a program without its gradient is refused", async () => {
  const x = inputNode([2], "float64", "x");
  const { program } = compile([sum(square(x), [0])], [x]);
  await expect(densityOf(program)).rejects.toThrow("inputs of 2 numbers in all is a density when its outputs have 3");
});

test("a live density runs in this thread, and is not sent to workers", async () => {
  const job: Job = { density: standardNormal(2), settings: { draws: 20 }, seed: 0, chains: [0, 1] };
  expect((await runChains(job)).count).toBe(20);
  await expect(runChains(job, { strategy: "workers" })).rejects.toThrow(
    "runChains: a live density cannot be sent to workers",
  );
});
