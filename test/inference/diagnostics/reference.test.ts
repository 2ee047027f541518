import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { autocovariance } from "../../../inference/diagnostics/autocovariance.ts";
import { ebfmi } from "../../../inference/diagnostics/ebfmi.ts";
import { eti, hdi } from "../../../inference/diagnostics/intervals.ts";
import { rankNormalise } from "../../../inference/diagnostics/rankNormalise.ts";
import {
  diagnostics,
  drawsNamed,
  drawsOf,
  fixture,
  type Golden,
  relativeError,
  type Small,
  type Value,
} from "./fixture.ts";

function errors(draws: number[][], expected: Readonly<Record<string, Value>>): string[] {
  return Object.entries(expected)
    .filter(([key]) => key in diagnostics)
    .map(([key, value]) => ({ key, value, got: diagnostics[key](draws) }))
    .filter(({ value, got }) => !(relativeError(got, value) <= 1e-8))
    .map(({ key, value, got }) => `${key}: ${got}, expected ${value}`);
}

function checkSmall({ f, x, expected }: Small): void {
  const got = f === "z_scale" ? rankNormalise([Float64Array.from(x)])[0] : autocovariance(x);
  expected.forEach((value, i) => {
    expect(got[i]).toBeCloseTo(value, 13);
  });
}

describe("R posterior's formulas", () => {
  for (const reference of fixture.cases) {
    test(reference.name, () => {
      expect(errors(drawsOf(reference), reference.expected)).toEqual([]);
    });
  }
  test("published values for the blocker model", () => {
    expect(Object.keys(fixture.blocker.expected).every((key) => key in diagnostics)).toBe(true);
    expect(errors(fixture.blocker.draws, fixture.blocker.expected)).toEqual([]);
  });
  for (const reference of fixture.small) test(reference.f, () => checkSmall(reference));
});

describe("ArviZ", () => {
  for (const [name, expected] of Object.entries(fixture.intervals)) {
    test(`intervals: ${name}`, () => {
      const draws = drawsNamed(name);
      const got = { hdi94: hdi(draws), hdi50: hdi(draws, 0.5), eti94: eti(draws), eti50: eti(draws, 0.5) };
      for (const [key, ends] of Object.entries(got)) {
        ends.forEach((end, i) => {
          expect(relativeError(end, expected[key][i])).toBeLessThan(1e-12);
        });
      }
    });
  }
  for (const [name, expected] of Object.entries(fixture.ebfmi)) {
    test(`E-BFMI: ${name}`, () => {
      ebfmi(drawsNamed(name)).forEach((value, c) => {
        expect(relativeError(value, expected[c])).toBeLessThan(1e-12);
      });
    });
  }
});

const shared = new URL("../../../../shared/vectors/diagnostics.json", import.meta.url);

describe.skipIf(!existsSync(shared))("all reference vectors (skipped where ../shared/vectors is absent)", () => {
  const vectors: { golden_blocker: { cases: Golden[] }; small: { cases: Small[] } } = existsSync(shared)
    ? JSON.parse(readFileSync(shared, "utf8"))
    : { golden_blocker: { cases: [] }, small: { cases: [] } };
  for (const golden of vectors.golden_blocker.cases) {
    test(`blocker ${golden.name}`, () => {
      expect(errors(golden.draws, golden.expected)).toEqual([]);
    });
  }
  for (const small of vectors.small.cases.filter(({ f }) => f === "z_scale" || f === "autocovariance")) {
    test(`small ${small.f}`, () => checkSmall(small));
  }
});
