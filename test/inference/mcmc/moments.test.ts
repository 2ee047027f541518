import { describe, expect, test } from "vitest";
import { type ChainResult, runChain } from "../../../inference/mcmc/chain.ts";
import type { Density } from "../../../inference/mcmc/density.ts";
import type { ChainSettings } from "../../../inference/mcmc/settings.ts";
import { batchMean, correlatedNormal, eightSchools, normals, standardNormal, truncatedNormal } from "../targets.ts";

/** z-score of the mean of f over the draws, the draws of several chains laid end to end. */
function score(chains: readonly ChainResult[], f: (x: Float64Array) => number, expected: number): number {
  const values = chains.flatMap(({ draws, dim, count }) =>
    Array.from({ length: count }, (_, i) => f(draws.subarray(i * dim, (i + 1) * dim))),
  );
  const { mean, error } = batchMean(values, 10 * chains.length);
  return (mean - expected) / error;
}

const sample = (density: Density, settings: Partial<ChainSettings> = {}, chains = 4): ChainResult[] =>
  Array.from({ length: chains }, (_, id) => runChain(density, settings, 11, id));

describe("means and variances of known targets lie within four standard errors", () => {
  test.each([1, 10, 100])("standard normal in %i dimensions", (dim) => {
    const chains = sample(standardNormal(dim));
    for (let i = 0; i < dim; i++) {
      expect(Math.abs(score(chains, (x) => x[i], 0))).toBeLessThan(4.5);
      expect(Math.abs(score(chains, (x) => x[i] ** 2, 1))).toBeLessThan(4.5);
    }
    expect(Math.abs(score(chains, (x) => x.reduce((a, v) => a + v * v, 0), dim))).toBeLessThan(4);
  });

  test("correlated normal", () => {
    const chains = sample(correlatedNormal(0.99));
    expect(Math.abs(score(chains, (x) => x[0], 0))).toBeLessThan(4);
    expect(Math.abs(score(chains, (x) => x[0] ** 2, 1))).toBeLessThan(4);
    expect(Math.abs(score(chains, (x) => x[0] * x[1], 0.99))).toBeLessThan(4);
  });

  test("scales from 0.001 to 1000 cost no more than equal scales", () => {
    const scales = [1e-3, 1e-2, 0.1, 1, 10, 100, 1e3];
    const chains = sample(normals(scales));
    scales.forEach((s, i) => {
      expect(Math.abs(score(chains, (x) => x[i] / s, 0))).toBeLessThan(4);
      expect(Math.abs(score(chains, (x) => (x[i] / s) ** 2, 1))).toBeLessThan(4);
    });
    const [stretched, equal] = [chains, sample(standardNormal(7))].map((c) => c.reduce((n, r) => n + r.gradients, 0));
    expect(stretched).toBeLessThan(1.15 * equal);
    for (const { adapted } of chains) {
      scales.forEach((s, i) => {
        expect(adapted.scale[i] / s).toBeCloseTo(1, 6);
      });
    }
  });

  test("eight schools, against exact moments", () => {
    const chains = sample(eightSchools(), { draws: 2000 });
    const theta = (i: number) => (x: Float64Array) => x[8] + Math.exp(x[9]) * x[i];
    const means = [
      6.211884527, 4.940178484, 3.927004262, 4.757098319, 3.615476811, 4.042612518, 6.296724468, 4.854253367,
    ];
    means.forEach((mean, i) => {
      expect(Math.abs(score(chains, theta(i), mean))).toBeLessThan(4);
    });
    expect(Math.abs(score(chains, (x) => x[8], 4.396820668))).toBeLessThan(4);
    expect(Math.abs(score(chains, (x) => Math.exp(x[9]), 3.597706215))).toBeLessThan(4);
    expect(Math.abs(score(chains, (x) => (Math.exp(x[9]) < 2.748731781 ? 1 : 0), 0.5))).toBeLessThan(4);
  });

  test("a region outside the support", () => {
    const chains = sample(truncatedNormal(0), { draws: 4000, targetAcceptance: 0.9 });
    for (const { draws } of chains) expect(draws.every((x) => x >= 0)).toBe(true);
    expect(Math.abs(score(chains, (x) => x[0], Math.sqrt(2 / Math.PI)))).toBeLessThan(4);
    expect(Math.abs(score(chains, (x) => x[0] ** 2, 1))).toBeLessThan(4);
  });

  test("plain HMC", () => {
    const chains = sample(correlatedNormal(0.5), { algorithm: "hmc", draws: 4000 });
    expect(Math.abs(score(chains, (x) => x[0], 0))).toBeLessThan(4);
    expect(Math.abs(score(chains, (x) => x[0] ** 2, 1))).toBeLessThan(4);
    expect(Math.abs(score(chains, (x) => x[0] * x[1], 0.5))).toBeLessThan(4);
  });
});

test("the acceptance statistic settles near its target", () => {
  for (const targetAcceptance of [0.7, 0.8, 0.95]) {
    const [{ stats }] = sample(standardNormal(50), { targetAcceptance }, 1);
    const mean = stats.acceptance_rate.reduce((a, b) => a + b, 0) / stats.acceptance_rate.length;
    expect(Math.abs(mean - targetAcceptance)).toBeLessThan(0.06);
  }
});
