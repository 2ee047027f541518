import { describe, expect, test } from "vitest";
import { essBulk, essTail } from "../../../inference/diagnostics/ess.ts";
import { mcseMean, mcseSd } from "../../../inference/diagnostics/mcse.ts";
import { quantile } from "../../../inference/diagnostics/quantile.ts";
import { rHat } from "../../../inference/diagnostics/rHat.ts";
import { type SummaryRow, summarise } from "../../../inference/diagnostics/summarise.ts";
import { estimateText, significantText } from "../../../inference/diagnostics/table.ts";
import { drawsNamed, drawsOf, fixture, relativeError } from "./fixture.ts";

const flat = (draws: number[][]): Float64Array => Float64Array.from(draws.flat());

/** A case as a variable `[chain][draw][element]`, its elements being `x`, `2x`, `3x` … */
function stretched(draws: number[][], elements: number): Float64Array {
  return Float64Array.from(draws.flat().flatMap((x) => Array.from({ length: elements }, (_, e) => x * (e + 1))));
}

describe("rows", () => {
  test("have the values that the single diagnostics have", () => {
    for (const reference of fixture.cases) {
      const draws = drawsOf(reference);
      const [row] = summarise([{ name: "x", shape: [], chains: draws.length, draws: flat(draws) }]).rows;
      const single: Record<string, number> = {
        mcse_mean: mcseMean(draws),
        mcse_sd: mcseSd(draws),
        q5: quantile(draws, 0.05),
        q50: quantile(draws, 0.5),
        q95: quantile(draws, 0.95),
        ess_bulk: essBulk(draws),
        ess_tail: essTail(draws),
        r_hat: rHat(draws),
      };
      for (const [key, value] of Object.entries(single)) expect(row[key as keyof SummaryRow], key).toBe(value);
      expect(relativeError(row.mean, reference.expected.mean), reference.name).toBeLessThan(1e-12);
      const { sd } = reference.expected;
      if (sd === 0) expect(row.sd).toBe(0);
      else expect(relativeError(row.sd, sd), reference.name).toBeLessThan(1e-9);
    }
  });
  test("are named by zero-based indices, row-major, and take their own element", () => {
    const draws = drawsNamed("independent");
    const { rows } = summarise([
      { name: "mu", shape: [], chains: 4, draws: flat(draws) },
      { name: "theta", shape: [2], chains: 4, draws: stretched(draws, 2) },
      { name: "beta", shape: [2, 3], chains: 4, draws: stretched(draws, 6) },
    ]);
    expect(rows.map((row) => row.name)).toEqual([
      "mu",
      "theta[0]",
      "theta[1]",
      "beta[0,0]",
      "beta[0,1]",
      "beta[0,2]",
      "beta[1,0]",
      "beta[1,1]",
      "beta[1,2]",
    ]);
    rows.slice(3).forEach((row, e) => {
      expect(row.sd / rows[0].sd).toBeCloseTo(e + 1, 10);
      expect(row.ess_bulk).toBe(rows[0].ess_bulk);
    });
  });
  test("of an empty variable are none", () => {
    expect(summarise([{ name: "x", shape: [0], chains: 4, draws: new Float64Array(0) }]).rows).toEqual([]);
  });
  test("of NaN draws are NaN, of infinite ones have quantiles", () => {
    const draws = flat(drawsNamed("independent"));
    draws[3] = Number.NaN;
    const [row] = summarise([{ name: "x", shape: [], chains: 4, draws }]).rows;
    const { name, ...values } = row;
    expect(Object.values(values).every(Number.isNaN)).toBe(true);
    draws[3] = Number.POSITIVE_INFINITY;
    expect(summarise([{ name: "x", shape: [], chains: 4, draws }]).rows[0].q95).toBeLessThan(10);
  });
  test("need values that fit the shape", () => {
    expect(() => summarise([{ name: "beta", shape: [2, 3], chains: 4, draws: new Float64Array(25) }])).toThrow(
      'summarise: "beta" with 4 chains and shape [2, 3] needs a positive multiple of 24 values; got 25. ' +
        "Lay them out as [chain][draw][element].",
    );
    expect(() => summarise([{ name: "x", shape: [], chains: 4, draws: new Float64Array(0) }])).toThrow("got 0");
    expect(() => summarise([{ name: "x", shape: [], chains: 0, draws: new Float64Array(4) }])).toThrow("0 chains");
  });
});

describe("table", () => {
  test("has exactly its columns, aligned, and ends with its last row", () => {
    const draws = drawsNamed("independent");
    const text = String(
      summarise([
        { name: "mu", shape: [], chains: 4, draws: flat(draws) },
        { name: "theta", shape: [2], chains: 4, draws: stretched(draws, 2) },
        { name: "one", shape: [], chains: 4, draws: new Float64Array(400).fill(1) },
      ]),
    );
    const lines = text.split("\n");
    expect(lines[0].trim().split(/\s+/)).toEqual("mean sd mcse_mean q5 q50 q95 ess_bulk ess_tail r_hat".split(" "));
    expect(lines).toHaveLength(5);
    expect(new Set(lines.map((line) => line.length)).size).toBe(1);
    expect(lines[4].split(/\s+/)).toEqual(["one", "1", "0", "NaN", "1", "1", "1", "NaN", "NaN", "NaN"]);
    expect(text).toMatchInlineSnapshot(`
      "          mean    sd  mcse_mean    q5  q50  q95  ess_bulk  ess_tail  r_hat
      mu         0.0  1.03      0.051  -1.6  0.0  1.7       407       333   1.00
      theta[0]   0.0  1.03      0.051  -1.6  0.0  1.7       407       333   1.00
      theta[1]  -0.1   2.1       0.10  -3.3  0.0  3.4       407       333   1.00
      one          1     0        NaN     1    1    1       NaN       NaN    NaN"
    `);
  });
  test("shows the digits that the Monte Carlo error supports", () => {
    expect(estimateText(4.4137, 0.034)).toBe("4.41");
    expect(estimateText(4.4137, 0.12)).toBe("4.4");
    expect(estimateText(1234.567, 25)).toBe("1235");
    expect(estimateText(-0.0004, 0.034)).toBe("0.00");
    expect(estimateText(1.23456e-9, 3e-12)).toBe("1.235e-9");
    expect(estimateText(123456789.5, 1000)).toBe("1.23456790e+8");
    expect(estimateText(0.75, Number.NaN)).toBe("0.750");
    expect(estimateText(Number.NEGATIVE_INFINITY, Number.NaN)).toBe("-Inf");
    expect(significantText(0.03412, 2)).toBe("0.034");
    expect(significantText(123.4, 2)).toBe("123");
    expect(significantText(3.5e-9, 2)).toBe("3.5e-9");
  });
});

test("150 variables of 4 × 1000 draws take a moment", () => {
  const draws = drawsNamed("nearly a random walk").flat();
  const size = 150;
  const values = Float64Array.from({ length: 4000 * size }, (_, i) => draws[(i * 7919) % draws.length] + (i % 13));
  const variable = { name: "x", shape: [size], chains: 4, draws: values };
  const start = performance.now();
  expect(summarise([variable]).rows).toHaveLength(size);
  // About a tenth of this on one idle core.
  expect(performance.now() - start).toBeLessThan(1500);
});
