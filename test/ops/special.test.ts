import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { betainc, betaincc } from "../../src/ops/special/betainc.ts";
import { deviance, log1pmx, stirlingError } from "../../src/ops/special/deviance.ts";
import { gammainc, gammaincc } from "../../src/ops/special/gammainc.ts";
import { logGamma1p, logGammaIncrement } from "../../src/ops/special/logGamma.ts";
import fixture from "../fixtures/special.json" with { type: "json" };

const relative = (actual: number, expected: number): number =>
  actual === expected ? 0 : Math.abs(actual / expected - 1);

/** A far tail is e^-y, and y = -log(tail) carries its own rounding: allow as much again. */
const allowance = (probability: number): number => 3e-14 + 4e-16 * -Math.log(probability);

describe(`incomplete gamma agrees with ${fixture.source}`, () => {
  it("P and Q, both relatively", () => {
    for (const [a, x, p, q] of fixture.gammainc as [number, number, number, number][]) {
      expect(relative(gammainc(a, x), p), `P(${a}, ${x})`).toBeLessThan(allowance(p));
      expect(relative(gammaincc(a, x), q), `Q(${a}, ${x})`).toBeLessThan(allowance(q));
    }
  });

  it("closed forms", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 600, noNaN: true }), (x) => {
        expect(relative(gammaincc(1, x), Math.exp(-x))).toBeLessThan(3e-13);
        expect(relative(gammaincc(3, x), Math.exp(-x) * (1 + x + (x * x) / 2))).toBeLessThan(3e-13);
      }),
    );
  });

  it("sums to one and rises with x across all regions", () => {
    const shape = fc.double({ min: -3, max: 7, noNaN: true }).map((e) => 10 ** e);
    fc.assert(
      fc.property(shape, fc.double({ min: -6, max: 6, noNaN: true }), (a, z) => {
        const x = Math.max(a + z * Math.sqrt(a), a * 1e-3);
        expect(Math.abs(gammainc(a, x) + gammaincc(a, x) - 1)).toBeLessThan(1e-14);
        expect(gammainc(a, x * 1.001)).toBeGreaterThanOrEqual(gammainc(a, x));
      }),
    );
  });

  it("ends and arguments outside the domain", () => {
    expect([gammainc(2, 0), gammaincc(2, 0), gammainc(2, Infinity), gammaincc(2, Infinity)]).toEqual([0, 1, 1, 0]);
    expect([gammainc(0, 1), gammaincc(0, 1), gammainc(Infinity, 1)]).toEqual([1, 0, 0]);
    expect([gammainc(-1, 1), gammainc(1, -1), gammaincc(Number.NaN, 1), gammaincc(1, Number.NaN)]).toEqual([
      NaN,
      NaN,
      NaN,
      NaN,
    ]);
  });
});

describe(`incomplete beta agrees with ${fixture.source}`, () => {
  it("I and its complement, both relatively", () => {
    for (const [a, b, x, lower, upper] of fixture.betainc as [number, number, number, number, number][]) {
      expect(relative(betainc(a, b, x), lower), `I_${x}(${a}, ${b})`).toBeLessThan(allowance(lower));
      expect(relative(betaincc(a, b, x), upper), `1 - I_${x}(${a}, ${b})`).toBeLessThan(allowance(upper));
    }
  });

  it("closed forms and symmetry", () => {
    const shape = fc.double({ min: -2, max: 4, noNaN: true }).map((e) => 10 ** e);
    fc.assert(
      fc.property(shape, shape, fc.integer({ min: 1, max: 1023 }), (a, b, i) => {
        const x = i / 1024; // 1 - x is exact
        expect(relative(betaincc(b, a, 1 - x), betainc(a, b, x))).toBeLessThan(1e-14);
        const power = Math.exp(a * Math.log(x));
        if (power > 1e-290) expect(relative(betainc(a, 1, x), power)).toBeLessThan(3e-13);
        expect(Math.abs(betainc(a, b, x) + betaincc(a, b, x) - 1)).toBeLessThan(1e-14);
      }),
    );
    expect(betainc(2, 3, 0.5)).toBeCloseTo(0.6875, 15);
    for (const a of [0.3, 7, 1e3, 1e6, 1e10]) expect(Math.abs(betainc(a, a, 0.5) - 0.5)).toBeLessThan(4e-15);
  });

  it("ends and arguments outside the domain", () => {
    expect([betainc(2, 3, 0), betainc(2, 3, 1), betaincc(2, 3, 0), betaincc(2, 3, 1)]).toEqual([0, 1, 1, 0]);
    for (const [a, b, x] of [
      [0, 1, 0.5],
      [1, -1, 0.5],
      [1, 1, -0.1],
      [1, 1, 1.1],
      [Number.NaN, 1, 0.5],
    ] as const) {
      expect(betainc(a, b, x)).toBeNaN();
      expect(betaincc(a, b, x)).toBeNaN();
    }
  });
});

describe("the pieces of the densities", () => {
  it("log1pmx keeps its digits near zero", () => {
    // -x²/2 + x³/3 - x⁴/4
    expect(relative(log1pmx(1e-5), -5e-11 + 1e-15 / 3 - 2.5e-21)).toBeLessThan(1e-15);
    expect(relative(log1pmx(-1e-9), -5e-19 - 1e-27 / 3)).toBeLessThan(1e-15);
    expect(relative(log1pmx(1), Math.LN2 - 1)).toBeLessThan(1e-15);
    expect(relative(log1pmx(-0.5), 0.5 - Math.LN2)).toBeLessThan(1e-15);
    expect(log1pmx(0)).toBe(0);
  });

  it("deviance is a log(a/m) + m - a on both sides of its switch", () => {
    for (const m of [0.1, 0.4, 0.499, 0.501, 0.999, 1.001, 2.39, 2.41, 30]) {
      expect(Math.abs(deviance(3, 3 * m) - 3 * (m - 1 - Math.log(m)))).toBeLessThan(4e-15 * (1 + m));
    }
  });

  it("stirlingError: lgamma(n + 1) less Stirling's formula", () => {
    let logFactorial = 0;
    for (let n = 1; n <= 20; n++) {
      logFactorial += Math.log(n);
      const stirling = (n + 0.5) * Math.log(n) - n + 0.5 * Math.log(2 * Math.PI);
      expect(Math.abs(stirlingError(n) - (logFactorial - stirling)), `n = ${n}`).toBeLessThan(2e-14);
    }
    expect(relative(stirlingError(1e6), 8.333333333333055e-8)).toBeLessThan(1e-15);
  });

  it("logGamma1p and logGammaIncrement are accurate relative to a small step", () => {
    expect(relative(logGamma1p(1e-12), -5.772156649007103e-13)).toBeLessThan(1e-15);
    expect(relative(logGamma1p(0.5), -0.12078223763524522)).toBeLessThan(4e-16);
    expect(relative(logGamma1p(1 + 1e-9), 4.227843354209457e-10)).toBeLessThan(2e-7); // 1 + 1e-9 itself is rounded
    // ψ(2.5) = 0.70315664064524319, ψ'(2.5) = 0.49035775610023486
    expect(relative(logGammaIncrement(2.5, 1e-9), 0.7031566406452432e-9 + 0.24517887805e-18)).toBeLessThan(1e-14);
    expect(logGammaIncrement(4, 1)).toBeCloseTo(Math.log(4), 14);
    expect(logGammaIncrement(40, 0.5)).toBeCloseTo(1.841314808421925, 14);
  });
});
