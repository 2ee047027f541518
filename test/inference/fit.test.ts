import { essBulk, mcseMean, rHat } from "lapilli";
import { describe, expect, test } from "vitest";
import { type Fit, makeFit, type SampleStats } from "../../inference/fit.ts";
import { fromData, type Tensor } from "../../src/tensor/tensor.ts";

const chains = 2;
const draws = 50;

/** A fit of made-up draws: a scalar, and a vector of three. */
function made(divergingDraws: readonly number[] = []): Fit {
  const wave = (n: number): Float64Array =>
    Float64Array.from({ length: n }, (_, i) => (Math.sin(12.9898 * i + 1) * 43.7) % 1);
  const zeros = (): Tensor => fromData(new Float64Array(chains * draws), [chains, draws]);
  const diverging = new Float64Array(chains * draws);
  for (const i of divergingDraws) diverging[i] = 1;
  const names = ["lp", "energy", "energy_error", "tree_depth", "n_steps", "step_size", "acceptance_rate"];
  const stats = {
    ...Object.fromEntries(names.map((name) => [name, zeros()])),
    diverging: fromData(diverging, [chains, draws]),
  } as unknown as SampleStats;
  const cost = { gradients: 1, warmupGradients: 0, traceMs: 0, compileMs: 0, warmupMs: 0, drawMs: 0 };
  const sites = [
    { name: "mu", shape: [], values: wave(chains * draws) },
    { name: "beta", shape: [3], values: wave(chains * draws * 3) },
  ];
  return makeFit(sites, chains, draws, stats, cost, false);
}

describe("a fit", () => {
  test("gives the draws of a site by chain and draw", () => {
    const fit = made();
    expect(fit.draws("beta").shape).toEqual([2, 50, 3]);
    expect(fit.draws("mu")).toBe(fit.posterior.mu);
    expect(Object.keys(fit.posterior)).toEqual(["mu", "beta"]);
  });

  test("says which sites there are when asked for another", () => {
    expect(() => made().draws("theta")).toThrow('There are "mu", "beta". Observed sites have none.');
  });

  test("summarises every element, with the diagnostics of its own draws", () => {
    const fit = made();
    const { rows } = fit.summary();
    expect(rows.map(({ name }) => name)).toEqual(["mu", "beta[0]", "beta[1]", "beta[2]"]);
    const middle = [0, 1].map((c) =>
      Array.from({ length: draws }, (_, i) => fit.draws("beta").data[(c * draws + i) * 3 + 1]!),
    );
    const row = rows[2]!;
    expect(row.mean).toBeCloseTo(middle.flat().reduce((a, b) => a + b) / 100, 12);
    expect(row.ess_bulk).toBeCloseTo(essBulk(middle), 9);
    expect(row.mcse_mean).toBeCloseTo(mcseMean(middle), 12);
    expect(row.r_hat).toBeCloseTo(rHat(middle), 12);
    expect(fit.summary()).toBe(fit.summary());
  });

  test("prints a line for every element, then the divergences", () => {
    const lines = String(made().summary()).split("\n");
    expect(lines[0]).toMatch(/mean +sd/);
    expect(lines.filter((line) => line.startsWith("beta["))).toHaveLength(3);
    expect(lines[5]).toBe("0 of 100 transitions diverged.");
    expect(lines.at(-1)).toMatch(/^Effective sample size: ess_\w+ is \d+ for .* below 200/);
    const troubled = made([3, 70, 71]).summary();
    expect(troubled.divergences).toBe(3);
    expect(String(troubled)).toContain("\n3 of 100 transitions diverged (3.0 %).\nDivergences: ");
  });
});
