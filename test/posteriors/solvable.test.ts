import fc from "fast-check";
import { logDensity, nuts } from "lapilli";
import { describe, expect, test } from "vitest";
import { judge, objections, objectionsTwice } from "./gate.ts";
import { quadrature } from "./quadrature.ts";
import { type Solvable, solvable } from "./solvable.ts";

/** Derivative from four values around a point: the error is of fourth order. */
function derivative(f: (x: readonly number[]) => number, x: readonly number[], i: number, h = 1e-3): number {
  const at = (t: number): number => f(x.map((v, j) => (j === i ? v + t : v)));
  return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
}

describe.each(solvable)("$name", ({ model, dim, logDensity: byHand, moments }: Solvable) => {
  const ld = logDensity(model, undefined);
  const origin = new Array<number>(dim).fill(0.2);
  const points = fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: dim, maxLength: dim });

  test("is compiled, and has the written-out log density up to a constant", () => {
    expect(ld.interpreted).toBeUndefined();
    expect(ld.dim).toBe(dim);
    const constant = ld.value(Float64Array.from(origin)) - byHand(origin);
    fc.assert(
      fc.property(points, (x) => {
        const expected = byHand(x) + constant;
        expect(Math.abs(ld.value(Float64Array.from(x)) - expected)).toBeLessThan(
          1e-11 * Math.max(1, Math.abs(expected)),
        );
      }),
    );
  });

  test("has the gradient that finite differences of the written-out density give", () => {
    const gradient = new Float64Array(dim);
    fc.assert(
      fc.property(points, (x) => {
        ld.valueAndGrad(Float64Array.from(x), gradient);
        gradient.forEach((g, i) => {
          expect(Math.abs(g - derivative(byHand, x, i))).toBeLessThan(
            1e-7 * Math.max(1, Math.abs(g), Math.abs(byHand(x))),
          );
        });
      }),
    );
  });

  test("sampled moments agree with the exact ones", async () => {
    const run = (seed: number) =>
      nuts(model, undefined, { chains: 4, warmup: 500, draws: 2000, targetAcceptance: 0.9, seed, progress: false });
    expect(await objectionsTwice(run, moments)).toEqual([]);
  });
});

describe("the gate", () => {
  const standardNormal = solvable.find(({ name }) => name === "normal mean, normal prior")!;

  test("quadrature knows the normal distribution", () => {
    const { mean, sd, q5, q50, q95 } = quadrature((x) => -0.5 * ((x - 3) / 2) ** 2, -17, 23);
    expect(mean).toBeCloseTo(3, 10);
    expect(sd).toBeCloseTo(2, 10);
    expect(q50).toBeCloseTo(3, 6);
    expect(q5).toBeCloseTo(3 - 2 * 1.6448536269514722, 6);
    expect(q95).toBeCloseTo(3 + 2 * 1.6448536269514722, 6);
  });

  test("objects to a mean that is off by a quarter of a standard deviation, and to too few draws", async () => {
    const fit = await nuts(standardNormal.model, undefined, { draws: 1000, seed: 1, progress: false });
    const { mean, sd } = standardNormal.moments.mu!;
    expect(objections(judge(fit, standardNormal.moments), 1000)).toEqual([]);
    const shifted = { mu: { ...standardNormal.moments.mu!, mean: mean! + sd! / 4 } };
    expect(objections(judge(fit, shifted), 1000)).toContainEqual(expect.stringMatching(/^z is -\d.*for mean of mu$/));
    expect(objections(judge(fit, standardNormal.moments), 1e5)).toContainEqual(
      expect.stringMatching(/^the least ESS is \d+$/),
    );
    expect(() => judge(fit, { nu: {} })).toThrow('The fit has no "nu".');
  });
});
