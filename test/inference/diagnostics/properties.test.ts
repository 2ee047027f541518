import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { argsort } from "../../../inference/diagnostics/argsort.ts";
import { autocovariance, centre, meanAutocovariance } from "../../../inference/diagnostics/autocovariance.ts";
import { toChains } from "../../../inference/diagnostics/draws.ts";
import { effectiveSampleSize } from "../../../inference/diagnostics/effectiveSampleSize.ts";
import { essBulk, essMean, essQuantile, essTail } from "../../../inference/diagnostics/ess.ts";
import { fourierTransform } from "../../../inference/diagnostics/fourier.ts";
import { eti, hdi } from "../../../inference/diagnostics/intervals.ts";
import { chainMeans, mean, standardDeviation } from "../../../inference/diagnostics/moments.ts";
import { quantile } from "../../../inference/diagnostics/quantile.ts";
import { foldedScores, rankDraws, rankNormalise } from "../../../inference/diagnostics/rankNormalise.ts";
import { rHat } from "../../../inference/diagnostics/rHat.ts";
import { split } from "../../../inference/diagnostics/split.ts";
import { drawsNamed } from "./fixture.ts";

const number = fc.integer({ min: -30, max: 30 });
const chainsOfDraws = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 8, max: 40 }))
  .chain(([chains, draws]) =>
    fc.array(fc.array(number, { minLength: draws, maxLength: draws }), { minLength: chains, maxLength: chains }),
  );

const asChains = (draws: number[][]): Float64Array[] => draws.map((chain) => Float64Array.from(chain));

describe("argsort", () => {
  test("is the stable order of any doubles, zeros of both signs equal", () => {
    const double = fc.oneof(fc.double({ noNaN: true }), fc.constantFrom(0, -0, 1, -1, 5e-324, -5e-324));
    fc.assert(
      fc.property(fc.array(double, { maxLength: 60 }), (values) => {
        const indices = values
          .map((_, i) => i)
          .sort((i, j) => (values[i] < values[j] ? -1 : values[i] > values[j] ? 1 : 0));
        expect([...argsort(Float64Array.from(values))]).toEqual(indices);
      }),
    );
    const close = Float64Array.from({ length: 100 }, (_, i) => 1 + ((i * 37) % 101) * Number.EPSILON);
    expect(Float64Array.from(argsort(close), (i) => close[i])).toEqual(close.slice().sort());
  });
});

describe("rank normalisation", () => {
  test("does not change under increasing transformations", () => {
    fc.assert(
      fc.property(chainsOfDraws, (draws) => {
        const cubed = draws.map((chain) => chain.map((x) => x * x * x + x));
        expect(rankNormalise(asChains(cubed))).toEqual(rankNormalise(asChains(draws)));
      }),
    );
  });
  test("ties share their average rank: scores sum to zero", () => {
    fc.assert(
      fc.property(chainsOfDraws, (draws) => {
        const reversed = draws.map((chain) => chain.map((x) => -x));
        const [up, down] = [rankNormalise(asChains(draws)), rankNormalise(asChains(reversed))];
        up.forEach((chain, c) => {
          chain.forEach((z, i) => {
            expect(z).toBeCloseTo(-down[c][i], 12);
          });
        });
      }),
    );
  });
  test("merged folding equals ranking the distances", () => {
    fc.assert(
      fc.property(chainsOfDraws, number, (draws, twice) => {
        const centre = twice / 2;
        const distances = draws.map((chain) => chain.map((x) => Math.abs(x - centre)));
        expect(foldedScores(rankDraws(asChains(draws)), centre)).toEqual(rankNormalise(asChains(distances)));
      }),
    );
  });
});

describe("autocovariance", () => {
  test("the Fourier transform of one cosine has two peaks", () => {
    const size = 16;
    const re = Float64Array.from({ length: size }, (_, i) => Math.cos((2 * Math.PI * 3 * i) / size));
    const im = new Float64Array(size);
    fourierTransform(re, im);
    re.forEach((x, k) => {
      expect(x).toBeCloseTo(k === 3 || k === 13 ? size / 2 : 0, 12);
    });
    im.forEach((x) => {
      expect(x).toBeCloseTo(0, 12);
    });
  });
  test.each([5, 6, 7, 8, 63, 64, 65, 66, 67, 200])("spectral and direct sums agree for %d draws", (length) => {
    const chains = drawsNamed("sticky")
      .slice(0, 3)
      .map((chain) => Float64Array.from(chain.slice(0, length)));
    const centred = centre(chains, chainMeans(chains));
    const at = meanAutocovariance(centred);
    for (let lag = 0; lag < length; lag++) {
      let direct = 0;
      for (const chain of centred) for (let i = lag; i < length; i++) direct += chain[i] * chain[i - lag];
      expect(at(lag)).toBeCloseTo(direct / (3 * length), 12);
    }
  });
  test("alternating series", () => {
    expect([...autocovariance([1, -1, 1, -1])]).toEqual([1, -0.75, 0.5, -0.25]);
  });
});

describe("effective sample size", () => {
  test("of an AR(1) process is near S(1 − a)/(1 + a)", () => {
    const draws = drawsNamed("nearly a random walk");
    expect(essMean(draws)).toBeLessThan(40);
    expect(essMean(drawsNamed("sticky")) / 800).toBeCloseTo(0.1 / 1.9, 1);
    expect(essMean(drawsNamed("antithetic")) / 300).toBeGreaterThan(2);
  });
  test("is at most S·log₁₀(S) and the same in any order of the chains", () => {
    fc.assert(
      fc.property(chainsOfDraws, (draws) => {
        const size = draws.length * draws[0].length;
        const ess = essMean(draws);
        fc.pre(!Number.isNaN(ess));
        const used = size - (draws[0].length % 2) * draws.length;
        expect(ess).toBeLessThanOrEqual(used * Math.log10(used) * (1 + 1e-12));
        expect(essMean([...draws].reverse()) / ess).toBeCloseTo(1, 9);
        expect(rHat([...draws].reverse()) / rHat(draws)).toBeCloseTo(1, 9);
      }),
    );
  });
  test("bulk and tail ESS and R̂ do not change under increasing transformations", () => {
    const draws = drawsNamed("sticky");
    const squashed = draws.map((chain) => chain.map((x) => x * x * x + 5 * x));
    expect(essBulk(squashed)).toBe(essBulk(draws));
    expect(essQuantile(squashed, 0.3)).toBe(essQuantile(draws, 0.3));
    expect(essTail(squashed)).toBe(essTail(draws));
  });
  test("notices a chain elsewhere, R̂ too", () => {
    expect(essBulk(drawsNamed("one chain shifted"))).toBeLessThan(50);
    expect(rHat(drawsNamed("one chain shifted"))).toBeGreaterThan(1.1);
    expect(rHat(drawsNamed("one chain wide"))).toBeGreaterThan(1.1);
    expect(rHat(drawsNamed("independent"))).toBeLessThan(1.02);
    expect(rHat(drawsNamed("stuck chains"))).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("moments and quantiles", () => {
  test("keep the digits of a small spread at a large offset", () => {
    const chain = Float64Array.of(1e9 + 0.25, 1e9 + 0.5, 1e9 + 0.75);
    expect(mean([chain])).toBe(1e9 + 0.5);
    expect(standardDeviation([chain])).toBe(0.25);
  });
  test("type 7", () => {
    expect(
      quantile(
        [
          [1, 2, 3],
          [4, 5, 6],
        ],
        0.5,
      ),
    ).toBe(3.5);
    expect(quantile([4, 1, 3, 2], 0.25)).toBe(1.75);
    expect([0, 1].map((p) => quantile([[3, 9, -2]], p))).toEqual([-2, 9]);
    fc.assert(
      fc.property(fc.double({ noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), (x, p) => {
        expect(quantile([[x, x, x, x]], p) === x).toBe(true);
      }),
    );
  });
  test("odd chains lose the middle draw", () => {
    expect(split([Float64Array.of(1, 2, 3, 4, 5)]).map((half) => [...half])).toEqual([
      [1, 2],
      [4, 5],
    ]);
  });
});

describe("intervals", () => {
  test("known answers", () => {
    expect(hdi([[0, 1, 2, 3, 10]], 0.6)).toEqual([0, 3]);
    expect(
      hdi(
        [
          [0, 1],
          [2, 3],
        ],
        1,
      ),
    ).toEqual([0, 3]);
    expect(eti([[0, 1, 2, 3, 4]], 0.5)).toEqual([1, 3]);
  });
  test("the HDI holds its share and is no wider than another interval with as many steps", () => {
    fc.assert(
      fc.property(chainsOfDraws, fc.integer({ min: 1, max: 99 }), (draws, percent) => {
        const sorted = draws.flat().sort((a, b) => a - b);
        const [low, high] = hdi(draws, percent / 100);
        const inside = sorted.filter((x) => low <= x && x <= high).length;
        expect(inside / sorted.length).toBeGreaterThanOrEqual(percent / 100 - 1e-12);
        const steps = Math.floor((percent / 100) * sorted.length);
        for (let i = 0; i + steps < sorted.length; i++) {
          expect(high - low).toBeLessThanOrEqual(sorted[i + steps] - sorted[i]);
        }
      }),
    );
  });
});

test("whole chains: one chain against itself split", () => {
  const [chain] = drawsNamed("single chain");
  const halves = [chain.slice(0, 25), chain.slice(25)];
  expect(essMean([chain])).toBe(effectiveSampleSize(toChains(halves, "halves")));
});
