import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ModuleBuilder } from "../../src/wasm/assembler.ts";
import { linkKernel } from "../../src/wasm/kernels/kernel.ts";
import {
  type RecurrenceKind as Kind,
  recurrenceKinds as kinds,
  recurrenceKernel,
} from "../../src/wasm/kernels/recurrence.ts";

const m = new ModuleBuilder();
m.memory(4, { export: "memory" });
const linked = new Map();
for (const kind of kinds) {
  const kernel = recurrenceKernel(kind);
  m.export(kernel.name, linkKernel(m, kernel, linked));
}
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(m.build()));
const memory = new Float64Array((exports.memory as WebAssembly.Memory).buffer);

/** The kernel, values in the order of steps. */
function run(kind: Kind, init: number, a: readonly number[], u: readonly number[]): number[] {
  const { varying, reverse } = kind;
  const n = u.length;
  const turned = (x: readonly number[]): number[] => (reverse ? [...x].reverse() : [...x]);
  memory.fill(77);
  const [atA, atU, atY] = [11, 12 + n + 1, 14 + 2 * n + 3];
  memory[10] = init;
  memory.set(varying ? turned(a) : [a[0] ?? 0], atA);
  memory.set(turned(u), atU);
  const call = exports[recurrenceKernel(kind).name] as (...x: number[]) => void;
  call(80, 8 * atA, 8 * atU, 8 * atY, n);
  expect([memory[atY - 1], memory[atY + n + 1]]).toEqual([77, 77]);
  return turned(Array.from(memory.subarray(atY, atY + n + 1)));
}
function plain(init: number, a: readonly number[], u: readonly number[], resets = false): number[] {
  const out = [init];
  u.forEach((x, i) => {
    const c = a[i] ?? a[0]!;
    out.push(resets && Object.is(c, -0) ? x : x + c * out[i]!);
  });
  return out;
}
/** Numbers with 20 bits after the point and few before, whose recurrences are followed exactly in integers. */
const scale = 2 ** 20;
const asDyadic = (x: number): number => Math.round(x * scale) / scale;
/** The exact values, and Σ |a|ᵏ |u₋ₖ| for each. */
function exact(init: number, a: readonly number[], u: readonly number[]): { value: number; size: number }[] {
  const whole = (x: number): bigint => BigInt(x * scale);
  let [value, bits] = [whole(init), 20];
  let size = Math.abs(init);
  const out = [{ value: init, size }];
  u.forEach((x, i) => {
    const c = a[i] ?? a[0]!;
    bits += 20;
    value = value * whole(c) + (whole(x) << BigInt(bits - 20));
    size = Math.abs(c) * size + Math.abs(x);
    // Far more bits are kept after the point than a double has.
    if (bits > 900) {
      value >>= BigInt(bits - 900);
      bits = 900;
    }
    out.push({ value: Number(value) / 2 ** bits, size });
  });
  return out;
}

const numbers = (bound: number): fc.Arbitrary<number> =>
  fc.double({ min: -bound, max: bound, noNaN: true }).map(asDyadic);

describe("recurrences by look-ahead", () => {
  test.each(kinds)("are as exact as plain ones: %o", (kind) => {
    const { varying } = kind;
    const coefficient = fc.oneof(numbers(1), fc.constantFrom(1, -1, 0.5, -0.5, 1 - 2 ** -20), numbers(1.5));
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 70 }).chain((n) =>
          fc.record({
            init: numbers(8),
            a: fc.array(coefficient, { minLength: varying ? n : 1, maxLength: varying ? n : 1 }),
            u: fc.array(numbers(8), { minLength: n, maxLength: n }),
          }),
        ),
        ({ init, a, u }) => {
          const found = run(kind, init, a, u);
          exact(init, a, u).forEach(({ value, size }, i) => {
            expect(Math.abs(found[i]! - value)).toBeLessThanOrEqual(2 * (i + 4) * 2 ** -53 * size);
          });
        },
      ),
    );
  });

  test.each(kinds)("keep NaN, infinities and zero where plain ones have them: %o", (kind) => {
    const { varying } = kind;
    const special = fc.constantFrom(0, -0, 1, -1, 0.5, -0.9, 2, NaN, Infinity, -Infinity, 1e-200, 1e-30, -3e-20);
    const rarely = fc.oneof(
      { weight: 30, arbitrary: fc.double({ min: -1, max: 1, noNaN: true }) },
      { weight: 1, arbitrary: special },
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 40 }).chain((n) =>
          fc.record({
            init: rarely,
            a: varying
              ? fc.array(rarely, { minLength: n, maxLength: n })
              : fc.array(special, { minLength: 1, maxLength: 1 }),
            u: fc.array(rarely, { minLength: n, maxLength: n }),
          }),
        ),
        ({ init, a, u }) => {
          const found = run(kind, init, a, u);
          plain(init, a, u, kind.resets).forEach((x, i) => {
            if (Number.isFinite(x))
              expect(Math.abs(found[i]! - x)).toBeLessThanOrEqual(1e-13 * Math.max(1, Math.abs(x)) * (i + 1));
            else expect(found[i]).toBe(x);
          });
        },
      ),
      { numRuns: 500 },
    );
  });

  test("have the bits of plain ones where look-ahead would not be exact", () => {
    const u = Array.from({ length: 21 }, (_, i) => (i * 0.7) % 3);
    for (const kind of kinds)
      for (const c of [0, 1e-40, -1e-40, 1.25, -40]) {
        const a = u.map(() => c);
        expect(run(kind, 0.3, kind.varying ? a : [c], u)).toEqual(plain(0.3, a, u));
      }
  });
});
