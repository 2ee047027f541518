import { describe, expect, test } from "vitest";
import { grad } from "../../src/autodiff/grad.ts";
import { pullback } from "../../src/autodiff/reverse.ts";
import { compile } from "../../src/compiler/compile.ts";
import { scalar } from "../../src/compiler/node.ts";
import { simplify, topological } from "../../src/compiler/simplify.ts";
import { dot, matmul } from "../../src/tensor/linalg.ts";
import * as math from "../../src/tensor/math.ts";
import * as reduce from "../../src/tensor/reduce.ts";
import * as shape from "../../src/tensor/shape.ts";
import { type Tensor, wrap } from "../../src/tensor/tensor.ts";
import { check, computed, variables } from "./check.ts";

/** Outputs and the gradient of their sum with respect to every argument. */
const withGradient =
  (f: (...x: Tensor[]) => Tensor) =>
  (...x: Tensor[]): Tensor[] => {
    const out = f(...x);
    const gradients = pullback(
      [out.square().sum().node],
      [scalar(1)],
      x.map((t) => t.node),
    );
    return [out, ...gradients.filter((g) => g !== undefined).map(wrap)];
  };
const data = Array.from({ length: 12 }, (_, i) => (i * i * 0.37) % 2);

describe("reductions over rows", () => {
  const table = (m: number, n: number): number[] => Array.from({ length: m * n }, (_, i) => Math.sin(i * i));
  test.each([2, 3, 4, 5, 6])("into %i columns, in registers or in memory", (n) => {
    check([[37, n]], (x) => [x.square().sum(0), x.exp().sum(0), reduce.max(x, 0), reduce.min(x.mul(2), 0)], [
      table(37, n),
    ]);
    check(
      [[37, n], [n]],
      withGradient((x, y) => x.mul(y).sum(0)),
      [table(37, n), table(1, n)],
    );
  });
  test("columns with a NaN and without", () => {
    const given = table(21, 3);
    given[10] = Number.NaN;
    const { results } = check([[21, 3]], (x) => [reduce.max(x, 0), x.sum(0)], [given]);
    for (const x of results) expect([...x].map(Number.isNaN)).toEqual([false, true, false]);
  });
});

describe("outputs", () => {
  test("the same node several times", () => {
    const { results } = check([[3]], (x) => {
      const y = x.exp();
      return [y, y, y.add(0)];
    });
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });
  test("an input, twice, beside something computed", () => {
    const { results } = check([[3]], (x) => [x, x.exp(), x], [[1, 2, 3]]);
    expect([...results[0]!]).toEqual([1, 2, 3]);
    expect([...results[2]!]).toEqual([1, 2, 3]);
  });
  test("constants, also stretched ones and truth values", () => {
    const { results } = check([[2]], (x) => [
      math.exp([0, 1]),
      shape.broadcastTo(math.add(1, 2), [2, 2]),
      math.greater([1, 2, 3], 1.5),
      x.mul(2),
    ]);
    expect([...results[1]!]).toEqual([3, 3, 3, 3]);
    expect([...results[2]!]).toEqual([0, 1, 1]);
  });
  test("no output depends on the inputs", () => {
    expect([...check([[2]], () => math.exp([0, 0])).results[0]!]).toEqual([1, 1]);
  });
  test("views of inputs and of computed values", () => {
    const { results } = check(
      [[2, 3]],
      (x) => [
        x.T,
        x.at(1),
        shape.flip(x, 1),
        x.reshape([6]),
        x.exp().log().T,
        x.T.reshape([6]),
        shape.broadcastTo(x.at(0), [2, 3]),
      ],
      [[1, 2, 3, 4, 5, 6]],
    );
    expect([...results[0]!]).toEqual([1, 4, 2, 5, 3, 6]);
    expect([...results[1]!]).toEqual([4, 5, 6]);
    expect([...results[2]!]).toEqual([3, 2, 1, 6, 5, 4]);
    expect([...results[5]!]).toEqual([1, 4, 2, 5, 3, 6]);
  });
  test("truth values come out as 0 and 1", () => {
    expect([...check([[3]], (x) => math.greater(x, 0), [[-1, 0, 2]]).results[0]!]).toEqual([0, 0, 1]);
  });
  test("an input that nothing reads", () => {
    check([[3], [2, 2]], (x) => x.exp());
  });
  test("no inputs at all", () => {
    expect([...check([], () => math.add([1, 2], 3)).results[0]!]).toEqual([4, 5]);
  });
});

describe("loops", () => {
  test.each([[0], [1], [2], [[0, 1]], [[0, 2]], [[1, 2]], [[0, 1, 2]]])(
    "sums and extrema over axes %j of three, odd sizes",
    (axes) => {
      for (const dims of [
        [3, 5, 7],
        [4, 1, 9],
        [2, 17, 3],
        [1, 3, 1],
      ]) {
        check([dims], (x) => {
          const y = x.tanh();
          return [
            y.sum(axes),
            y.max(axes),
            y.min(axes),
            y.prod(axes),
            reduce.logsumexp(y, axes),
            reduce.any(math.greater(y, 0.8), axes),
          ];
        });
        check(
          [dims],
          withGradient((x) => x.mul(x.sum(axes, { keepDims: true }).tanh())),
        );
      }
    },
  );
  test.each([1, 2, 3, 8, 15, 16, 17, 18, 33, 1001, 4097])("a vector of %i", (n) => {
    check(
      [[n]],
      withGradient((x) => x.tanh().mul(x.mean()).add(reduce.logsumexp(x))),
    );
  });
  test.each([
    [1001, 3],
    [3, 1001],
    [33, 1],
    [2, 2, 515],
  ])("a matrix of %i × %i", (...dims) => {
    check(
      [dims],
      withGradient((x) => x.exp().sum(0).log()),
    );
  });
  test("broadcast in both directions", () => {
    check(
      [
        [5, 1],
        [1, 7],
      ],
      withGradient((a, b) => a.mul(b).sub(a.tanh()).add(b.exp())),
    );
    check(
      [[5], [3, 1], []],
      withGradient((a, b, c) => a.add(b).mul(c).sigmoid()),
    );
    check(
      [
        [2, 1, 3],
        [4, 1],
      ],
      withGradient((a, b) => a.sub(b).square().sum(1)),
    );
  });
  test("values that several loops share", () => {
    check(
      [[6, 5]],
      withGradient((x) => {
        const y = x.exp();
        const z = y.div(y.sum(1, { keepDims: true }));
        return z.mul(z.sum(0)).add(y.T.sum(0).reshape([6, 1]));
      }),
    );
  });
  test("a value and its transpose in one expression", () => {
    check(
      [[4, 4]],
      withGradient((x) => x.tanh().add(x.tanh().T).mul(shape.flip(x.exp(), 0))),
    );
  });
  test("more work than one function of the module holds", () => {
    check(
      [[9]],
      withGradient((x) => {
        let y = x;
        for (let i = 0; i < 40; i++) y = math.sin(math.lgamma(y.square().add(1 + i / 7)));
        return y;
      }),
    );
  });
});

describe("indexing", () => {
  test("a gather beside other values", () => {
    check(
      [[3], [8]],
      withGradient((a, x) => shape.take(a.exp(), [0, 2, 1, 1, 0, 2, 2, 1]).mul(x).add(x.tanh())),
    );
  });
  test("a gather of rows, of columns, and with a matrix of indices", () => {
    check(
      [[4, 3]],
      withGradient((x) => shape.take(x.tanh(), [3, 0, 3])),
    );
    check(
      [[4, 3]],
      withGradient((x) => shape.take(x.tanh(), [2, 0, 2, 1, 1], 1)),
    );
    check(
      [[5]],
      withGradient((x) =>
        shape
          .take(x, [
            [0, 4],
            [2, 2],
            [1, 0],
          ])
          .exp(),
      ),
    );
  });
  test("a gather of a transposed value is not scheduled before the transpose", () => {
    check(
      [[4, 4]],
      withGradient((x) => shape.take(x.T, [3, 0, 1, 1]).add(x.tanh())),
    );
  });
  test("scatterAdd with repeated indices", () => {
    const { results } = check([[5]], (x) => shape.scatterAdd([1, 1, 0, 1, 3], x, 5), [[1, 2, 4, 8, 16]]);
    expect([...results[0]!]).toEqual([4, 11, 0, 16, 0]);
    check(
      [[5, 3]],
      withGradient((x) => shape.scatterAdd([1, 1, 0, 1, 3], x.exp(), 4)),
    );
  });
  test("indices that are traced are left to the interpreter, which checks them", () => {
    const [x, i] = [variables([[4]])[0]!, variables([[2]], "int32")[0]!];
    expect(() => compile([shape.take(wrap(x), wrap(i)).node], [x, i])).toThrow(
      /indices that are not data are interpreted/,
    );
  });
  test("concatenation of computed, given and constant pieces", () => {
    check(
      [[3], [2]],
      withGradient((a, b) => shape.concat([a.exp(), [7, 8], b, a.sum().reshape([1])])),
    );
    check(
      [[2, 3]],
      withGradient((a) => shape.concat([a.tanh(), a.T.reshape([2, 3]), a], 1)),
    );
    check(
      [[2, 3]],
      withGradient((a) => shape.stack([a, a.tanh(), a.neg()], 1)),
    );
  });
  test("pads that are summed", () => {
    check(
      [[4]],
      withGradient((x) => shape.pad(x.exp(), [[2, 1]]).sum()),
    );
    check(
      [[4]],
      withGradient((x) => shape.pad(x, [[0, 1]]).add(shape.pad(x.tanh(), [[1, 0]]))),
    );
    check(
      [[3, 2]],
      withGradient((x) =>
        shape
          .pad(x.tanh(), [
            [1, 1],
            [0, 3],
          ])
          .sum(0),
      ),
    );
  });
  test("slices with steps, backwards too, and their adjoints", () => {
    check(
      [[9]],
      withGradient((x) => x.slice([1], [8], [3]).mul(x.slice([8], [5], [-1]))),
    );
    check(
      [[5, 4]],
      withGradient((x) => x.tanh().slice([4, 0], [-Infinity, 4], [-2, 3])),
    );
  });
  test("differences and running sums", () => {
    check(
      [[17]],
      withGradient((x) =>
        x
          .slice([1], [17])
          .sub(x.slice([0], [16]))
          .tanh(),
      ),
    );
    check(
      [[3, 5]],
      withGradient((x) => reduce.cumsum(x.tanh(), 0).mul(reduce.cumsum(x, 1))),
    );
  });
});

describe("products", () => {
  const known = (m: number, n: number): number[][] =>
    Array.from({ length: m }, (_, i) => Array.from({ length: n }, (_, j) => Math.sin(i * n + j)));
  test.each([
    [5, 5],
    [1, 4],
    [4, 1],
    [12, 3],
    [3, 12],
    [13, 13],
    [40, 5],
    [5, 40],
    [40, 40],
  ])("a constant %i × %i matrix and a vector, whole before it is read", (m, n) => {
    check(
      [[n]],
      withGradient((x) => matmul(known(m, n), x.tanh())),
    );
    check(
      [[m]],
      withGradient((x) => matmul(x.tanh(), known(m, n))),
    );
    check(
      [[n], [m]],
      withGradient((x, y) => matmul(known(m, n), x).mul(y).sigmoid()),
    );
  });
  test.each([
    [1, 1, 2],
    [1, 3, 4],
    [3, 4, 1],
    [5, 6, 7],
    [17, 9, 33],
  ])("two variables, %i × %i · × %i", (m, k, n) => {
    check(
      [
        [m, k],
        [k, n],
      ],
      withGradient((a, b) => matmul(a.tanh(), b)),
    );
    check(
      [
        [2, m, k],
        [2, k, n],
      ],
      withGradient((a, b) => matmul(a, b.tanh())),
    );
    check(
      [[k], [k, n]],
      withGradient((a, b) => matmul(a, b)),
    );
    check(
      [[m, k], [k]],
      withGradient((a, b) => matmul(a, b)),
    );
  });
  test("dot products of a value with itself", () => {
    check(
      [[9]],
      withGradient((x) => dot(x.tanh(), x.tanh()).add(dot(x, data.slice(0, 9)))),
    );
  });
});

describe("simplification", () => {
  test("what depends on data alone is computed before", () => {
    const checked = check([[]], (mu) =>
      math
        .exp(data)
        .add(math.lgamma(math.add(data, 1)))
        .mul(mu)
        .sum(),
    );
    expect(computed(checked)).toEqual(["mul"]);
  });
  test("equal expressions are one node", () => {
    const [x] = variables([[4]]) as [ReturnType<typeof variables>[0]];
    const make = (): Tensor => wrap(x).exp().add(1).log();
    const [a, b] = simplify([make().node, make().node], [x]);
    expect(a).toBe(b);
    const nodes = (outputs: Parameters<typeof simplify>[0]): string[] =>
      topological(simplify(outputs, [x])).map((n) => n.op.name);
    expect(nodes([make().mul(make()).node]).toSorted()).toEqual(["add", "constant", "exp", "input", "log", "square"]);
  });
  test("equal small constants are one, zeros of different sign are not", () => {
    const checked = check([[2]], (x) => [x.mul([0, -0]), x.mul([0, 0])], [[1, 1]]);
    expect(checked.results.map((r) => [...r])).toEqual([
      [0, -0],
      [0, 0],
    ]);
  });
  test("dead code and finished derivatives leave nothing behind", () => {
    const checked = check([[5]], (x) => {
      x.exp().sum();
      return grad((y: Tensor) => math.lgamma(y).sum())(x);
    });
    expect(computed(checked)).toEqual(["digamma"]);
  });
  test("what the sum does not run over is taken out of it", () => {
    const checked = check([[6], []], (x, sigma) => x.div(sigma).sum());
    const nest = checked.compiled.schedule.steps.find((step) => step.kind === "nest" && step.dims.length === 1);
    expect(nest?.kind === "nest" && nest.members.map((n) => n.op.name)).toEqual(["sum"]);
  });
  test.each<[string, (full: Tensor, flat: Tensor) => Tensor]>([
    ["full + flat", (full, flat) => full.add(flat)],
    ["flat + full", (full, flat) => flat.add(full)],
    ["full − flat", (full, flat) => full.sub(flat)],
    ["flat − full", (full, flat) => flat.sub(full)],
    ["full · flat", (full, flat) => full.mul(flat)],
    ["full / flat", (full, flat) => full.div(flat)],
    ["flat / full", (full, flat) => flat.div(full)],
    ["−(flat − full)", (full, flat) => flat.sub(full).neg()],
    ["where", (full, flat) => math.where(math.greater(full, 0.1), flat, full)],
  ])("sums of %s over every choice of axes", (_name, f) => {
    for (const axes of [[0], [1], [2], [0, 2], [1, 2], [0, 1, 2]]) {
      for (const flat of [[], [4], [3, 1], [2, 1, 1], [2, 1, 4], [1, 3, 4]]) {
        check([[2, 3, 4], flat], (x, y) => f(x.exp(), y.sigmoid()).sum(axes));
        if (flat.length < 3)
          check(
            [[2, 3, 4], flat],
            withGradient((x, y) => f(x.exp(), y.sigmoid()).sum(axes)),
          );
      }
    }
  });
  test("exact where it matters: 0 − x, x · 1, −(−x), x / 1", () => {
    const { results } = check([[4]], (x) => [math.sub(0, x), x.mul(1), x.neg().neg(), x.div(1), x.pow(1), x.pow(0)], [
      [2, -0, Infinity, Number.NaN],
    ]);
    expect([...results[1]!]).toEqual([2, -0, Infinity, Number.NaN]);
    expect([...results[2]!]).toEqual([2, -0, Infinity, Number.NaN]);
    expect([...results[5]!]).toEqual([1, 1, 1, 1]);
  });
  test("a power of a constant exponent with more dimensions than its base", () => {
    expect(check([[3]], (x) => x.pow([[2]])).compiled.program.outputs[0]!.shape).toEqual([1, 3]);
  });
  test("integers among floats do not wrap when factors are moved together", () => {
    const big = new Int32Array([100000]);
    expect([...check([[]], (x) => math.mul(big, x).mul(big).reshape([]), [[2]]).results[0]!]).toEqual([2e10]);
    const many = new Int32Array([100000, 3]);
    expect([...check([[]], (x) => math.mul(many, x).square(), [[2]]).results[0]!]).toEqual([4e10, 36]);
  });
});

describe("errors and what is left to the interpreter", () => {
  test("a variable of another call", () => {
    const [x, y] = variables([[2], [2]]) as [ReturnType<typeof variables>[0], ReturnType<typeof variables>[0]];
    expect(() => compile([wrap(x).add(wrap(y)).node], [x])).toThrow(
      /depends on the variable x1 made at .*check\.ts:\d+:\d+, which is not an argument/,
    );
  });
  test.each([
    ["empty tensors", [0], "float64", (x: Tensor) => x.exp(), /empty tensors are interpreted/],
    ["float32", [2], "float32", (x: Tensor) => x.exp(), /float32 is interpreted/],
    ["integer arithmetic", [2], "int32", (x: Tensor) => x.add(x.mul(2)), /integer arithmetic is interpreted/],
  ] as const)("%s", (_name, dims, dtype, f, message) => {
    const [x] = variables([dims], dtype) as [ReturnType<typeof variables>[0]];
    expect(() => compile([f(wrap(x)).node], [x])).toThrow(message);
  });
});
