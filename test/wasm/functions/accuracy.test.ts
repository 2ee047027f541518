import { describe, expect, it } from "vitest";
import { numberFunctionNamed, reference, ulpError } from "./reference.ts";

/** The largest error in ulp that each function may show on its reference points. */
const maxUlp: Readonly<Record<string, number>> = {
  exp: 1.1,
  expm1: 2,
  log: 1,
  log1p: 1,
  pow: 1.5,
  tanh: 2.5,
  sigmoid: 3.2,
  softplus: 2.2,
  logSigmoid: 2.2,
  log1mexp: 2.5,
  sin: 2.5,
  cos: 2.5,
  tan: 4,
  atan: 2,
  lgammaPositive: 6,
  trigammaPositive: 8,
  trigamma: 8,
  erf: 2,
  erfc: 5,
  erfinv: 7,
  normalCdf: 5.5,
  logNormalCdf: 5.5,
  inverseMillsRatio: 5.5,
  normalQuantile: 7,
};

/** Functions with zeros that no argument hits: error relative to max(1, |value|). */
const maxMixed: Readonly<Record<string, number>> = {
  logaddexp: 2.3e-16,
  lgamma: 3e-15,
  digammaPositive: 3e-15,
  digamma: 3e-15,
};

describe("elementary functions against correctly rounded values", () => {
  it("has a bound for every function of the fixture", () => {
    expect(Object.keys({ ...maxUlp, ...maxMixed }).sort()).toEqual([...reference.keys()].sort());
  });

  for (const [name, points] of reference) {
    it(`${name}: finite values`, () => {
      const f = numberFunctionNamed(name);
      const finite = points.filter(({ value }) => Number.isFinite(value) && value !== 0);
      expect(finite.length).toBeGreaterThan(40);
      let worst = { error: 0, args: [] as readonly number[] };
      for (const { args, value } of finite) {
        const actual = f(...args);
        const error =
          name in maxUlp ? ulpError(actual, value) : Math.abs(actual - value) / Math.max(1, Math.abs(value));
        if (!(error <= worst.error)) worst = { error, args };
      }
      expect(worst.error, `worst at ${name}(${worst.args.join(", ")})`).toBeLessThanOrEqual(
        maxUlp[name] ?? maxMixed[name],
      );
    });

    it(`${name}: zeros, infinities and NaN`, () => {
      const f = numberFunctionNamed(name);
      for (const { args, value } of points) {
        if (Number.isFinite(value) && value !== 0) continue;
        const actual = f(...args);
        // The sign of a zero is promised where it carries a branch (pow) or a symmetry (tanh, erf, atan).
        const signed = value !== 0 || ["pow", "tanh", "erf", "atan"].includes(name);
        expect(signed ? actual : Math.abs(actual), `${name}(${args})`).toBe(signed ? value : 0);
      }
    });
  }
});
