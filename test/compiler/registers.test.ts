import { describe, expect, test } from "vitest";
import { cholesky, matmul } from "../../src/tensor/linalg.ts";
import * as math from "../../src/tensor/math.ts";
import * as reduce from "../../src/tensor/reduce.ts";
import * as shape from "../../src/tensor/shape.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { disassemble } from "../../src/wasm/disassemble.ts";
import { type Checked, check } from "./check.ts";

/** How often a program writes to memory. */
const stores = ({ compiled }: Checked): number => disassemble(compiled.program.code).match(/store/g)?.length ?? 0;
const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => Math.fround(Math.sin(i + 1)));
const data = (m: number, n: number): Tensor => shape.reshape(Float64Array.from(numbers(m * n)), [m, n]);

describe("small temporaries in registers", () => {
  test.each([2, 3, 5, 8])("numbers put together to %i elements and multiplied by a matrix", (n) => {
    const checked = check(
      Array.from({ length: n }, () => []),
      (...x) => matmul(data(n, n), shape.stack(x.map((y) => y.exp()))).sum(),
    );
    expect(stores(checked)).toBe(1);
  });
  test("a chain of two products and a sum between them", () => {
    const checked = check([[5]], (b) => {
      const residual = matmul(data(5, 5), b!.sub(1));
      return [residual.square().sum(), matmul(shape.transpose(data(5, 5)), residual)];
    });
    // One for the sum, two pairs and an odd element for the vector.
    expect(stores(checked)).toBe(4);
  });
  test.each<[string, (x: Tensor) => Tensor]>([
    ["from the second on", (x) => shape.slice(x, [1], [6])],
    ["backwards", (x) => shape.flip(x, 0)],
    ["every other", (x) => shape.slice(x, [1], [7], [2])],
    ["every other, backwards", (x) => shape.flip(shape.slice(x, [0], [7], [2]), 0)],
    ["one", (x) => shape.slice(x, [3], [4])],
  ])("a vector read %s", (_name, part) => {
    check([[7], []], (x, s) => {
      // The sum makes the vector complete before its parts are read.
      const scaled = x!.mul(s!.exp());
      const total = scaled.sum();
      return part(scaled.sub(total)).mul(total);
    });
  });
  test.each<[string, (x: Tensor) => Tensor]>([
    ["sum", (x) => x.sum()],
    ["product", (x) => reduce.prod(x)],
    ["maximum", (x) => reduce.max(x)],
    ["minimum", (x) => reduce.min(x)],
    ["sum of softplus, which is a product with exponents", (x) => math.softplus(x).sum()],
  ])("a %s that other numbers are computed from", (_name, combine) => {
    for (const n of [1, 2, 3, 8, 100])
      check([[n]], (x) =>
        combine(x!)
          .mul(x!)
          .add(combine(x!.mul(2))),
      );
  });
  test("pads, whose places are first filled with zeros", () => {
    check([[3], [2]], (a, b) => {
      const both = shape.pad(a!.exp(), [[2, 1]]).add(shape.pad(b!.exp(), [[0, 4]]));
      return both.div(both.sum());
    });
  });
  test("NaN and infinities pass unchanged, and only where they belong", () => {
    check(
      [[3], []],
      (x, s) => {
        const y = shape.concat([x!.mul(s!), x!]);
        return y.mul(y.sum().mul(0).add(1));
      },
      [[1, Number.POSITIVE_INFINITY, 2], [3]],
    );
  });

  test("what is long stays in memory", () => {
    const checked = check([[40], [40]], (x, y) => {
      const p = x!.sub(x!.sum());
      return p.mul(p.square().sum()).mul(y!);
    });
    expect(stores(checked)).toBeGreaterThan(3);
  });
  test("what a kernel reads or writes stays in memory", () => {
    check([[4], []], (x, s) => {
      const column = shape.reshape(x!.mul(s!.exp()), [4, 1]);
      const a = matmul(column, shape.transpose(column)).add(math.mul(shape.reshape(identity(4), [4, 4]), 3));
      const l = cholesky(a);
      return l.sum().mul(l);
    });
  });
  test("what is read through indices stays in memory", () => {
    check([[4], []], (x, s) => shape.take(x!.mul(s!.exp()), [3, 1, 1, 0, 2]).mul(x!.sum()));
  });
});

const identity = (n: number): Float64Array =>
  Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));

describe("products with zeros of a matrix", () => {
  const triangle = shape.reshape(
    Float64Array.from({ length: 49 }, (_, i) => (i % 7 < Math.floor(i / 7) ? 0 : Math.sin(i + 1))),
    [7, 7],
  );
  const multiplications = ({ compiled }: Checked): number =>
    disassemble(compiled.program.code).match(/f64x2\.mul/g)?.length ?? 0;

  test("are left out of straight-line code", () => {
    const full = check([[7]], (x) => matmul(data(7, 7), x!.exp()));
    const half = check([[7]], (x) => matmul(triangle, x!.exp()));
    const transposed = check([[7]], (x) => matmul(shape.transpose(triangle), x!.exp()));
    // 4 pairs of rows by 7 columns, of which 2 · (0 + 2 + 4) and one more are zeros in both.
    expect(multiplications(full) - multiplications(half)).toBe(12);
    expect(multiplications(full) - multiplications(transposed)).toBe(9);
  });
  test("a matrix of zeros gives zeros", () => {
    check([[3]], (x) => matmul(shape.reshape(new Float64Array(9), [3, 3]), x!.exp()));
  });
  test("elementwise products are kept: zero times infinity is not a number", () => {
    const zero = Float64Array.of(0, 0, 1);
    const { results } = check([[3]], (x) => x!.mul(zero).add(x!.mul(2)), [[Number.POSITIVE_INFINITY, 1, 1]]);
    expect(results[0]![0]).toBeNaN();
  });
});

describe("opposite exponentials", () => {
  const exponentials = (checked: Checked): number =>
    checked.compiled.schedule.steps.flatMap((step) =>
      step.kind === "nest" ? step.members.filter((node) => node.op.name === "exp") : [],
    ).length;

  test("are one exponential and a division", () => {
    const scale = check([[], [4]], (s, x) => s!.exp().add(x!.div(s!.exp()).square().sum()));
    expect(exponentials(scale)).toBe(1);
    expect(exponentials(check([[5]], (x) => x!.exp().add(x!.neg().exp())))).toBe(1);
  });
  test("one alone stays as it is", () => {
    expect(exponentials(check([[5]], (x) => x!.neg().exp()))).toBe(1);
    expect(exponentials(check([[5], [5]], (x, y) => x!.exp().add(y!.neg().exp())))).toBe(2);
  });
  test("at the ends of the range", () => {
    check([[7]], (x) => shape.stack([x!.exp(), x!.neg().exp()]), [[710, -710, 745, -745, 1000, -1000, Number.NaN]]);
  });
});
