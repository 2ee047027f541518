import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ModuleBuilder } from "../../src/wasm/assembler.ts";
import { linkKernel } from "../../src/wasm/kernels/kernel.ts";
import { logProduct } from "../../src/wasm/kernels/logProduct.ts";

const m = new ModuleBuilder();
m.memory(1, { export: "memory" });
m.export("run", linkKernel(m, logProduct, new Map()));
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(m.build()));
const memory = new Float64Array((exports.memory as WebAssembly.Memory).buffer);

function sumOfLogs(x: readonly number[]): { sum: number; significand: number } {
  memory.fill(-1);
  memory.set(x, 5);
  (exports.run as (a: number, y: number, n: number) => void)(40, 8, x.length);
  expect(memory[3]).toBe(-1);
  return { sum: Math.log(memory[1]!) + memory[2]! * Math.LN2, significand: memory[1]! };
}
const plain = (x: readonly number[]): number => x.reduce((sum, v) => sum + Math.log(v), 0);

describe("logarithms of products", () => {
  const positive = fc.oneof(
    fc.double({ min: 0.1, max: 10, noNaN: true }),
    fc.double({ min: 0, minExcluded: true, max: Number.MAX_VALUE, noNaN: true }),
    fc.constantFrom(Number.MIN_VALUE, 2 ** -1022, 2 ** -1023, Number.MAX_VALUE, 1, 2 ** 200, 2 ** -200),
  );
  test("are sums of logarithms, for positive numbers of any size", () => {
    fc.assert(
      fc.property(fc.array(positive, { maxLength: 60 }), (x) => {
        const { sum, significand } = sumOfLogs(x);
        const size = x.reduce((s, v) => s + Math.abs(Math.log(v)), 1);
        expect(significand).toBeGreaterThanOrEqual(1);
        expect(significand).toBeLessThan(4);
        expect(Math.abs(sum - plain(x))).toBeLessThanOrEqual(4e-16 * (x.length + 2) * size);
      }),
    );
  });
  test("of numbers that have none are infinite or NaN, as the sum is", () => {
    const any = fc.oneof(
      { weight: 20, arbitrary: positive },
      { weight: 1, arbitrary: fc.constantFrom(0, -0, -1, Infinity, -Infinity, NaN, -Number.MIN_VALUE) },
    );
    fc.assert(
      fc.property(fc.array(any, { maxLength: 40 }), (x) => {
        const expected = plain(x);
        if (!Number.isFinite(expected)) expect(sumOfLogs(x).sum).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });
});
