import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { STEPS } from "../../../src/wasm/algebra.ts";
import { exp } from "../../../src/wasm/functions/exp.ts";
import { numberAlgebra as m } from "../../../src/wasm/numberAlgebra.ts";
import { type Definition, numberFunction, writeSource } from "../../../src/wasm/sourceAlgebra.ts";
import { definitions } from "./definitions.ts";
import { reference } from "./reference.ts";

describe("numberAlgebra", () => {
  it("rounds ties to even and keeps the sign of zero", () => {
    const table: [number, number][] = [
      [0.5, 0],
      [1.5, 2],
      [2.5, 2],
      [-0.5, -0],
      [-0.2, -0],
      [-1.5, -2],
      [0.49999999999999994, 0],
      [4503599627370495.5, 4503599627370496],
      [4503599627370497, 4503599627370497],
      [-9007199254740993, -9007199254740992],
      [1e300, 1e300],
      [0, 0],
      [-0, -0],
      [Infinity, Infinity],
      [-Infinity, -Infinity],
      [NaN, NaN],
    ];
    for (const [x, rounded] of table) expect(m.nearest(x)).toBe(rounded);
  });

  it("splits into exponent and significand", () => {
    fc.assert(
      fc.property(fc.double({ min: 2.2250738585072014e-308, noNaN: true, noDefaultInfinity: true }), (x) => {
        for (const from of [1, Math.SQRT1_2]) {
          expect(m.mantissa(x, from)).toBeGreaterThanOrEqual(from);
          expect(m.mantissa(x, from)).toBeLessThan(2 * from);
          const half = m.exponent(x, from) / 2;
          expect(m.mantissa(x, from) * 2 ** Math.floor(half) * 2 ** Math.ceil(half)).toBe(x);
        }
      }),
    );
    for (const x of [0, 5e-324, -3, Infinity, NaN]) {
      expect(m.exponent(x, 1)).toSatisfy(Number.isFinite);
      expect(m.mantissa(x, Math.SQRT1_2)).toSatisfy(Number.isFinite);
    }
  });

  it("inverts powers of two", () => {
    for (let k = -1022; k <= 1022; k++) expect(m.inversePower(2 ** k)).toBe(2 ** -k);
  });

  it("reads tables and powers of two at the integers that a sum rounds to", () => {
    const table = Float64Array.from({ length: 8 }, (_, i) => 2 ** (i / 8));
    for (let n = -1000; n <= 1000; n++) {
      const steps = STEPS + (n + 8 * 1023 + 0.4);
      const power = 2 ** Math.floor(n / 8);
      expect(m.table(table, steps)).toBe(table[n & 7]);
      expect(m.scale(steps, 8)).toBe(power);
      expect(m.scaledTable(table, steps)).toBe(table[n & 7] * power);
    }
  });

  it("takes min and max as pmin and pmax do", () => {
    expect(m.min(NaN, 1)).toBeNaN();
    expect(m.min(1, NaN)).toBe(1);
    expect(m.max(NaN, 1)).toBeNaN();
    expect(m.max(1, NaN)).toBe(1);
    expect(m.min(0, -0)).toBe(0);
    expect(m.max(-0, 0)).toBe(-0);
  });

  it("copies the sign of zeros", () => {
    expect(m.copysign(2, -0)).toBe(-2);
    expect(m.copysign(-2, 0)).toBe(2);
    expect(m.copysign(-0, 1)).toBe(0);
    expect(m.copysign(3, -Infinity)).toBe(-3);
  });

  it("reads tables of any length, and some entry at NaN", () => {
    expect(m.table(Float64Array.of(7, 8, 9), NaN)).toBe(7);
    expect(m.table(Float64Array.of(7, 8, 9), STEPS + 2)).toBe(9);
    expect(m.scale(NaN, 2)).not.toBeNaN();
  });
});

describe("compiled number functions", () => {
  for (const [name, { definition, arity }] of Object.entries(definitions)) {
    it(`${name}: the bits of its definition over numberAlgebra`, () => {
      const compiled = numberFunction(definition, arity as 1) as (...args: number[]) => number;
      for (const { args } of reference.get(name) ?? []) expect(compiled(...args)).toBe(definition(m, ...args));
      const args = Array.from({ length: arity }, () => fc.double());
      fc.assert(
        fc.property(fc.tuple(...args), (xs) => {
          expect(compiled(...xs)).toBe(definition(m, ...xs));
        }),
      );
    });
  }

  it("falls back to the definition where code generation is forbidden", () => {
    const forbidden = vi.spyOn(globalThis, "Function").mockImplementation(() => {
      throw new EvalError("unsafe-eval");
    });
    try {
      expect(numberFunction(exp as Definition, 1)(1)).toBe(exp(m, 1));
      expect(forbidden).toHaveBeenCalled();
    } finally {
      forbidden.mockRestore();
    }
  });
});

describe("docs/elementary-functions.md", () => {
  it("states the number of operations and constants of every definition", () => {
    const text = readFileSync(new URL("../../../docs/elementary-functions.md", import.meta.url), "utf8");
    for (const [name, { definition, arity }] of Object.entries(definitions)) {
      const { operations, constants } = writeSource(definition, arity);
      const row = text.split("\n").find((line) => line.startsWith(`| \`${name}\``));
      expect(row?.replace(/ +/g, " "), name).toContain(`| ${operations} | ${constants} |`);
    }
  });
});
