/** What holds for every function with a loop inside. */
import { expect, test } from "vitest";
import { grad, hessian, jvp } from "../../src/autodiff/grad.ts";
import { fromData, type Tensor } from "../../src/tensor/tensor.ts";
import { check } from "../compiler/check.ts";
import { type LoopCase, loopCases } from "./loopCases.ts";

const close = (actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void => {
  expect(actual.length).toBe(expected.length);
  const scale = Math.max(1, ...Array.from(expected, Math.abs));
  for (let i = 0; i < actual.length; i++) expect(Math.abs(actual[i]! - expected[i]!)).toBeLessThan(tolerance * scale);
};

const unit = (n: number, i: number): Float64Array => Float64Array.from({ length: n }, (_, j) => (i === j ? 1 : 0));
/** Central differences of a function of the case's point. */
const differences = (c: LoopCase, f: (x: Tensor) => number): number[] =>
  c.at.slice(0, 6).map((_, i) => {
    const h = 1e-5;
    const moved = (by: number): Tensor =>
      fromData(
        Float64Array.from(c.at, (v, j) => (i === j ? v + by : v)),
        c.shape,
      );
    return (f(moved(h)) - f(moved(-h))) / (2 * h);
  });

export function describeLoops(compiledOnly: boolean): void {
  for (const c of loopCases) {
    const point = fromData(Float64Array.from(c.at), c.shape);
    const n = c.at.length;
    test(`${c.name}: compiled = interpreted, to second derivatives`, () => {
      const along = (x: Tensor): Tensor =>
        grad(c.f)(x)
          .mul(fromData(unit(n, 0), c.shape))
          .sum();
      check([c.shape], (x) => [c.f(x), grad(c.f)(x), grad(along)(x)], [c.at]);
    });
    if (compiledOnly) continue;
    test(`${c.name}: reverse = forward = differences`, () => {
      const slope = grad(c.f)(point).data;
      const forward = Array.from({ length: n }, (_, i) =>
        jvp(c.f, point, fromData(unit(n, i), c.shape)).tangent.item(),
      );
      close(forward, slope, 1e-12);
      close(
        slope.slice(0, 6),
        differences(c, (x) => c.f(x).item()),
        1e-7,
      );
    });
    if (n > 10) continue;
    test(`${c.name}: second derivatives, in both ways`, () => {
      const first = (x: Tensor): Tensor =>
        grad(c.f)(x)
          .mul(fromData(unit(n, 0), c.shape))
          .sum();
      const row = grad(first)(point).data;
      close(hessian(c.f)(point).data.slice(0, n), row, 1e-11);
      close(
        row.slice(0, 6),
        differences(c, (x) => first(x).item()),
        1e-6,
      );
    });
  }
}
