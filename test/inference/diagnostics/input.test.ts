import { describe, expect, test } from "vitest";
import { toChains } from "../../../inference/diagnostics/draws.ts";
import { ebfmi } from "../../../inference/diagnostics/ebfmi.ts";
import { essBulk, essMean, essQuantile, essTail } from "../../../inference/diagnostics/ess.ts";
import { eti, hdi } from "../../../inference/diagnostics/intervals.ts";
import { mcseQuantile } from "../../../inference/diagnostics/mcse.ts";
import { quantile } from "../../../inference/diagnostics/quantile.ts";
import { potentialScaleReduction, rHat } from "../../../inference/diagnostics/rHat.ts";
import { byName, drawsNamed } from "./fixture.ts";

describe("forms of draws", () => {
  const draws = drawsNamed("independent");
  const data = Float64Array.from(draws.flat());

  test("nested arrays, typed arrays and tensors are the same", () => {
    const expected = rHat(draws);
    expect(rHat(draws.map((chain) => Float64Array.from(chain)))).toBe(expected);
    expect(rHat({ shape: [4, 100], data })).toBe(expected);
  });
  test("a vector is one chain", () => {
    const expected = essMean([[...data]]);
    expect(essMean(data)).toBe(expected);
    expect(essMean([...data])).toBe(expected);
    expect(essMean({ shape: [400], data })).toBe(expected);
  });
  test("the input is left as it was", () => {
    const copy = data.slice();
    hdi({ shape: [4, 100], data });
    rHat([data]);
    expect(data).toEqual(copy);
  });
});

describe("no answer is NaN", () => {
  const scalars = Object.entries(byName) as [string, (draws: number[][]) => unknown][];
  const isNaNish = (value: unknown): boolean => [value].flat().every((x) => Number.isNaN(x));

  for (const [name, diagnostic] of scalars) {
    test(`${name} of a constant, of too few draws`, () => {
      expect(
        isNaNish(
          diagnostic([
            [2, 2, 2, 2, 2, 2],
            [2, 2, 2, 2, 2, 2],
          ]),
        ),
      ).toBe(true);
      expect(isNaNish(diagnostic([[1]]))).toBe(true);
    });
    test(`${name} of draws with NaN or infinity`, () => {
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
        const draws = drawsNamed("independent").slice(0, 1);
        draws[0][7] = bad;
        expect(isNaNish(diagnostic(draws))).toBe(true);
      }
    });
  }
  test("a constant up to rounding is a constant, a small scale is not", () => {
    expect(rHat([[1, 1 - 2 ** -53, 1, 1, 1, 1]])).toBeNaN();
    const tiny = drawsNamed("independent").map((chain) => chain.map((x) => x * 1e-30));
    expect(essMean(tiny)).toBeCloseTo(essMean(drawsNamed("independent")), 6);
  });
  test("fewer than 6 draws a chain have no ESS, fewer than 4 no R̂", () => {
    expect(essMean([[1, 2, 4, 3, 5]])).toBeNaN();
    expect(essMean([[1, 2, 4, 3, 5, 9]])).toBe(3);
    expect(rHat([[1, 2, 4]])).toBeNaN();
    expect(rHat([[1, 2, 4, 3]])).toBeGreaterThan(0);
  });
  test("one chain has an R̂ of its halves, but none as a whole", () => {
    expect(rHat(drawsNamed("single chain"))).toBeCloseTo(1, 1);
    expect(potentialScaleReduction(toChains(drawsNamed("single chain"), "one chain"))).toBeNaN();
  });
  test("a constant tail indicator has no ESS", () => {
    expect(essTail(drawsNamed("binary"))).toBeNaN();
    expect(essBulk(drawsNamed("binary"))).toBeGreaterThan(100);
  });
  test("intervals and quantiles of NaN", () => {
    const draws = [[1, Number.NaN, 2]];
    expect(hdi(draws)).toEqual([Number.NaN, Number.NaN]);
    expect(eti(draws)).toEqual([Number.NaN, Number.NaN]);
    expect(quantile(draws, 0.5)).toBeNaN();
  });
});

describe("messages", () => {
  for (const [name, diagnostic] of Object.entries(byName) as [string, (draws: unknown) => unknown][]) {
    test(`${name} says what is wrong with the draws`, () => {
      expect(() =>
        diagnostic([
          [1, 2, 3],
          [1, 2],
        ]),
      ).toThrow(`${name}: chains must be of equal length; got lengths [3, 2]. Cut every chain to 2 draws.`);
      expect(() => diagnostic([])).toThrow(`${name}: there are no draws; got lengths [0].`);
      expect(() => diagnostic([[], []])).toThrow(`${name}: there are no draws; got lengths [0, 0].`);
      expect(() => diagnostic(undefined)).toThrow(`${name}: draws must be nested arrays [chain][draw] or a Tensor`);
      expect(() => diagnostic({})).toThrow("got an object without shape and data");
      expect(() => diagnostic([[1, "2"]])).toThrow(`${name}: draw 1 of chain 0 must be a number; got 2.`);
      expect(() => diagnostic([[[1], [2]]])).toThrow("draw 0 of chain 0 must be a number; got an array or object");
      expect(() => diagnostic([[1, 2], 3])).toThrow(`${name}: chain 1 must be an array of numbers; got 3.`);
      expect(() => diagnostic({ shape: [4, 100, 8], data: new Float64Array(3200) })).toThrow(
        `${name}: draws must have shape [chains, draws]; got [4, 100, 8].`,
      );
      expect(() => diagnostic({ shape: [2, 3], data: [1, 2] })).toThrow("shape [2, 3] needs 6 values; data holds 2.");
    });
  }
  test("probabilities", () => {
    const message = (name: string): string => `${name}: probability must lie in [0, 1]; got 5. Write 5 % as 0.05.`;
    expect(() => essQuantile([[1, 2]], 5)).toThrow(message("essQuantile"));
    expect(() => mcseQuantile([[1, 2]], 5)).toThrow(message("mcseQuantile"));
    expect(() => quantile([[1, 2]], 5)).toThrow(message("quantile"));
    expect(() => quantile([[1, 2]], Number.NaN)).toThrow("got NaN");
    expect(() => hdi([[1, 2]], 94)).toThrow("hdi: probability must lie in (0, 1]; got 94. Write 94 % as 0.94.");
    expect(() => eti([[1, 2]], 0)).toThrow("eti: probability must lie in (0, 1]; got 0.");
  });
  test("E-BFMI is one number a chain", () => {
    expect(
      ebfmi([
        [0, 1, 0, 1],
        [0, 0, 1, 1],
      ]),
    ).toEqual([3, 1]);
  });
});
