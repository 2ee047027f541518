import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as f from "../../../src/wasm/numberFunctions.ts";
import { ulpError } from "./reference.ts";

const between = (min: number, max: number): fc.Arbitrary<number> => fc.double({ min, max, noNaN: true });

/** Checks that f never decreases over a uniform grid by more than `slack` of its value. */
function expectIncreasing(g: (x: number) => number, from: number, to: number, slack = 0): void {
  const steps = 20_000;
  let previous = g(from);
  for (let i = 1; i <= steps; i++) {
    const x = from + ((to - from) * i) / steps;
    const value = g(x);
    if (value < previous && !(previous - value <= slack * Math.abs(previous)))
      throw new Error(`decreases at ${x}: ${previous} > ${value}`);
    previous = value;
  }
}

describe("inverses", () => {
  it("exp(log x) = x up to the conditioning of exp", () => {
    fc.assert(
      fc.property(between(1e-300, 1e300), (x) => {
        const y = f.log(x);
        expect(ulpError(f.exp(y), x)).toBeLessThanOrEqual(2 + Math.abs(y));
      }),
    );
  });

  it("log1p(expm1 x) = x", () => {
    fc.assert(
      fc.property(between(-1, 30), (x) => {
        expect(Math.abs(f.log1p(f.expm1(x)) - x)).toBeLessThanOrEqual(1e-15 * Math.max(1e-300, Math.abs(x)) * 2);
      }),
    );
  });

  it("normalCdf(normalQuantile p) = p", () => {
    fc.assert(
      fc.property(between(1e-300, 0.5), (p) => {
        const z = f.normalQuantile(p);
        expect(Math.abs(f.normalCdf(z) / p - 1)).toBeLessThan(1e-15 * (4 + z * z));
      }),
    );
  });

  it("erf(erfinv x) = x", () => {
    fc.assert(
      fc.property(between(-0.999, 0.999), (x) => {
        expect(Math.abs(f.erf(f.erfinv(x)) - x)).toBeLessThanOrEqual(2e-15 * Math.abs(x) + 2e-323);
      }),
    );
  });
});

describe("symmetry, to the bit", () => {
  for (const [name, g] of Object.entries({ sin: f.sin, tan: f.tan, atan: f.atan, tanh: f.tanh, erf: f.erf })) {
    it(`${name} is odd`, () => {
      fc.assert(
        fc.property(between(-100, 100), (x) => {
          expect(g(-x) + g(x)).toBe(0);
        }),
      );
    });
  }

  it("cos is even", () => {
    // A tie of the rounded multiple of π falls on opposite sides, hence a last bit.
    fc.assert(
      fc.property(between(-100, 100), (x) => {
        expect(Math.abs(f.cos(-x) - f.cos(x))).toBeLessThan(3e-16);
      }),
    );
  });

  it("logaddexp commutes", () => {
    fc.assert(
      fc.property(fc.double(), fc.double(), (a, b) => {
        expect(f.logaddexp(a, b)).toBe(f.logaddexp(b, a));
      }),
    );
  });

  it("normalQuantile(1 - p) = -normalQuantile(p) where 1 - p is exact", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 20 - 1 }), (n) => {
        const p = n / 2 ** 20;
        expect(f.normalQuantile(1 - p) + f.normalQuantile(p)).toBe(0);
      }),
    );
  });
});

describe("recurrences", () => {
  it("lgamma(x + 1) = lgamma(x) + log |x|", () => {
    fc.assert(
      fc.property(fc.integer({ min: -30, max: 30 }), between(0.001, 0.999), (n, fraction) => {
        const x = n + fraction;
        const scale = Math.max(1, Math.abs(f.lgamma(x)));
        expect(Math.abs(f.lgamma(x + 1) - f.lgamma(x) - f.log(Math.abs(x)))).toBeLessThan(2e-12 * scale);
      }),
    );
  });

  it("digamma and trigamma step by 1/x and -1/x²", () => {
    fc.assert(
      fc.property(fc.integer({ min: -30, max: 30 }), between(0.05, 0.95), (n, fraction) => {
        const x = n + fraction;
        expect(f.digamma(x + 1) - f.digamma(x)).toBeCloseTo(1 / x, 10);
        expect(f.trigamma(x + 1) - f.trigamma(x)).toBeCloseTo(-1 / (x * x), 8);
      }),
    );
  });

  it("the positive variants have the bits of the full ones", () => {
    fc.assert(
      fc.property(between(1e-300, 1e300), (x) => {
        expect(f.lgammaPositive(x)).toBe(f.lgamma(x));
        expect(f.digammaPositive(x)).toBe(f.digamma(x));
        expect(f.trigammaPositive(x)).toBe(f.trigamma(x));
      }),
    );
  });

  it("pow(x, n) is the repeated product", () => {
    fc.assert(
      fc.property(between(-10, 10), fc.integer({ min: 1, max: 12 }), (x, n) => {
        let product = 1;
        for (let i = 0; i < n; i++) product *= x;
        expect(ulpError(f.pow(x, n), product)).toBeLessThanOrEqual(n);
      }),
    );
  });
});

describe("identities", () => {
  it("log1p x = x - x²/2 for small x", () => {
    fc.assert(
      fc.property(between(-1e-9, 1e-9), (x) => {
        expect(ulpError(f.log1p(x), x - (x * x) / 2)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("sin² + cos² = 1, and neither exceeds 1", () => {
    fc.assert(
      fc.property(between(-5e7, 5e7), (x) => {
        const [s, c] = [f.sin(x), f.cos(x)];
        expect(Math.abs(s * s + c * c - 1)).toBeLessThan(6e-16);
        expect(Math.max(Math.abs(s), Math.abs(c))).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("softplus(x) - softplus(-x) = x, logSigmoid(x) = -softplus(-x)", () => {
    fc.assert(
      fc.property(between(-700, 700), (x) => {
        expect(f.logSigmoid(x)).toBe(-f.softplus(-x));
        expect(f.softplus(x) - f.softplus(-x)).toBeCloseTo(x, 11);
      }),
    );
  });

  it("exp(log1mexp x) + exp x = 1", () => {
    fc.assert(
      fc.property(between(-700, -1e-6), (x) => {
        expect(f.exp(f.log1mexp(x)) + f.exp(x)).toBeCloseTo(1, 14);
      }),
    );
  });

  it("inverseMillsRatio is the derivative of logNormalCdf", () => {
    fc.assert(
      fc.property(between(-30, 5), (x) => {
        const h = 1e-4;
        const slope = (f.logNormalCdf(x + h) - f.logNormalCdf(x - h)) / (2 * h);
        expect(Math.abs(slope - f.inverseMillsRatio(x))).toBeLessThan(1e-7);
      }),
    );
  });
});

describe("monotonicity on a grid", () => {
  it("exp, expm1, log, log1p, sigmoid, tanh, softplus", () => {
    expectIncreasing(f.exp, -750, 710);
    expectIncreasing(f.exp, -0.1, 0.1);
    expectIncreasing(f.expm1, -2, 2);
    expectIncreasing(f.log, 0.5, 2);
    expectIncreasing(f.log1p, -0.9, 1);
    expectIncreasing(f.sigmoid, -40, 40, 3e-16);
    expectIncreasing(f.tanh, -3, 3, 3e-16);
    expectIncreasing(f.atan, -3, 3, 3e-16);
    expectIncreasing(f.softplus, -40, 40);
  });

  it("erf, normalCdf, logNormalCdf, normalQuantile, lgamma above 2, digamma", () => {
    expectIncreasing(f.erf, -4, 4, 3e-16);
    expectIncreasing(f.normalCdf, -38, 6, 6e-16);
    expectIncreasing(f.logNormalCdf, -60, 6, 6e-16);
    expectIncreasing(f.normalQuantile, 1e-4, 1 - 1e-4);
    expectIncreasing(f.lgamma, 2, 20);
    expectIncreasing(f.digamma, 0.01, 20);
  });
});
