import { cast, exp, grad, greater, jit, special, sum, type Tensor, tensor, valueAndGrad, where } from "lapilli";
import { describe, expect, it } from "vitest";

describe("jit", () => {
  it("gives what the function gives, traced once for each shape", () => {
    let traces = 0;
    const f = jit((w: Tensor, batch: { x: Tensor; y: Tensor }) => {
      traces++;
      return batch.x.matmul(w).sub(batch.y).square().sum();
    });
    expect(
      f([1, 2], {
        x: [
          [3, 4],
          [5, 6],
        ],
        y: [10, 17],
      }).item(),
    ).toBe(1);
    expect(
      f([0, 1], {
        x: [
          [1, 1],
          [2, 2],
        ],
        y: [0, 0],
      }).item(),
    ).toBe(5);
    expect(traces).toBe(1);
    expect(f([1, 2], { x: [[3, 4]], y: [10] }).item()).toBe(1);
    expect(traces).toBe(2);
  });

  it("compiles value and gradient together, and nests inside grad", () => {
    const loss = (w: Tensor, x: Tensor): Tensor => exp(x.matmul(w)).sum();
    const step = jit((w: Tensor, x: Tensor) => valueAndGrad(loss)(w, x));
    const { value, grad: g } = step(
      [0.5, -1],
      [
        [1, 2],
        [0, 1],
      ],
    );
    const plain = valueAndGrad(loss)(
      [0.5, -1],
      tensor([
        [1, 2],
        [0, 1],
      ]),
    );
    expect(value.item()).toBeCloseTo(plain.value.item(), 14);
    expect(g.toArray()).toEqual(plain.grad.toArray());
    expect(grad((x: Tensor) => jit((y: Tensor) => y.mul(y))(x))(3).item()).toBe(6);
  });

  it("lets derivatives through to what it closes over", () => {
    const f = (w: Tensor): Tensor => jit((x: Tensor) => x.mul(w.square()))(3);
    expect(grad(f)(2).item()).toBe(12);
    expect(grad((w: Tensor) => grad(f)(w))(2).item()).toBe(6);
  });

  it("keeps dtypes and trees, and hands out copies", () => {
    const f = jit((x: Tensor) => ({
      positive: greater(x, 0),
      twice: [x.mul(2)] as const,
      n: cast(greater(x, 0), "int32").sum(),
    }));
    const first = f([1, -1, 2]);
    const second = f([-1, -1, -1]);
    expect(first.positive.toArray()).toEqual([true, false, true]);
    expect(first.twice[0].toArray()).toEqual([2, -2, 4]);
    expect([first.n.dtype, first.n.item(), second.n.item()]).toEqual(["int32", 2, 0]);
  });

  it("interprets what has no compiled form", () => {
    const f = jit((x: Tensor) => special.gammainc(2, x));
    expect(f(1.5).item()).toBeCloseTo(0.4421745996289254, 14);
  });

  it("refuses functions that read values, naming the line", () => {
    const f = jit((x: Tensor) => (x.item() > 0 ? x : x.neg()));
    expect(() => f(1)).toThrow(/has no value while the model is traced.*\n?.*where\(condition/s);
    expect(jit((x: Tensor) => where(greater(x, 0), x, x.neg()))(-2).item()).toBe(2);
    expect(sum(jit((x: Tensor) => x)([1, 2])).item()).toBe(3);
  });
});
