/** Derivatives that would be lost or wrong without a word. */
import {
  cholesky,
  concat,
  dist,
  exp,
  grad,
  greater,
  hessian,
  jit,
  jvp,
  less,
  log,
  prod,
  square,
  sum,
  type Tensor,
  take,
  tensor,
  valueAndGrad,
  whileLoop,
} from "lapilli";
import { describe, expect, it } from "vitest";

describe("a function that leaves tensors for numbers", () => {
  const says = "the result does not depend on the argument, whose value was read as a number";
  it("is refused when nothing is left of the argument", () => {
    expect(() => grad((x: Tensor) => tensor(Math.sin(x.item())))(1)).toThrow(says);
    expect(() => grad((x: Tensor) => tensor(x.data).square().sum())([1, 2])).toThrow(says);
    expect(() => grad((x) => (x as never as number) * (x as never as number))(3)).toThrow(says);
    expect(() => valueAndGrad((x) => Math.exp(x as never as number))(1)).toThrow(says);
    expect(() => hessian((x) => (x as never as number) ** 2)(2)).toThrow(says);
    expect(() => jvp((x) => tensor((x as never as number) * 2), 2, 1)).toThrow(says);
  });
  it("may look at values to decide", () => {
    expect(grad((x) => ((x as never as number) > 0 ? x.square() : x))(3).item()).toBe(6);
    expect(grad(() => tensor(4))(3).item()).toBe(0);
  });
});

describe("the algebra of derivatives", () => {
  it("gives products second derivatives where elements are zero", () => {
    expect(hessian((x) => prod(x))([0, 2, 3]).toArray()).toEqual([
      [0, 3, 2],
      [3, 0, 0],
      [2, 0, 0],
    ]);
    expect(grad((x) => prod(x))([0, 2, 0, 3]).toArray()).toEqual([0, 0, 0, 0]);
    expect(
      grad((x) => sum(prod(x, 1)))([
        [1, 2, 3],
        [4, 5, 6],
      ]).toArray(),
    ).toEqual([
      [6, 3, 2],
      [30, 24, 20],
    ]);
  });
  it("keeps elements that nobody reads out of the gradient", () => {
    expect(grad((t) => sum(log(take(t, [0, 0, 0]))))([1, 0]).toArray()).toEqual([3, 0]);
    expect(grad((t) => sum(exp(take(t, [1, 1, 1]))))([1000, 0]).toArray()).toEqual([0, 3]);
  });
  it("does not take pieces of another shape for slices", () => {
    const f = (x: Tensor) => concat([x.at(0).expandDims(1), x.at(1).expandDims(1)], 0);
    const x = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(f(x).shape).toEqual([6, 1]);
    expect(grad((y: Tensor) => sum(f(y).mul([[1], [2], [3], [4], [5], [6]])))(x).toArray()).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
  });
  it("counts truth values, and leaves infinite data alone", () => {
    expect(
      grad((x) =>
        sum(greater(square(x), 0))
          .mul(x)
          .sum(),
      )([1, 2]).toArray(),
    ).toEqual([2, 2]);
    const value = valueAndGrad((x) => sum(tensor([Number.NEGATIVE_INFINITY, 1, 2]).add(x)))(1);
    expect(value.value.item()).toBe(Number.NEGATIVE_INFINITY);
    expect(value.grad.item()).toBe(3);
  });
});

describe("checks of the library", () => {
  it("read no values of the user's function", () => {
    const f = (x: Tensor): Tensor => dist.Uniform(-1, 3).logProb(x);
    expect(grad(f)(1).item()).toBe(0);
    expect(hessian(f)(1).item()).toBe(0);
    expect(
      grad((a: Tensor) =>
        cholesky(
          a.mul(0).add([
            [2, 1],
            [1, 2],
          ]),
        )
          .sum()
          .mul(0),
      )([
        [1, 2],
        [3, 4],
      ]).toArray(),
    ).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(
      grad((a: Tensor) => {
        cholesky(a);
        return tensor(1);
      })([
        [2, 1],
        [1, 2],
      ]).toArray(),
    ).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });
});

describe("a loop that does not end within its steps", () => {
  it("says so in everything it carries", () => {
    expect(() =>
      whileLoop(
        (c: Tensor) => less(c, 10),
        (c: Tensor) => c,
        tensor(1),
        { maxSteps: 5 },
      ),
    ).toThrow("still holds after 5 steps");
    const both = jit((n: Tensor, c: Tensor) =>
      whileLoop(
        ([i]: readonly [Tensor, Tensor]) => less(i, 10),
        ([i, k]: readonly [Tensor, Tensor]) => [i.add(1), k],
        [n, c] as const,
        { maxSteps: 5 },
      ),
    );
    const [i, k] = both(0, 7) as unknown as [Tensor, Tensor];
    expect([i.item(), k.item()]).toEqual([Number.NaN, Number.NaN]);
  });
});
