import { dist, type Fit, nuts, plate, sample } from "lapilli";
import { describe, expect, test } from "vitest";
import { type Finding, percent } from "../../inference/diagnose.ts";
import { makeFit, type SampleStats } from "../../inference/fit.ts";
import { key } from "../../src/random/key.ts";
import { normal } from "../../src/random/normal.ts";
import { fromData, type Tensor } from "../../src/tensor/tensor.ts";

const chains = 4;
const draws = 500;
const noise = (seed: number): Float64Array => Float64Array.from(normal(key(seed), [chains * draws]).data);
type Change = (i: number) => number;
const stat = (value: Change): Tensor =>
  fromData(
    Float64Array.from({ length: chains * draws }, (_, i) => value(i)),
    [chains, draws],
  );

interface Trouble {
  readonly diverging?: Change;
  readonly energy?: Change;
  readonly depth?: Change;
  readonly maxDepth?: number | undefined;
  /** Changes the draws of `tau`. */
  readonly tau?: (draw: number, i: number) => number;
}

/** A fit of independent normal draws, with something wrong. */
function made({ diverging = () => 0, energy, depth = () => 3, tau = (v) => v, ...rest }: Trouble = {}): Fit {
  const quiet = noise(1);
  const stats = {
    diverging: stat(diverging),
    energy: stat(energy ?? ((i) => quiet[i]!)),
    tree_depth: stat(depth),
  } as SampleStats;
  const cost = { gradients: 1, warmupGradients: 0, traceMs: 0, compileMs: 0, warmupMs: 0, drawMs: 0 };
  const sites = [
    { name: "mu", shape: [], values: noise(2) },
    { name: "tau", shape: [1], values: noise(3).map(tau) },
    { name: "constant", shape: [], values: new Float64Array(chains * draws).fill(2) },
  ];
  return makeFit(sites, chains, draws, stats, cost, false, "maxDepth" in rest ? rest.maxDepth : 10);
}

const chainOf = (i: number): number => Math.floor(i / draws);
const slow = (seed: number): Change => {
  const steps = noise(seed);
  let x = 0;
  return (i) => {
    x = 0.98 * x + steps[i]!;
    return x;
  };
};

/** The only finding of a fit, which is the last line of its summary. */
function only(fit: Fit): Finding {
  const found = fit.diagnose();
  expect(found).toHaveLength(1);
  const summary = fit.summary();
  expect(summary.findings).toBe(found);
  const lines = String(summary).split("\n");
  expect(lines.at(-1)).toBe(found[0]!.message);
  expect(lines.at(-2)).toMatch(/^\d+ of 2000 transitions diverged/);
  return found[0]!;
}

test("nothing is said of a sound fit, nor of constants", () => {
  expect(made().diagnose()).toEqual([]);
  expect(String(made().summary()).split("\n").at(-1)).toBe("0 of 2000 transitions diverged.");
});

test("divergences, with their share and what to try", () => {
  const fit = made({ diverging: (i) => Number(i === 700) });
  expect(String(fit.summary())).toContain("\n1 of 2000 transitions diverged (0.1 %).\n");
  const finding = only(fit);
  expect(finding).toMatchObject({ kind: "divergences", count: 1, value: 1 / 2000 });
  expect(finding.message).toContain("Try { targetAcceptance: 0.95 }, or write the model non-centred");
});

test("trajectories that reach the longest there may be", () => {
  const depth = (i: number): number => (i % 4 === 0 ? 10 : 9);
  expect(only(made({ depth }))).toMatchObject({
    kind: "maxDepth",
    count: 500,
    value: 0.25,
    message:
      "Long trajectories: 500 transitions (25.0 %) reached maxDepth 10: draws are slow to come by. Try more warmup, { maxDepth: 12 }, or parameters of similar scale.",
  });
  expect(made({ depth, maxDepth: undefined }).diagnose()).toEqual([]);
});

test("chains that disagree, by the worst row", () => {
  // Chains that disagree have few effective draws as well.
  const found = made({ tau: (v, i) => v + 0.25 * chainOf(i) }).diagnose();
  expect(found.map(({ kind }) => kind)).toEqual(["rHat", "ess"]);
  const finding = found[0]!;
  expect(finding).toMatchObject({ kind: "rHat", count: 1, row: "tau[0]" });
  expect(finding.value).toBeGreaterThan(1.03);
  expect(finding.message).toMatch(
    /^R-hat: 1\.\d{3} for tau\[0\], above 1\.01: chains disagree\. Try more warmup and draws;/,
  );
});

test("few effective draws", () => {
  const ar = slow(5);
  const found = made({ tau: (_, i) => ar(i) }).diagnose();
  const finding = found.find(({ kind }) => kind === "ess")!;
  expect(finding).toMatchObject({ row: "tau[0]", count: 1 });
  expect(finding.value).toBeLessThan(200);
  expect(finding.message).toMatch(
    /^Effective sample size: ess_(bulk|tail) is \d+ for tau\[0\], below 400, 100 a chain: \w+ are rough\. Try more draws\.$/,
  );
});

test("energies that wander slowly, by the worst chain", () => {
  const walk = slow(6);
  const quiet = noise(7);
  const finding = only(made({ energy: (i) => (chainOf(i) === 2 ? walk(i) : quiet[i]!) }));
  expect(finding).toMatchObject({ kind: "ebfmi", count: 1, chain: 2 });
  expect(finding.message).toMatch(
    /^Energy: E-BFMI is 0\.0\d in chain 2, below 0\.3: .* Try more draws, or write the model non-centred/,
  );
});

describe("shares", () => {
  test.each([
    [0.0004, "<0.1 %"],
    [0.0005, "0.1 %"],
    [0.5, "50.0 %"],
    [0.9999, ">99.9 %"],
    [1, "100.0 %"],
  ])("%d", (share, text) => {
    expect(percent(share)).toBe(text);
  });
});

test("of real runs: a funnel, and trajectories cut short", async () => {
  const funnel = (): void => {
    const tau = sample("tau", dist.HalfNormal(1));
    plate("n", 5, () => sample("x", dist.Normal(0, tau)));
  };
  const kinds = (fit: Fit): string[] => fit.diagnose().map(({ kind }) => kind);
  const options = { warmup: 200, draws: 200, progress: false, seed: 3 };
  expect(kinds(await nuts(funnel, {}, options))).toContain("divergences");
  const normals = (): void => {
    sample("x", dist.Normal(0, 1));
  };
  expect(kinds(await nuts(normals, {}, { ...options, maxDepth: 1 }))).toContain("maxDepth");
  expect(kinds(await nuts(normals, {}, { ...options, draws: 1000 }))).toEqual([]);
});
