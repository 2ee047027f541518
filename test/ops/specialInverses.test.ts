import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { betainc } from "../../src/ops/special/betainc.ts";
import { betainccinv, betaincinv } from "../../src/ops/special/betaincinv.ts";
import { gammainc, gammaincc } from "../../src/ops/special/gammainc.ts";
import { gammainccinv, gammaincinv } from "../../src/ops/special/gammaincinv.ts";
import fixture from "../fixtures/special.json" with { type: "json" };

const relative = (actual: number, expected: number): number =>
  actual === expected ? 0 : Math.abs(actual / expected - 1);
/** Tiny quantiles are e^y: y = log x carries its own rounding. */
const allowance = (x: number): number => 3e-14 + 4e-16 * Math.abs(Math.log(x));

describe(`inverses agree with ${fixture.source}`, () => {
  it("gammaincinv", () => {
    for (const [a, p, x] of fixture.gammaincinv as [number, number, number][]) {
      expect(relative(gammaincinv(a, p), x), `P(${a}, x) = ${p}`).toBeLessThan(allowance(x));
    }
  });
  it("gammainccinv", () => {
    for (const [a, q, x] of fixture.gammainccinv as [number, number, number][]) {
      expect(relative(gammainccinv(a, q), x), `Q(${a}, x) = ${q}`).toBeLessThan(allowance(x));
    }
  });
  it("betaincinv", () => {
    for (const [a, b, p, x] of fixture.betaincinv as [number, number, number, number][]) {
      expect(relative(betaincinv(a, b, p), x), `I_x(${a}, ${b}) = ${p}`).toBeLessThan(allowance(x));
    }
  });
});

describe("inverses undo their functions", () => {
  const shape = fc.double({ min: -2, max: 9, noNaN: true }).map((e) => 10 ** e);
  const logProbability = fc.double({ min: -600, max: -1e-3, noNaN: true });

  it("gamma, in both tails", () => {
    fc.assert(
      fc.property(shape, logProbability, (a, l) => {
        const p = Math.exp(l);
        const upper = gammainccinv(a, p);
        expect(relative(gammaincc(a, upper), p)).toBeLessThan(1e-12 * (1 + Math.sqrt(a * -l) * 1e-3));
        const lower = gammaincinv(a, p);
        if (lower > 1e-300)
          expect(relative(gammainc(a, lower), p)).toBeLessThan(1e-12 * (1 + Math.sqrt(a * -l) * 1e-3));
      }),
    );
  });

  it("beta, as far as x can tell", () => {
    fc.assert(
      fc.property(shape, shape, fc.double({ min: 1e-12, max: 1, noNaN: true }), (a, b, p) => {
        const x = betaincinv(a, b, p);
        expect(x >= 0 && x <= 1).toBe(true);
        if (x < 1e-300) return; // denormal: too few digits to tell
        // p lies between the values at the neighbouring doubles, widened a little.
        const below = betainc(a, b, x * (1 - 4e-15));
        const above = betainc(a, b, Math.min(1, x * (1 + 4e-15) + 5e-324));
        expect(below * (1 - 1e-11)).toBeLessThanOrEqual(p);
        expect(above * (1 + 1e-11)).toBeGreaterThanOrEqual(p);
        expect(betainccinv(b, a, p)).toBeCloseTo(1 - x, 15);
      }),
    );
  });

  it("closed forms", () => {
    expect(gammaincinv(1, 0.5)).toBeCloseTo(Math.LN2, 15);
    expect(gammainccinv(1, 1e-30)).toBeCloseTo(30 * Math.LN10, 12);
    expect(betaincinv(1, 3, 0.875)).toBeCloseTo(0.5, 15);
    expect(betainccinv(3, 1, 0.875)).toBeCloseTo(0.5, 15);
    expect(betainccinv(1, 100, 2 ** -100)).toBeCloseTo(0.5, 14);
  });

  it("ends and arguments outside the domain", () => {
    expect([gammaincinv(2, 0), gammaincinv(2, 1), gammainccinv(2, 0), gammainccinv(2, 1)]).toEqual([
      0,
      Infinity,
      Infinity,
      0,
    ]);
    expect([betaincinv(2, 3, 0), betaincinv(2, 3, 1), betainccinv(2, 3, 0), betainccinv(2, 3, 1)]).toEqual([
      0, 1, 1, 0,
    ]);
    for (const bad of [-0.1, 1.1, Number.NaN]) {
      expect([gammaincinv(1, bad), gammainccinv(1, bad), betaincinv(1, 1, bad), betainccinv(1, 1, bad)]).toEqual([
        NaN,
        NaN,
        NaN,
        NaN,
      ]);
    }
    for (const bad of [0, -1, Number.NaN]) expect([gammaincinv(bad, 0.5), betaincinv(bad, 1, 0.5)]).toEqual([NaN, NaN]);
  });
});
