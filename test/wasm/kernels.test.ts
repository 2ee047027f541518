import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type FunctionRef, ModuleBuilder } from "../../src/wasm/assembler.ts";
import { choleskyScratchDoubles } from "../../src/wasm/kernels/cholesky.ts";
import { gemm, scratchDoubles } from "../../src/wasm/kernels/gemm.ts";
import { inverseFactorScratchDoubles } from "../../src/wasm/kernels/inverseFactor.ts";
import { type Kernel, linkKernel } from "../../src/wasm/kernels/kernel.ts";
import { gemvT } from "../../src/wasm/kernels/products.ts";
import { solveScratchDoubles } from "../../src/wasm/kernels/triangular.ts";
import { kernels } from "./kernelTable.ts";

const EPSILON = 2 ** -52;
const SIZES = [0, 1, 2, 3, 5, 8, 17, 64, 100];
/** Unused memory around every buffer, to catch writes out of range. */
const GUARD = 16;
const CANARY = 12345.678;

function instantiate(used: readonly Kernel[], pages = 64) {
  const m = new ModuleBuilder();
  m.memory(pages, { export: "memory" });
  const linked = new Map<Kernel, FunctionRef>();
  for (const kernel of used) m.export(kernel.name, linkKernel(m, kernel, linked));
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(m.build()));
  const memory = new Float64Array((exports.memory as WebAssembly.Memory).buffer);
  return { memory, call: (name: string, ...args: number[]) => (exports[name] as (...args: number[]) => void)(...args) };
}

const { memory, call } = instantiate(kernels);

/**
 * Call a kernel on copies of the inputs. `args` are inputs (arrays), `outputs` (lengths, wrapped) and integers in the order
 * of its parameters; every buffer is 8-aligned and not 16-aligned, between canaries.
 */
function run(
  name: string,
  args: readonly (readonly number[] | { output: number } | { scratch: number } | number)[],
): number[] {
  let at = 1;
  let result = { from: 0, length: 0 };
  const canaries: number[] = [];
  const values = args.map((arg) => {
    if (typeof arg === "number") return arg;
    const length = "scratch" in arg ? arg.scratch : "output" in arg ? arg.output : arg.length;
    memory.fill(CANARY, at, at + GUARD);
    canaries.push(at);
    at += GUARD;
    const from = at;
    if ("length" in arg) memory.set(arg, from);
    else memory.fill(Number.NaN, from, from + length);
    if ("output" in arg) result = { from, length };
    at += length + (length % 2);
    return 8 * from;
  });
  memory.fill(CANARY, at, at + GUARD);
  call(name, ...values);
  for (const canary of [...canaries, at]) {
    expect(memory.subarray(canary, canary + GUARD).every((x) => x === CANARY)).toBe(true);
  }
  return Array.from(memory.subarray(result.from, result.from + result.length));
}

/** Reproducible numbers in (-1, 1). */
function random(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32) * 2 - 1;
  };
}

const draw = (n: number, next: () => number) => Array.from({ length: n }, next);

/** Products with the sum of absolute terms, for an error bound. */
function reference(
  m: number,
  k: number,
  n: number,
  a: (i: number, l: number) => number,
  b: (l: number, j: number) => number,
) {
  const value: number[] = [];
  const scale: number[] = [];
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      let absolute = 0;
      for (let l = 0; l < k; l++) {
        const term = a(i, l) * b(l, j);
        sum += term;
        absolute += Math.abs(term);
      }
      value.push(sum);
      scale.push(absolute);
    }
  }
  return { value, scale };
}

function expectWithin(actual: readonly number[], { value, scale }: ReturnType<typeof reference>, terms: number) {
  expect(actual.length).toBe(value.length);
  const bad = actual.findIndex((x, i) => !(Math.abs(x - value[i]!) <= (terms + 2) * EPSILON * scale[i]!));
  if (bad >= 0) throw new Error(`element ${bad}: ${actual[bad]} instead of ${value[bad]}`);
}

/** Lower triangular, well conditioned; NaN above the diagonal, which must not be read. */
function lower(n: number, next: () => number, above = Number.NaN): number[] {
  return Array.from({ length: n * n }, (_, e) => {
    const [i, j] = [Math.floor(e / n), e % n];
    return i > j ? next() / Math.sqrt(n) : i === j ? 1.5 + next() / 2 : above;
  });
}

const size = fc.constantFrom(...SIZES);
const seed = fc.integer({ min: 1, max: 1e9 });
const runs = { numRuns: 60 };

describe("matrix products agree with plain loops within n·ε", () => {
  const check = (m: number, k: number, n: number, from: number) => {
    const next = random(from);
    const [a, b] = [draw(m * k, next), draw(k * n, next)];
    const actual = run("gemm", [a, b, { output: m * n }, m, k, n, { scratch: scratchDoubles(m, k, n) }]);
    expectWithin(
      actual,
      reference(
        m,
        k,
        n,
        (i, l) => a[i * k + l]!,
        (l, j) => b[l * n + j]!,
      ),
      k,
    );
  };
  test("gemm", () => fc.assert(fc.property(size, size, size, seed, check), runs));
  // Several packed blocks in every direction, with leftovers.
  test.each([
    [101, 259, 34],
    [99, 520, 9],
    [8, 16, 1030],
  ])("gemm in blocks: %i × %i × %i", (m, k, n) => check(m, k, n, 7));

  test("gemv", () => {
    fc.assert(
      fc.property(size, size, seed, (m, n, from) => {
        const next = random(from);
        const [a, x] = [draw(m * n, next), draw(n, next)];
        const actual = run("gemv", [a, x, { output: m }, m, n]);
        expectWithin(
          actual,
          reference(
            m,
            n,
            1,
            (i, l) => a[i * n + l]!,
            (l) => x[l]!,
          ),
          n,
        );
      }),
      runs,
    );
  });

  test("gemvT", () => {
    fc.assert(
      fc.property(size, size, seed, (m, n, from) => {
        const next = random(from);
        const [a, x] = [draw(m * n, next), draw(m, next)];
        const actual = run("gemvT", [a, x, { output: n }, m, n]);
        expectWithin(
          actual,
          reference(
            n,
            m,
            1,
            (i, l) => a[l * n + i]!,
            (l) => x[l]!,
          ),
          m,
        );
      }),
      runs,
    );
  });

  test.each([
    ["gemvTUpper", (l: number, i: number) => l <= i],
    ["gemvTLower", (l: number, i: number) => l >= i],
  ] as const)("%s sums what gemvT sums, without reading the other triangle", (name, isInside) => {
    fc.assert(
      fc.property(size, size, seed, (m, n, from) => {
        const next = random(from);
        const [a, x] = [draw(m * n, next), draw(m, next)];
        const keep = (outside: number): number[] =>
          Array.from(a, (v, k) => (isInside(Math.floor(k / n), k % n) ? v : outside));
        const full = run("gemvT", [keep(0), x, { output: n }, m, n]);
        expect(run(name, [keep(0), x, { output: n }, m, n])).toEqual(full);
      }),
      runs,
    );
  });

  test("a row of gemv has the same bits wherever it stands", () => {
    const next = random(3);
    const [row, x] = [draw(23, next), draw(23, next)];
    const all = run("gemv", [Array.from({ length: 7 }, () => row).flat(), x, { output: 7 }, 7, 23]);
    expect(new Set(all).size).toBe(1);
  });
});

const positive = (n: number, next: () => number) => {
  const l = lower(n, next, 0);
  const { value } = reference(
    n,
    n,
    n,
    (i, k) => l[i * n + k]!,
    (k, j) => l[j * n + k]!,
  );
  return value;
};

describe("cholesky", () => {
  const factor = (a: readonly number[], n: number) =>
    run("cholesky", [a, { output: n * n }, n, { scratch: choleskyScratchDoubles(n) }]);

  test("L Lᵀ = A within n·ε, and zeros above the diagonal", () => {
    const check = (n: number, from: number) => {
      const a = positive(n, random(from));
      // The upper triangle must not be read.
      const l = factor(
        a.map((x, e) => (e % n > Math.floor(e / n) ? Number.NaN : x)),
        n,
      );
      expect(l.every((x, e) => e % n <= Math.floor(e / n) || x === 0)).toBe(true);
      const product = reference(
        n,
        n,
        n,
        (i, k) => l[i * n + k]!,
        (k, j) => l[j * n + k]!,
      );
      expectWithin(a, product, n);
    };
    fc.assert(fc.property(fc.constantFrom(...SIZES, 11, 48, 49, 97), seed, check), { numRuns: 40 });
    check(203, 5);
  });

  test("known factor", () => {
    expect(factor([4, 12, -16, 12, 37, -43, -16, -43, 98], 3)).toEqual([2, 0, 0, 6, 1, 0, -8, 5, 3]);
  });

  test.each([1, 3, 50, 130])("NaN throughout when not positive definite, n = %i", (n) => {
    for (const pivot of new Set([0, n >> 1, n - 1])) {
      for (const bad of [-100, Number.NaN]) {
        const a = positive(n, random(n));
        a[pivot * n + pivot] = bad;
        expect(factor(a, n).every(Number.isNaN)).toBe(true);
      }
    }
    expect(factor(new Array(n * n).fill(0), n).every(Number.isNaN)).toBe(true);
  });

  test("in place", () => {
    const a = positive(60, random(9));
    memory.set(a, 2);
    call("cholesky", 16, 16, 60, 8 * 8192);
    expect(Array.from(memory.subarray(2, 2 + 3600))).toEqual(factor(a, 60));
  });
});

describe("inverse factors", () => {
  /** Errors measured by the largest element: two factors of one matrix differ where their elements cancel. */
  const expectNear = (actual: readonly number[], { value, scale }: ReturnType<typeof reference>, terms: number) => {
    const largest = Math.max(...scale);
    expectWithin(actual, { value, scale: scale.map(() => largest) }, terms);
  };
  const sizes = [1, 2, 3, 5, 8, 11, 12, 13, 17, 33, 64, 65, 96, 97, 100];
  const factor = (a: readonly number[], b: readonly number[], n: number, m: number) => {
    const scratch = { scratch: inverseFactorScratchDoubles(n, m) };
    return run("inverseFactor", [a, b, { output: n * (n + m) }, n, m, scratch]);
  };

  test("L⁻¹[I | B] solves for B and for the identity, and so does its product", () => {
    const check = (n: number, m: number, from: number) => {
      const next = random(from);
      const a = positive(n, next);
      const b = draw(n * m, next);
      const e = factor(a, b, n, m);
      const l = run("cholesky", [a, { output: n * n }, n, { scratch: choleskyScratchDoubles(n) }]);
      const width = n + m;
      const right = Array.from({ length: n * width }, (_, at) => {
        const [i, c] = [Math.floor(at / width), at % width];
        return c < n ? Number(c === i) : b[i * m + c - n]!;
      });
      expect(e.every((x, at) => at % width <= Math.floor(at / width) || at % width >= n || x === 0)).toBe(true);
      const at = (x: readonly number[]) => (k: number, j: number) => x[k * width + j]!;
      expectNear(
        right,
        reference(n, n, width, (i, k) => l[i * n + k]!, at(e)),
        8 * n,
      );
      const s = run("inverseProducts", [
        e,
        { output: n * width },
        n,
        m,
        { scratch: inverseFactorScratchDoubles(n, m) },
      ]);
      expectNear(
        right,
        reference(n, n, width, (i, k) => a[i * n + k]!, at(s)),
        8 * n,
      );
    };
    fc.assert(fc.property(fc.constantFrom(...sizes), fc.constantFrom(0, 1, 2, 3, 7, 16), seed, check), { numRuns: 60 });
    check(203, 2, 5);
  });

  test("known factor", () => {
    const e = factor([4, 12, -16, 12, 37, -43, -16, -43, 98], [2, 7, 0], 3, 1);
    expect(e).toEqual([0.5, 0, 0, 1, -3, 1, 0, 1, 19 / 3, -5 / 3, 1 / 3, 1].map((x) => expect.closeTo(x, 13)));
  });

  test("tiny and huge variances of one variable", () => {
    for (const variance of [5e-324, 1e-308, 1e308]) {
      const root = 1 / Math.sqrt(variance);
      expect(factor([variance], [2], 1, 1)).toEqual([root, 2 * root]);
    }
  });

  test.each([1, 3, 32, 50, 130])("NaN throughout when not positive definite, n = %i", (n) => {
    for (const pivot of new Set([0, n >> 1, n - 2, n - 1].filter((k) => k >= 0))) {
      for (const bad of [-100, Number.NaN]) {
        const a = positive(n, random(n));
        a[pivot * n + pivot] = bad;
        expect(factor(a, draw(n, random(1)), n, 1).every(Number.isNaN)).toBe(true);
      }
    }
    expect(factor(new Array(n * n).fill(0), draw(n, random(1)), n, 1).every(Number.isNaN)).toBe(true);
  });
});

describe("triangular solves", () => {
  for (const [name, transposed] of [
    ["solveLower", false],
    ["solveLowerT", true],
  ] as const) {
    const check = (n: number, m: number, from: number) => {
      const next = random(from);
      const t = lower(n, next);
      const b = draw(n * m, next);
      const x = run(name, [t, b, { output: n * m }, n, m, { scratch: solveScratchDoubles(n, m) }]);
      const element = (i: number, j: number) => {
        const value = transposed ? t[j * n + i]! : t[i * n + j]!;
        return Number.isNaN(value) ? 0 : value;
      };
      expectWithin(
        b,
        reference(n, n, m, element, (l, j) => x[l * m + j]!),
        n,
      );
    };
    test(name, () => {
      fc.assert(fc.property(size, fc.constantFrom(0, 1, 2, 3, 7, 8, 17), seed, check), runs);
      check(150, 19, 1);
    });
  }

  test("in place", () => {
    const next = random(4);
    const [l, b] = [lower(5, next), draw(15, next)];
    const expected = run("solveLower", [l, b, { output: 15 }, 5, 3, { scratch: 0 }]);
    memory.set(l, 0);
    memory.set(b, 100);
    call("solveLower", 0, 800, 800, 5, 3, 0);
    expect(Array.from(memory.subarray(100, 115))).toEqual(expected);
  });
});

describe("sequences", () => {
  test("cumsum adds in order", () => {
    fc.assert(
      fc.property(fc.constantFrom(0, 1, 2, 5), size, seed, (rows, n, from) => {
        const a = draw(rows * n, random(from));
        const sums: number[] = [];
        for (let r = 0; r < rows; r++) {
          let sum = 0;
          for (let i = 0; i < n; i++) sums[r * n + i] = sum += a[r * n + i]!;
        }
        expect(run("cumsum", [a, { output: rows * n }, rows, n])).toEqual(sums);
      }),
      runs,
    );
  });
});

describe("linkKernel", () => {
  test("emits what kernels share once", () => {
    const m = new ModuleBuilder();
    m.memory(1);
    const linked = new Map<Kernel, FunctionRef>();
    linkKernel(m, gemm, linked);
    const before = linked.size;
    expect(linkKernel(m, gemm, linked)).toBe(linked.get(gemm));
    linkKernel(m, gemvT, linked);
    expect(linked.size).toBe(before + 1);
  });

  test("every kernel with all that it calls stays far below the 15 kB of a function that the optimiser likes", () => {
    for (const kernel of kernels) {
      const m = new ModuleBuilder();
      m.memory(1);
      linkKernel(m, kernel, new Map());
      expect(m.build().length, kernel.name).toBeLessThan(7_000);
    }
  });
});
