import { describe, expect, test } from "vitest";
import { grad, hessian, jvp, valueAndGrad, vjp } from "../../src/autodiff/grad.ts";
import { compile } from "../../src/compiler/compile.ts";
import { inputNode } from "../../src/compiler/node.ts";
import { instantiate } from "../../src/compiler/program.ts";
import { tensor } from "../../src/tensor/create.ts";
import { cholesky, dot, logdet, matmul } from "../../src/tensor/linalg.ts";
import * as math from "../../src/tensor/math.ts";
import * as reduce from "../../src/tensor/reduce.ts";
import * as shape from "../../src/tensor/shape.ts";
import { isTensor, type Tensor, wrap } from "../../src/tensor/tensor.ts";

const scalarGrad = (f: (x: Tensor) => Tensor) => grad<Tensor>(f);
const nth = (f: (x: Tensor) => Tensor, n: number): ((x: Tensor) => Tensor) => (n === 0 ? f : nth(scalarGrad(f), n - 1));

describe("gradients", () => {
  test("of a polynomial", () => {
    expect(scalarGrad((x) => x.pow(3).add(x.mul(2)))(2).item()).toBe(14);
  });
  test("have the shape of the argument", () => {
    expect(
      scalarGrad((x) => x.square().sum())([
        [1, 2],
        [3, 4],
      ]).toArray(),
    ).toEqual([
      [2, 4],
      [6, 8],
    ]);
  });
  test("value and gradient at once", () => {
    const { value, grad: g } = valueAndGrad((w: Tensor) => w.square().sum())([1, 2]);
    expect([value.item(), g.toArray()]).toEqual([5, [2, 4]]);
  });
  test("an output of one element and some dimensions counts as a number", () => {
    expect(scalarGrad((x) => x.square().reshape([1, 1]))(3).item()).toBe(6);
  });
  test("are zero where nothing depends on the argument", () => {
    expect(scalarGrad(() => tensor(3))([1, 2]).toArray()).toEqual([0, 0]);
    expect(scalarGrad((x) => math.stopGradient(x).square().sum())([1, 2]).toArray()).toEqual([0, 0]);
  });
  test("pass further arguments on", () => {
    const f = grad((x: Tensor, scale: number, name: string) => x.mul(scale).mul(name.length));
    expect(f(2, 3, "ab").item()).toBe(6);
  });
  test("are plain values, without history", () => {
    const g = scalarGrad((x) => x.exp().sum())([0, 1]);
    expect(g.node.op.name).toBe("constant");
    expect(g.node.inputs).toEqual([]);
  });
  test("choose a branch by the values, eagerly", () => {
    const f = scalarGrad((x) => (x.item() > 0 ? x.square() : x.neg()));
    expect([f(3).item(), f(-3).item()]).toEqual([6, -1]);
    expect(scalarGrad((x) => ((x as unknown as number) > 1 ? x.mul(5) : x))(2).item()).toBe(5);
  });
  test("repeat with a loop whose length depends on the values", () => {
    const f = scalarGrad((x) => {
      let y = x;
      while (y.item() < 100) y = y.mul(x);
      return y;
    });
    expect(f(3).item()).toBe(5 * 3 ** 4);
  });
  test("at kinks: halves at ties, zero at the corner of abs", () => {
    expect(scalarGrad((x) => math.maximum(x, x.mul(1)))(2).item()).toBe(1);
    expect(scalarGrad((x) => math.maximum(x, 2))(2).item()).toBe(0.5);
    expect(scalarGrad((x) => math.abs(x))(0).item()).toBe(0);
    expect(scalarGrad((x) => x.max())([3, 1, 3]).toArray()).toEqual([0.5, 0, 0.5]);
  });
  test("of a product with zeros among the factors", () => {
    expect(scalarGrad((x) => x.prod())([2, 0, 5]).toArray()).toEqual([0, 10, 0]);
    expect(scalarGrad((x) => x.prod())([2, 0, 0]).toArray()).toEqual([0, 0, 0]);
  });
  test("do not let in an infinite derivative from the side that where does not take", () => {
    const f = scalarGrad((x) =>
      math.where(math.greater(x, 0), math.log(math.where(math.greater(x, 0), x, 1)), 0).sum(),
    );
    expect(f([0, 2]).toArray()).toEqual([0, 0.5]);
    expect(scalarGrad((x) => math.where(math.greater(x, 0), x.sqrt(), 0).sum())([4]).toArray()).toEqual([0.25]);
  });
  test("of x^y at 0, and of x^0", () => {
    expect(scalarGrad((x) => math.pow(x, [0, 1, 2]).sum())(0).item()).toBe(1);
    expect(scalarGrad((x) => x.pow(0))(0).item()).toBe(0);
    expect(scalarGrad((y) => math.pow(0, y))(2).item()).toBe(0);
  });
  test("of an expression with integers and truth values in it", () => {
    const counts = new Int32Array([2, 3]);
    expect(scalarGrad((x) => x.mul(counts).sum())([1, 1]).toArray()).toEqual([2, 3]);
    expect(scalarGrad((x) => math.mul(math.greater(x, 1), x).sum())([0.5, 2]).toArray()).toEqual([0, 1]);
    expect(scalarGrad((x) => math.cast(math.cast(x, "int32"), "float64").sum())([2.5]).toArray()).toEqual([0]);
  });
  test("of float32 stay float32", () => {
    const x = tensor(new Float32Array([1, 2]));
    const { value, grad: g } = valueAndGrad((y: Tensor) => y.square().mul(0.5).sum())(x);
    expect([value.dtype, g.dtype, g.toArray()]).toEqual(["float32", "float32", [1, 2]]);
  });
});

describe("trees", () => {
  test("objects and arrays, at any depth, numbers or nested arrays at the leaves", () => {
    interface Parameters {
      weights: [Tensor, Tensor];
      offset: { inner: Tensor };
    }
    const g = grad((p: Parameters) => p.weights[0].square().sum().add(p.weights[1].mul(3).sum()).mul(p.offset.inner))({
      weights: [[1, 2] as never, tensor([[1], [1]]) as never],
      offset: { inner: 2 as never },
    });
    expect(g.weights[0].toArray()).toEqual([4, 8]);
    expect(g.weights[1].toArray()).toEqual([[6], [6]]);
    expect(g.offset.inner.item()).toBe(11);
  });
  test("leaves that are not used have a gradient of zeros", () => {
    const g = grad((p: { a: Tensor; b: Tensor }) => p.a.sum())({ a: [1], b: [[1, 2]] });
    expect(g.b.toArray()).toEqual([[0, 0]]);
  });
  test("outputs of vjp and jvp", () => {
    const f = (x: Tensor): { s: Tensor; parts: Tensor[] } => ({ s: x.sum(), parts: [x.mul(2), x.square()] });
    const { value, pullback } = vjp(f, [1, 2]);
    expect(value.parts[1]!.toArray()).toEqual([1, 4]);
    expect(
      pullback({
        s: 1,
        parts: [
          [1, 0],
          [0, 1],
        ],
      }).toArray(),
    ).toEqual([3, 5]);
    const { tangent } = jvp(f, [1, 2], [1, -1]);
    expect([tangent.s.item(), tangent.parts[1]!.toArray()]).toEqual([0, [2, -4]]);
  });
  test("an output that does not move has a tangent of zeros of its shape", () => {
    const { tangent } = jvp((x: Tensor) => [x, tensor([[1, 2]])], [1], [1]);
    expect(tangent[1]!.toArray()).toEqual([[0, 0]]);
  });
  test("a pullback can be used many times", () => {
    const { pullback } = vjp((x: Tensor) => x.square(), [1, 2]);
    expect([pullback([1, 0]).toArray(), pullback([0, 1]).toArray()]).toEqual([
      [2, 0],
      [0, 4],
    ]);
  });
});

describe("nesting", () => {
  test("d/dx [x · d/dy (x + y)] = 1: perturbations are not confused", () => {
    expect(scalarGrad((x) => x.mul(scalarGrad((y) => x.add(y))(1)))(1).item()).toBe(1);
    const forward = jvp((x: Tensor) => x.mul(jvp((y: Tensor) => x.add(y), 1, 1).tangent), 1, 1);
    expect(forward.tangent.item()).toBe(1);
  });
  test("an inner derivative that is an outer variable", () => {
    expect(scalarGrad((x) => scalarGrad((y) => x.mul(y))(1))(3).item()).toBe(1);
    expect(jvp((x: Tensor) => scalarGrad((y) => x.mul(y))(1), 3, 1).tangent.item()).toBe(1);
    expect(scalarGrad((x) => jvp((y: Tensor) => x.square().mul(y), 1, 1).tangent)(3).item()).toBe(6);
  });
  test("three levels, each with the variables of the others", () => {
    // d/dx d/dy d/dz (x² y³ z⁴) at (2, 3, 1)
    const f = scalarGrad((x) => scalarGrad((y) => scalarGrad((z) => x.pow(2).mul(y.pow(3)).mul(z.pow(4)))(1))(3));
    expect(f(2).item()).toBe(2 * 2 * 3 * 9 * 4);
  });
  test("an inner value that is used outside", () => {
    const f = scalarGrad((x) => {
      const { value, grad: g } = valueAndGrad((y: Tensor) => y.square().mul(x))(x);
      return value.add(g);
    });
    // x³ + 2x²
    expect(f(2).item()).toBe(3 * 4 + 4 * 2);
  });
  test("a finished inner derivative is a number to the next one", () => {
    const f = scalarGrad((x) => {
      const slope = scalarGrad((y) => y.square())(5);
      return scalarGrad((z) => z.mul(slope).mul(x))(1);
    });
    expect(f(3).item()).toBe(10);
  });
  test("an outer variable beside a stopped one", () => {
    expect(scalarGrad((x) => x.mul(math.stopGradient(x)))(3).item()).toBe(3);
    expect(jvp((x: Tensor) => x.mul(math.stopGradient(x)), 3, 1).tangent.item()).toBe(3);
  });
  test.each([
    ["exp", (x: Tensor) => x.exp(), [1, 1, 1, 1, 1]],
    ["log(1 + x)", (x: Tensor) => math.log1p(x), [0, 1, -1, 2, -6]],
    ["sin", (x: Tensor) => math.sin(x), [0, 1, 0, -1, 0]],
    ["tanh", (x: Tensor) => x.tanh(), [0, 1, 0, -2, 0]],
    ["1 / (1 + x)", (x: Tensor) => math.reciprocal(x.add(1)), [1, -1, 2, -6, 24]],
    ["(1 + x)^2.5", (x: Tensor) => x.add(1).pow(2.5), [1, 2.5, 3.75, 1.875, -0.9375]],
    ["softplus", (x: Tensor) => math.softplus(x), [Math.LN2, 0.5, 0.25, 0, -0.125]],
    ["erf", (x: Tensor) => math.erf(x), [0, 2 / Math.sqrt(Math.PI), 0, -4 / Math.sqrt(Math.PI), 0]],
  ] as const)("derivatives up to the fourth of %s at 0", (_name, f, expected) => {
    expected.forEach((value, n) => expect(nth(f, n)(tensor(0)).item()).toBeCloseTo(value, 12));
  });
  test("forward over forward, and reverse over forward", () => {
    const f = (x: Tensor): Tensor => x.pow(4);
    const first = (x: Tensor): Tensor => jvp(f, x, 1).tangent;
    expect(jvp(first, 2, 1).tangent.item()).toBe(48);
    expect(scalarGrad(first)(2).item()).toBe(48);
  });
});

describe("hessians", () => {
  test("of a quadratic form", () => {
    const a = [
      [2, 1],
      [0, 3],
    ];
    expect(hessian((x) => dot(x, matmul(a, x)))([1, -1]).toArray()).toEqual([
      [4, 1],
      [1, 6],
    ]);
  });
  test("of a logistic regression: Xᵀ diag(p(1 − p)) X", () => {
    const x = [
      [1, 0.5],
      [1, -1],
      [1, 2],
      [1, 0.1],
    ];
    const y = [1, 0, 1, 0];
    const beta = [0.3, -0.7];
    const h = hessian((b) => {
      const eta = matmul(x, b);
      return math.softplus(eta).sub(eta.mul(y)).sum();
    })(beta).toArray() as number[][];
    const expected = [
      [0, 0],
      [0, 0],
    ];
    for (const row of x) {
      const p = 1 / (1 + Math.exp(-(row[0]! * beta[0]! + row[1]! * beta[1]!)));
      for (const i of [0, 1]) for (const j of [0, 1]) expected[i]![j]! += p * (1 - p) * row[i]! * row[j]!;
    }
    for (const i of [0, 1]) for (const j of [0, 1]) expect(h[i]![j]).toBeCloseTo(expected[i]![j]!, 13);
  });
  test("of log det: −A⁻¹ ⊗ A⁻¹ on the diagonal", () => {
    const h = hessian((d) =>
      logdet(
        math
          .mul(d, [
            [1, 0],
            [0, 1],
          ])
          .add([
            [1, 0.5],
            [0.5, 1],
          ]),
      ),
    )([1, 2]).toArray() as number[][];
    // A = [[2, .5], [.5, 3]], det 5.75
    const inverse = [
      [3 / 5.75, -0.5 / 5.75],
      [-0.5 / 5.75, 2 / 5.75],
    ];
    for (const i of [0, 1]) for (const j of [0, 1]) expect(h[i]![j]).toBeCloseTo(-(inverse[i]![j]! ** 2), 12);
  });
  test("have the shape of the argument twice; of nothing, nothing", () => {
    expect(hessian((x) => x.pow(3).sum())([[1, 2]]).shape).toEqual([1, 2, 1, 2]);
    expect(hessian((x) => x.sum())(tensor(new Float64Array(0))).shape).toEqual([0, 0]);
    expect(hessian((x) => x.square())(3).item()).toBe(2);
  });
});

describe("while tracing", () => {
  test("gradients of gradients compile to what they are eagerly", () => {
    const f = (x: Tensor): Tensor => {
      const g = grad((y: Tensor) => reduce.logsumexp(y.square()).add(y.prod()))(x);
      return grad((y: Tensor) => dot(math.stopGradient(g), y.exp()).mul(y.at(0)))(x);
    };
    const x = inputNode([3], "float64", "x");
    const { program } = compile([f(wrap(x)).node], [x]);
    const instance = instantiate(program);
    instance.inputs[0]!.set([0.3, -0.5, 0.8]);
    instance.run();
    const eager = f(tensor([0.3, -0.5, 0.8]));
    Array.from(eager.data).forEach((y, i) => expect(instance.outputs[0]![i]).toBeCloseTo(y, 13));
  });
  test("a Cholesky factor, its solve and a gather in one function", () => {
    const f = (x: Tensor): Tensor => {
      const distance = x.expandDims(1).sub(x).square();
      const l = cholesky(
        distance
          .mul(-0.5)
          .exp()
          .add(
            math.mul(0.1, [
              [1, 0, 0],
              [0, 1, 0],
              [0, 0, 1],
            ]),
          ),
      );
      return math.log(shape.take(l.reshape([9]), [0, 4, 8])).sum();
    };
    const h = 1e-5;
    const g = grad(f)([0.1, 0.9, 2]).toArray() as number[];
    g.forEach((slope, i) => {
      const moved = (t: number): number => f(tensor([0.1, 0.9, 2].map((v, j) => v + (i === j ? t : 0)))).item();
      expect(slope).toBeCloseTo((moved(h) - moved(-h)) / (2 * h), 8);
    });
  });
  test("results of a trace are tensors without values", () => {
    const x = wrap(inputNode([2], "float64", "x"));
    const g = grad((y: Tensor) => y.square().sum())(x);
    expect(isTensor(g)).toBe(true);
    expect(() => g.data).toThrow(/has no value while the model is traced/);
  });
});
