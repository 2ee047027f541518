import { describe, expect, test } from "vitest";
import { grad, jvp, vjp } from "../../src/autodiff/grad.ts";
import { inputNode } from "../../src/compiler/node.ts";
import { tensor } from "../../src/tensor/create.ts";
import * as math from "../../src/tensor/math.ts";
import { gammaincinv } from "../../src/tensor/special.ts";
import { type Tensor, wrap } from "../../src/tensor/tensor.ts";

const traced = (shape: number[] = [], dtype: "float64" | "int32" = "float64"): Tensor =>
  wrap(inputNode(shape, dtype, "mu"));

const slope =
  (f: (x: Tensor) => Tensor) =>
  (x: Tensor): Tensor =>
    grad<Tensor>(f)(x);

describe("derivatives that cannot be taken", () => {
  test.each<[string, () => unknown, RegExp]>([
    [
      "an output that is no number",
      () => grad((x: Tensor) => x.square())([1, 2, 3]),
      /grad: the function returned shape \[3\]; a gradient is of one number.*sum\(\) or mean\(\), or use vjp/,
    ],
    [
      "an output that is no tensor",
      () => grad((() => undefined) as never)(1 as never),
      /A tensor was expected, got undefined/,
    ],
    [
      "an integer argument",
      () => grad((x: Tensor) => x.sum())(new Int32Array([1, 2])),
      /grad: leaf 0 of the first argument is int32; derivatives are taken of floats, cast it first/,
    ],
    [
      "a truth value among the leaves",
      () => grad((p: { a: Tensor; b: Tensor }) => p.a)({ a: 1, b: true }),
      /grad: leaf 1 of the first argument is bool/,
    ],
    [
      "something else among the leaves",
      () => grad((p: { a: Tensor }) => p.a)({ a: "1" as never }),
      /A tensor was expected, got the string "1"/,
    ],
    [
      "a cotangent of another shape",
      () => vjp((x: Tensor) => x.square(), [1, 2]).pullback([1]),
      /vjp: cotangent 0 has shape \[1\], \[2\] is wanted/,
    ],
    [
      "too few cotangents",
      () => vjp((x: Tensor) => [x, x], [1, 2]).pullback([[1, 2]] as never),
      /vjp: cotangent must be an array of 2, got keys 0/,
    ],
    [
      "a tangent of another shape",
      () => jvp((x: Tensor) => x, [1, 2], 1),
      /jvp: tangent 0 has shape \[\], \[2\] is wanted/,
    ],
    [
      "the third derivative of lgamma",
      () => grad(slope(slope(math.lgamma)))(2),
      /trigamma has no derivative: the third derivative of lgamma was asked for/,
    ],
    ["the same, forward", () => jvp(slope(slope(math.lgamma)), 2, 1), /trigamma has no derivative/],
    [
      "an argument without a derivative",
      () => grad((x: Tensor) => gammaincinv(x, 0.5))(2),
      /gammaincinv: the derivative with respect to argument 0 is not available.*stopGradient/,
    ],
  ])("%s", (_name, f, message) => {
    expect(f).toThrow(message);
  });
});

describe("values of traced tensors", () => {
  test("item names what made the tensor and the line", () => {
    const y = traced().mul(2);
    expect(() => y.item()).toThrow(
      /item\(\): a result of mul \(shape \[\], made at .*autodiff\/errors\.test\.ts:\d+:\d+\) has no value while the model is traced/,
    );
    expect(() => y.item()).toThrow(/where\(condition, a, b\) instead of `if`/);
  });
  test("so do data, toArray and comparisons", () => {
    const x = traced([2]);
    expect(() => x.exp().data).toThrow(/data: a result of exp \(shape \[2\], made at .*errors\.test\.ts/);
    expect(() => x.toArray()).toThrow(/toArray\(\): the tensor "mu" \(shape \[2\]/);
    expect(() => (traced().add(1) as unknown as number) > 0).toThrow(
      /operators and Math work on numbers, not on tensors: a result of add \(shape \[\], made at .*errors\.test\.ts/,
    );
    expect(() => +(traced() as unknown as number)).toThrow(/the tensor "mu"/);
  });
  test("a line is that of the forward operation, also for its adjoint", () => {
    const g = grad((x: Tensor) => math.lgamma(x).sum())(traced([2]));
    expect(g.node.origin?.line).toMatch(/autodiff\/errors\.test\.ts:\d+:\d+$/);
  });
  test("they still print", () => {
    expect(`${traced([2])}`).toBe("Tensor(traced, shape [2], float64)");
    expect(`${tensor([1, 2])}`).toBe("Tensor([1,2], shape [2], float64)");
  });
});
